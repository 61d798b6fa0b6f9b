"""Short ways to write policies and ask about them, for the tests of the evaluator."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from iam.context import Context
from iam.decision import Decision
from iam.document import Policy, PolicyKind, parse
from iam.evaluate import Policies, decide
from iam.principal import Principal
from iam.request import Request

ACCOUNT, OTHER = "111122223333", "444455556666"
USER = f"arn:aws:iam::{ACCOUNT}:user/exampleuser"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/examplerole"
SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/examplerole/examplerolesessionname"
ROOT = f"arn:aws:iam::{ACCOUNT}:root"
OTHER_USER = f"arn:aws:iam::{OTHER}:user/bob"
SECRET = f"arn:aws:secretsmanager:us-east-1:{ACCOUNT}:secret:s-AbCdEf"
KEY = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"


def statement(effect: str = "Allow", action: Any = "*", resource: Any = "*", **more: Any) -> dict[str, Any]:
    given = {"Effect": effect, "Action": action, "Resource": resource, **more}
    return {element: value for element, value in given.items() if value is not None}


def document(*statements: Mapping[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def identity(*statements: Mapping[str, Any], name: str = "identity") -> Policy:
    return parse(document(*statements), PolicyKind.IDENTITY, name=name)


def resource(*statements: Mapping[str, Any]) -> Policy:
    return parse(document(*statements), PolicyKind.RESOURCE, name="resource")


def trust(*statements: Mapping[str, Any]) -> Policy:
    return parse(document(*statements), PolicyKind.TRUST, name="trust")


def ask(
    who: str | Principal,
    action: str,
    on: str,
    policies: Policies,
    context: Mapping[str, Any] | None = None,
    **more: Any,
) -> Decision:
    principal = who if isinstance(who, Principal) else Principal.parse(who)
    request = Request(principal=principal, action=action, resource=on, given=Context(context), **more)
    return decide(request, policies)


def applies(
    condition: Mapping[str, Any], context: Mapping[str, Any], *, version: str = "2012-10-17", who: str = USER
) -> bool:
    """Whether a statement with `condition` covers a request with `context`."""
    raw = {"Version": version, "Statement": [statement(Condition=condition)]}
    return ask(who, "s3:GetObject", "*", Policies(identity=(parse(raw, PolicyKind.IDENTITY),)), context).allowed
