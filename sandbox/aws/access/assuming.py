"""AssumeRole: whether the trust policy lets this caller in, and the session that it gets.

Sources: https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html, API_AssumeRoleWithWebIdentity.html and
IAM/latest/UserGuide/id_session-tags.html (sts:TagSession), id_roles_terms-and-concepts.html (role chaining).
"""

import json
import secrets
import string
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from moto.iam.utils import generate_access_key_id_from_account_id

from iam.context import ContextValue
from iam.decision import Decision
from iam.document import Policy, PolicyKind
from iam.evaluate import Holder, Policies, decide
from iam.principal import PrincipalKind
from iam.request import Request
from sandbox.aws.access.circumstances import of_caller, of_resource, together
from sandbox.aws.access.directory import Directory, Entity
from sandbox.aws.access.documents import parsed
from sandbox.aws.access.held import Held
from sandbox.aws.access.judgement import Judgement
from sandbox.aws.access.temporary import Kind, Temporary, TemporaryCredentials
from sandbox.aws.caller import Caller
from sandbox.aws.errors import AwsError

_CHAINED_SECONDS = 3600
_LEAST_SECONDS = 900
_ALPHABET = string.ascii_letters + string.digits


@dataclass(frozen=True, kw_only=True)
class Wish:
    """The session that somebody asks for. `request` are the condition keys that follow from the request itself."""

    role_arn: str
    session_name: str
    action: str = "sts:AssumeRole"
    seconds: int = 3600
    tags: Mapping[str, str] = field(default_factory=dict)
    transitive: tuple[str, ...] = ()
    policies: tuple[str, ...] = ()
    external_id: str | None = None
    source_identity: str | None = None
    mfa: bool = False
    request: Mapping[str, ContextValue] = field(default_factory=dict)


class Assuming:
    """Makes temporary credentials of one account's roles and users."""

    def __init__(
        self,
        *,
        account: str,
        directory: Directory,
        judgement: Judgement,
        temporary: TemporaryCredentials,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """What is handed out is in `temporary` first."""
        self._account = account
        self._directory = directory
        self._judgement = judgement
        self._temporary = temporary
        self._clock = clock

    def assume(self, caller: Caller, wish: Wish) -> Temporary:
        """A role's session; AwsError AccessDenied where trust or the caller's policies do not allow it."""
        role = self._directory.role(wish.role_arn)
        inherited = self._inherited(caller)
        tags = {**wish.tags, **inherited}
        source_identity = wish.source_identity
        if caller.session is not None and caller.session.source_identity is not None:
            source_identity = caller.session.source_identity
        self._check_trust(caller, role, wish, tags, source_identity)
        assert role is not None, "a role that does not exist trusts nobody"
        self._check_duration(caller, role, wish)
        found = self._temporary.get(caller.access_key)
        carried = tuple(key for key in (found.transitive if found is not None else ()) if key in inherited)
        return self._made(
            kind="role",
            arn=f"arn:aws:sts::{self._account}:assumed-role/{role.name}/{wish.session_name}",
            user_id=f"{role.id}:{wish.session_name}",
            issuer=role,
            seconds=wish.seconds,
            tags=tags,
            transitive=(*carried, *(key for key in wish.transitive if key not in carried)),
            policies=wish.policies,
            mfa=wish.mfa,
            source_identity=source_identity,
        )

    def trusts(self, caller: Caller, wish: Wish) -> bool:
        """Whether `assume` would let the caller in; nothing is made."""
        role = self._directory.role(wish.role_arn)
        return role is not None and self._trusts(caller, role, wish.action, wish, wish.tags, None).allowed

    def for_user(self, user: Entity, *, seconds: int, mfa: bool) -> Temporary:
        """What GetSessionToken answers: the user itself, with temporary credentials."""
        return self._made(kind="user", arn=user.arn, user_id=user.id, issuer=user, seconds=seconds, mfa=mfa)

    def federated(self, user: Entity, name: str, *, seconds: int, policies: tuple[str, ...]) -> Temporary:
        """What GetFederationToken answers: a federated user, limited to what the session policies allow too."""
        arn = f"arn:aws:sts::{self._account}:federated-user/{name}"
        user_id = f"{self._account}:{name}"
        return self._made(kind="federated", arn=arn, user_id=user_id, issuer=user, seconds=seconds, policies=policies)

    def _made(
        self,
        *,
        kind: Kind,
        arn: str,
        user_id: str,
        issuer: Entity,
        seconds: int,
        tags: Mapping[str, str] | None = None,
        transitive: tuple[str, ...] = (),
        policies: tuple[str, ...] = (),
        mfa: bool = False,
        source_identity: str | None = None,
    ) -> Temporary:
        now = self._clock()
        made = Temporary(
            access_key=generate_access_key_id_from_account_id(self._account, prefix="ASIA", total_length=20),
            secret_key=_random(40),
            token=_random(356),
            kind=kind,
            arn=arn,
            user_id=user_id,
            issuer_arn=issuer.arn,
            issuer_id=issuer.id,
            issuer_name=issuer.name,
            issued=now,
            expires=now + seconds,
            tags=tags or {},
            transitive=transitive,
            policies=policies,
            mfa=mfa,
            source_identity=source_identity,
        )
        self._temporary.put(made)
        return made

    def _inherited(self, caller: Caller) -> dict[str, str]:
        """Tags that a chained session keeps: "the tags persist … even after a subsequent role is assumed"."""
        found = self._temporary.get(caller.access_key) if caller.session is not None else None
        return {key: found.tags[key] for key in found.transitive if key in found.tags} if found is not None else {}

    def _check_trust(
        self, caller: Caller, role: Entity | None, wish: Wish, tags: Mapping[str, str], source_identity: str | None
    ) -> None:
        if caller.principal.kind is PrincipalKind.ROOT:
            raise AwsError("AccessDenied", "Roles may not be assumed by root accounts.", status=403)
        actions = [wish.action]
        if tags:
            actions.append("sts:TagSession")
        if source_identity is not None:
            actions.append("sts:SetSourceIdentity")
        for action in actions:
            decision = self._trusts(caller, role, action, wish, tags, source_identity)
            if not decision.allowed:
                # A role that does not exist is refused in the same words; AWS tells no stranger which roles there are.
                message = decision.message.partition(" because ")[0] if role is None else decision.message
                raise AwsError("AccessDenied", message, status=403)

    def _trusts(
        self,
        caller: Caller,
        role: Entity | None,
        action: str,
        wish: Wish,
        tags: Mapping[str, str],
        source_identity: str | None,
    ) -> Decision:
        now = self._clock()
        given: dict[str, ContextValue] = {
            "sts:RoleSessionName": wish.session_name,
            **{f"aws:RequestTag/{key}": value for key, value in tags.items()},
        }
        if tags:
            given["aws:TagKeys"] = list(tags)
        if wish.transitive:
            given["sts:TransitiveTagKeys"] = list(wish.transitive)
        if wish.external_id is not None:
            given["sts:ExternalId"] = wish.external_id
        if source_identity is not None:
            given["sts:SourceIdentity"] = source_identity
        if wish.mfa:
            given |= {"aws:MultiFactorAuthPresent": True, "aws:MultiFactorAuthAge": 0}
        held = Held(tags=role.tags if role is not None else {})
        side = self._judgement.side(caller)
        trust: Policy | None = None
        if role is not None and role.trust is not None:
            trust = parsed(role.trust, PolicyKind.TRUST)
        request = Request(
            principal=caller.principal,
            action=action,
            resource=role.arn if role is not None else wish.role_arn,
            given=together(of_caller(caller, now), wish.request, of_resource(held), given),
        )
        policies = Policies(
            identity=side.identity, boundary=side.boundary, session=side.session, resource=trust, holder=Holder.ROLE
        )
        return decide(request, policies)

    def _check_duration(self, caller: Caller, role: Entity, wish: Wish) -> None:
        text = "The requested DurationSeconds exceeds the "
        if wish.seconds < _LEAST_SECONDS:
            raise AwsError(
                "ValidationError",
                f"1 validation error detected: Value '{wish.seconds}' at 'durationSeconds' failed to satisfy "
                f"constraint: Member must have value greater than or equal to {_LEAST_SECONDS}",
            )
        if wish.seconds > role.most_seconds:
            raise AwsError("ValidationError", f"{text}MaxSessionDuration set for this role.")
        if caller.principal.kind is PrincipalKind.ROLE_SESSION and wish.seconds > _CHAINED_SECONDS:
            raise AwsError("ValidationError", f"{text}1 hour session limit for roles assumed by role chaining.")


def check_session_policy(text: str) -> str:
    """The text, if it is a policy: MalformedPolicyDocument, or PackedPolicyTooLarge over 2,048 characters."""
    try:
        compact = json.dumps(json.loads(text), separators=(",", ":"))
    except ValueError as exc:
        raise AwsError("MalformedPolicyDocument", "The policy is not in the valid JSON format.") from exc
    if len(compact) > 2048:
        raise AwsError(
            "PackedPolicyTooLarge", f"Packed policy consumes {len(compact) * 100 // 2048}% of allotted space."
        )
    return text


def _random(length: int) -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))
