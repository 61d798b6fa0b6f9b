"""Resource policies: syntax, and whether one grants broad access. Pure.

AWS decides the second with Zelkova; here a statement is public when it allows any principal without a condition that
narrows who that is. Sources: https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_PutResourcePolicy.html,
IAM/latest/UserGuide/reference_policies_grammar.html.
"""

import json
from collections.abc import Iterator
from typing import Any

from iam.document import PolicyKind
from sandbox.aws.access.documents import problem
from sandbox.aws.errors import AwsError

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
    """What is wrong with the document, nothing when it is one for a secret."""
    wrong = problem(text, PolicyKind.RESOURCE)
    if wrong is not None:
        yield wrong
        return
    for statement in _listed(json.loads(text)["Statement"]):
        for action in _listed(statement.get("Action", statement.get("NotAction"))):
            if action != "*" and not action.lower().startswith("secretsmanager:"):
                yield f"This resource policy has an Action that is not of secretsmanager: {action}."


def is_public(text: str) -> bool:
    """True when some statement allows any principal and nothing narrows it."""
    return any(_grants_anyone(statement) for statement in _listed(json.loads(text).get("Statement")))


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
