"""Who made a call, as the event's userIdentity says. Pure.

Source: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from iam.principal import PrincipalKind
from sandbox.aws.caller import Caller


def moment(at: float) -> str:
    """A time as events write it, such as 2026-11-24T09:30:00Z."""
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%M:%SZ}"


def user_identity(caller: Caller | None, account: str) -> dict[str, Any]:
    """Who made the call, as the event's userIdentity says."""
    if caller is None or caller.principal.kind is PrincipalKind.ANONYMOUS:
        return {"type": "AWSAccount", "principalId": "", "accountId": "ANONYMOUS_PRINCIPAL"}  # unverified
    if caller.principal.kind is PrincipalKind.SERVICE:
        return {"type": "AWSService", "invokedBy": caller.service or caller.principal.arn}
    who: dict[str, Any] = {
        "type": _TYPES.get(caller.principal.kind, "Unknown"),
        "principalId": caller.id,
        "arn": caller.principal.arn,
        "accountId": caller.principal.account or account,
    }
    if caller.access_key:
        who["accessKeyId"] = caller.access_key
    if caller.user_name is not None:
        who["userName"] = caller.user_name
    session = caller.session
    if session is not None:
        attributes = {"creationDate": moment(session.issued), "mfaAuthenticated": "true" if session.mfa else "false"}
        who["sessionContext"] = {"attributes": attributes}
        if caller.principal.kind is PrincipalKind.ROLE_SESSION:
            who["sessionContext"]["sessionIssuer"] = {
                "type": "Role",
                "principalId": session.issuer_id,
                "arn": session.issuer_arn,
                "accountId": caller.principal.account or account,
                "userName": session.issuer_name,
            }
        if session.source_identity is not None:
            who["sessionContext"]["sourceIdentity"] = session.source_identity
    if caller.service is not None:
        who["invokedBy"] = caller.service
    return who


_TYPES = {
    PrincipalKind.ROOT: "Root",
    PrincipalKind.USER: "IAMUser",
    PrincipalKind.ROLE: "Role",
    PrincipalKind.ROLE_SESSION: "AssumedRole",
    PrincipalKind.FEDERATED_USER: "FederatedUser",
    PrincipalKind.FEDERATED: "WebIdentityUser",
}


def username(who: dict[str, Any]) -> str:
    """The Username of LookupEvents: a user's name, the name of a role's session, or `root`; empty for a service."""
    if "userName" in who:
        return str(who["userName"])
    return str(who.get("arn", "")).replace(":", "/").rsplit("/", 1)[-1]
