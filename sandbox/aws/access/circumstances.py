"""The global condition keys of a request: who, when, from where.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html. `aws:SecureTransport`
is true: the local AWS listens on loopback only, which stands for TLS here. Times are of the sandbox's clock.
"""

from collections.abc import Mapping
from datetime import UTC, datetime

from iam.context import Context, ContextValue
from sandbox.aws.access.held import Held
from sandbox.aws.caller import Caller

# Where the request goes to decides aws:RequestedRegion; of the global services that is always this region.
_GLOBAL = frozenset({"iam"})
_GLOBAL_REGION = "us-east-1"


def of_caller(caller: Caller, now: float) -> dict[str, ContextValue]:
    """What follows from the caller and its session."""
    given: dict[str, ContextValue] = {"aws:userid": caller.id} if caller.access_key or caller.session else {}
    given |= {f"aws:PrincipalTag/{key}": value for key, value in caller.tags.items()}
    if caller.user_name is not None:
        given["aws:username"] = caller.user_name
    session = caller.session
    if session is None:
        return given  # "long-term credentials … do not include the MFA key": absent, not false
    given["aws:TokenIssueTime"] = _date(session.issued)
    given["aws:MultiFactorAuthPresent"] = session.mfa
    if session.mfa:
        given["aws:MultiFactorAuthAge"] = max(0, int(now - session.issued))
    if session.source_identity is not None:
        given["aws:SourceIdentity"] = session.source_identity
    return given


def of_request(*, region: str, service: str, now: float, source_ip: str | None, agent: str) -> dict[str, ContextValue]:
    """What follows from the request itself. No `source_ip`: a service of AWS sends it on the caller's behalf."""
    given: dict[str, ContextValue] = {
        "aws:CurrentTime": _date(now),
        "aws:EpochTime": int(now),
        "aws:RequestedRegion": _GLOBAL_REGION if service in _GLOBAL else region,
        "aws:SecureTransport": True,
        "aws:ViaAWSService": source_ip is None,
    }
    if source_ip is not None:
        given["aws:SourceIp"] = source_ip
    if agent:
        given["aws:UserAgent"] = agent
    return given


def of_resource(held: Held) -> dict[str, ContextValue]:
    """What follows from the resource."""
    return {**{f"aws:ResourceTag/{key}": value for key, value in held.tags.items()}, **held.given}


def together(*parts: Mapping[str, ContextValue]) -> Context:
    """All parts as one context; a later part wins."""
    merged: dict[str, ContextValue] = {}
    for part in parts:
        merged.update(part)
    return Context(merged)


def _date(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%SZ}"
