"""What a role may do to a secret at most, read off the documents that decide it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

from catalog import derive, names
from catalog.access.roles import Role
from catalog.access.secret import secret_policy
from catalog.access.statement import Policy
from catalog.environment import Environment
from catalog.model import Secret

_PRINCIPAL = "aws:PrincipalArn"


def may(environment: Environment, role: Role, action: str, secret: Secret) -> bool:
    """Whether some request of `role` for `action` on `secret` is allowed.

    An Allow's condition is taken to hold, as the request may be made so that it does. A Deny counts where nothing but
    the principal decides whether it holds. So this is the most that a role can do, and never less.
    """
    arn = derive.secret_arn(environment, secret).replace(derive.ANY_SUFFIX, "-AbCdEf")
    who = names.role_arn(environment, role.what)
    documents = (role.policy, role.boundary)
    denials = (*documents, secret_policy(environment, secret))
    return all(_says("Allow", action, arn, who, [document]) for document in documents) and not _says(
        "Deny", action, arn, who, denials
    )


def _says(effect: str, action: str, arn: str, who: str, documents: Iterable[Policy]) -> bool:
    return any(
        statement["Effect"] == effect
        and _matches(action.lower(), [one.lower() for one in _listed(statement["Action"])])
        and _matches(arn, _listed(statement["Resource"]))
        and (effect == "Allow" or _always(statement.get("Condition", {}), who))
        for document in documents
        for statement in _statements(document)
    )


def _always(condition: Mapping[str, Mapping[str, Any]], who: str) -> bool:
    """Whether the condition holds for every request of a session of the role `who`."""
    return all(
        (operator == "ArnNotEquals" and key == _PRINCIPAL and who not in _listed(values))
        or (operator == "BoolIfExists" and key == "aws:PrincipalIsAWSService" and values == "false")
        for operator, keys in condition.items()
        for key, values in keys.items()
    )


def _matches(text: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(text, pattern) for pattern in patterns)


def _statements(document: Policy) -> Iterator[Mapping[str, Any]]:
    found = document["Statement"]
    assert isinstance(found, list)
    yield from found


def _listed(value: object) -> list[str]:
    return [str(one) for one in value] if isinstance(value, list) else [str(value)]
