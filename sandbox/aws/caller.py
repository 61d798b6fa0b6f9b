"""Who makes a call, as the signature's access key says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from iam.document import Policy
from iam.principal import Principal


@dataclass(frozen=True, kw_only=True)
class Session:
    """A role's session, or a user's: temporary credentials. Times are seconds since the epoch.

    `issuer_arn`, `issuer_id` and `issuer_name` are of the role or user; `policies` were passed when it was made.
    """

    issuer_arn: str
    issuer_id: str
    issuer_name: str
    issued: float
    expires: float
    tags: Mapping[str, str] = field(default_factory=dict)
    policies: tuple[Policy, ...] = ()
    mfa: bool = False
    source_identity: str | None = None


@dataclass(frozen=True, kw_only=True)
class Caller:
    """A principal with the credentials it used.

    `id` is `aws:userid` (AIDA… of a user, AROA…:session of a session), `tags` are `aws:PrincipalTag/*`. `service` is
    the principal of the AWS service that acts, when one acts by itself or on the principal's behalf.
    """

    principal: Principal
    id: str
    access_key: str = ""
    user_name: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    session: Session | None = None
    service: str | None = None
