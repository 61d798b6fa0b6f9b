"""May a service invoke a function: the function's resource policy, read as AWS reads it for a service principal.

Source: https://docs.aws.amazon.com/lambda/latest/dg/access-control-resource-based.html. Conditions understood here are
those that AddPermission writes: AWS:SourceAccount and AWS:SourceArn; any other condition denies.
"""

import fnmatch
from collections.abc import Mapping, Sequence
from typing import Any


def service_may_invoke(
    policy: Sequence[Mapping[str, Any]], *, service: str, account: str, source_arn: str | None
) -> bool:
    """True when a statement allows the service principal, and none denies it."""
    effects = {
        statement.get("Effect")
        for statement in policy
        if _names_service(statement, service) and _meets(statement.get("Condition") or {}, account, source_arn)
    }
    return "Allow" in effects and "Deny" not in effects


def _names_service(statement: Mapping[str, Any], service: str) -> bool:
    principal = statement.get("Principal")
    services = principal.get("Service", []) if isinstance(principal, Mapping) else []
    actions = statement.get("Action", [])
    return service in _listed(services) and any(
        fnmatch.fnmatchcase("lambda:invokefunction", str(action).lower()) for action in _listed(actions)
    )


def _meets(condition: Mapping[str, Mapping[str, Any]], account: str, source_arn: str | None) -> bool:
    for operator, keys in condition.items():
        for key, wanted in keys.items():
            actual = {"aws:sourceaccount": account, "aws:sourcearn": source_arn}.get(key.lower())
            if actual is None or operator.lower() not in {"stringequals", "arnlike", "arnequals", "stringlike"}:
                return False
            if not any(fnmatch.fnmatchcase(actual, str(pattern)) for pattern in _listed(wanted)):
                return False
    return True


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
