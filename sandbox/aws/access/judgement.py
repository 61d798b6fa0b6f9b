"""One need of one caller, decided: the caller's policies and the resource's, in the request's circumstances."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from iam.context import ContextValue
from iam.decision import Decision
from iam.document import Policy, PolicyKind
from iam.evaluate import Policies, decide
from iam.principal import PrincipalKind
from iam.request import Request
from sandbox.aws.access.circumstances import of_caller, of_resource, together
from sandbox.aws.access.directory import Directory, Entity
from sandbox.aws.access.documents import Document, parsed
from sandbox.aws.access.held import NOTHING
from sandbox.aws.access.need import ANY, Need
from sandbox.aws.access.resources import Resources
from sandbox.aws.caller import Caller

_ACCOUNT_FIELD = 4
_OF_AWS = "aws"  # the account in the ARN of a policy that AWS manages


@dataclass(frozen=True, kw_only=True)
class Side:
    """The caller's side: what its own policies are."""

    identity: tuple[Policy, ...] = ()
    boundary: Policy | None = None
    session: tuple[Policy, ...] = field(default=())


class Judgement:
    """Decides needs within one account."""

    def __init__(self, *, account: str, directory: Directory, resources: Resources) -> None:
        """Nothing is remembered between decisions, except how texts parse."""
        self._account = account
        self._directory = directory
        self._resources = resources

    def decide(self, caller: Caller, need: Need, request: Mapping[str, ContextValue], now: float) -> Decision:
        """The decision on one need; `request` are the keys that follow from the request itself."""
        held = self._resources.held(need.resource) if need.resource != ANY else NOTHING
        side = self.side(caller)
        asked = Request(
            principal=caller.principal,
            action=need.action,
            resource=need.resource,
            resource_account=self._owner(need.resource),
            given=together(of_caller(caller, now), request, of_resource(held), need.given),
        )
        policies = Policies(
            identity=side.identity,
            boundary=side.boundary,
            session=side.session,
            resource=held.policy,
            holder=held.holder,
            grants=held.grants,
        )
        return decide(asked, policies)

    def side(self, caller: Caller) -> Side:
        """The caller's policies as they are now; none of a role or user that was deleted meanwhile."""
        entity = self._entity(caller)
        session = caller.session.policies if caller.session is not None else ()
        if entity is None:
            return Side(session=session)
        return Side(
            identity=tuple(_identity(document) for document in entity.identity),
            boundary=_identity(entity.boundary) if entity.boundary is not None else None,
            session=session,
        )

    def _entity(self, caller: Caller) -> Entity | None:
        principal = caller.principal
        if principal.kind is PrincipalKind.USER:
            return self._directory.user(principal.arn.rpartition("/")[2])
        if principal.kind in (PrincipalKind.ROLE_SESSION, PrincipalKind.FEDERATED_USER):
            assert caller.session is not None, "temporary credentials always have a session"
            of_role = principal.kind is PrincipalKind.ROLE_SESSION
            issuer = caller.session.issuer_arn
            return self._directory.role(issuer) if of_role else self._directory.user(issuer.rpartition("/")[2])
        return None

    def _owner(self, arn: str) -> str | None:
        parts = arn.split(":")
        named = parts[_ACCOUNT_FIELD] if len(parts) > _ACCOUNT_FIELD else ""
        return None if named not in ("", _OF_AWS) else self._account


def _identity(document: Document) -> Policy:
    return parsed(document, PolicyKind.IDENTITY)
