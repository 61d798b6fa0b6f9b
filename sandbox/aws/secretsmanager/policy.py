"""Resource policies: syntax, and whether one grants broad access. Pure.

AWS decides the second with Zelkova; here a statement is public when it allows any principal without a condition that
narrows who that is. Sources: https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_PutResourcePolicy.html,
IAM/latest/UserGuide/reference_policies_grammar.html.
"""

import json
from collections.abc import Iterator
from typing import Any

from sandbox.aws.errors import AwsError

_VERSIONS = {"2012-10-17", "2008-10-17"}
_ELEMENTS = {
    "Sid",
    "Effect",
    "Principal",
    "NotPrincipal",
    "Action",
    "NotAction",
    "Resource",
    "NotResource",
    "Condition",
}
_NARROWING_KEYS = {
    "aws:principalaccount",
    "aws:principalarn",
    "aws:principalorgid",
    "aws:principalorgpaths",
    "aws:sourceaccount",
    "aws:sourcearn",
    "aws:sourceorgid",
    "aws:sourceip",
    "aws:sourcevpc",
    "aws:sourcevpce",
    "aws:userid",
}
_NARROWING_OPERATORS = {
    "stringequals",
    "stringequalsignorecase",
    "stringlike",
    "arnequals",
    "arnlike",
    "ipaddress",
    "foranyvalue:stringequals",
    "foranyvalue:stringlike",
}


def check_syntax(text: str) -> None:
    """Refuse what is no resource policy, with MalformedPolicyDocumentException."""
    problem = next(syntax_problems(text), None)
    if problem is not None:
        raise AwsError("MalformedPolicyDocumentException", problem)


def check_not_public(text: str) -> None:
    """Refuse a policy that grants broad access, as BlockPublicPolicy asks."""
    if is_public(text):
        raise AwsError("PublicPolicyException", "This resource policy allows broad access to your secret.")


def syntax_problems(text: str) -> Iterator[str]:
    """What is wrong with the document, nothing when it is well formed."""
    try:
        document = json.loads(text)
    except ValueError:
        yield "This resource policy contains invalid Json."
        return
    if not isinstance(document, dict) or document.get("Version", "2008-10-17") not in _VERSIONS:
        yield "This resource policy has no valid Version."
        return
    unknown = set(document) - {"Version", "Id", "Statement"}
    if unknown:
        yield f"This resource policy has unknown elements: {', '.join(sorted(unknown))}."
    statements = _listed(document.get("Statement"))
    if not statements:
        yield "This resource policy has no Statement."
    for statement in statements:
        yield from _statement_problems(statement)


def is_public(text: str) -> bool:
    """True when some statement allows any principal and nothing narrows it."""
    return any(_grants_anyone(statement) for statement in _listed(json.loads(text).get("Statement")))


def _statement_problems(statement: Any) -> Iterator[str]:
    if not isinstance(statement, dict):
        yield "This resource policy has a Statement that is no object."
        return
    unknown = set(statement) - _ELEMENTS
    if unknown:
        yield f"This resource policy has unknown elements: {', '.join(sorted(unknown))}."
    if statement.get("Effect") not in {"Allow", "Deny"}:
        yield "This resource policy has a Statement whose Effect is neither Allow nor Deny."
    for plain in ("Principal", "Action", "Resource"):
        if (plain in statement) == (f"Not{plain}" in statement):
            yield f"This resource policy needs exactly one of {plain} and Not{plain} in each Statement."
    for action in _listed(statement.get("Action", statement.get("NotAction"))):
        if not isinstance(action, str) or (action != "*" and not action.lower().startswith("secretsmanager:")):
            yield "This resource policy has an Action that is not of secretsmanager."
    principal = statement.get("Principal", statement.get("NotPrincipal", "*"))
    if principal != "*" and not (
        isinstance(principal, dict) and principal and set(principal) <= {"AWS", "Service", "Federated", "CanonicalUser"}
    ):
        yield "This resource policy contains an unsupported principal."
    if not isinstance(statement.get("Condition", {}), dict):
        yield "This resource policy has a Condition that is no object."


def _grants_anyone(statement: dict[str, Any]) -> bool:
    if statement.get("Effect") != "Allow":
        return False
    if "NotPrincipal" in statement:
        return True
    principal = statement.get("Principal")
    anyone = principal == "*" or (isinstance(principal, dict) and "*" in _listed(principal.get("AWS")))
    return anyone and not _narrows(statement.get("Condition", {}))


def _narrows(condition: dict[str, Any]) -> bool:
    return any(
        key.lower() in _NARROWING_KEYS and all(value not in {"*", "0.0.0.0/0", "::/0"} for value in _listed(values))
        for operator, keys in condition.items()
        if operator.lower() in _NARROWING_OPERATORS
        for key, values in keys.items()
    )


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
