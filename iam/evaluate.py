"""Decides a request from every policy that applies to it, as AWS's enforcement code is documented to.

IAM: reference_policies_evaluation-logic_policy-eval-denyallow.html (within an account),
reference_policies_evaluation-logic-cross-account.html; KMS: policy-evaluation.html, key-policy-default.html.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum, unique

from iam.decision import Decision, Outcome
from iam.document import Effect, Policy, PolicyKind
from iam.error import PolicyError
from iam.grant import Grant
from iam.principal import PrincipalKind
from iam.principals import Reach
from iam.request import Request
from iam.witness import Layer, Witness, witnesses


@unique
class Holder(Enum):
    """What carries the resource-based policy: keys and roles "must explicitly allow access", others need not."""

    ORDINARY = "resource"
    KEY = "key"
    ROLE = "role"


@dataclass(frozen=True, kw_only=True)
class Policies:
    """The policies that apply to one request.

    `session` is what was passed when the session was made, and any of them may allow. `service_controls` has one
    tuple for each level from the organization's root to the account: each level must allow
    (https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps_evaluation.html).
    `grants` are those on the requested key.
    """

    identity: tuple[Policy, ...] = ()
    resource: Policy | None = None
    holder: Holder = Holder.ORDINARY
    boundary: Policy | None = None
    session: tuple[Policy, ...] = ()
    service_controls: tuple[tuple[Policy, ...], ...] = ()
    grants: tuple[Grant, ...] = ()

    def __post_init__(self) -> None:
        wanted = PolicyKind.TRUST if self.holder is Holder.ROLE else PolicyKind.RESOURCE
        if self.resource and self.resource.kind is not wanted:
            raise PolicyError(
                f"{self.resource.name} is a {self.resource.kind.value}; parse it as PolicyKind.{wanted.name}"
            )
        for layer, policy in self.of_caller():
            if policy.kind is not PolicyKind.IDENTITY:
                raise PolicyError(f"{policy.name} can not be a {layer.value}; parse it as PolicyKind.IDENTITY")

    def of_caller(self) -> Iterator[tuple[Layer, Policy]]:
        """The policies on the caller's side, each with its layer."""
        yield from ((Layer.SERVICE_CONTROL, policy) for level in self.service_controls for policy in level)
        yield from ((Layer.IDENTITY, policy) for policy in self.identity)
        yield from ((Layer.BOUNDARY, policy) for policy in (self.boundary,) if policy)
        yield from ((Layer.SESSION, policy) for policy in self.session)

    @property
    def resource_layer(self) -> Layer:
        """How messages call the resource-based policy."""
        return Layer.TRUST if self.holder is Holder.ROLE else Layer.RESOURCE


# Callers that no account's policies speak for: only the resource-based policy decides.
_WITHOUT_IDENTITY = (PrincipalKind.SERVICE, PrincipalKind.FEDERATED, PrincipalKind.ANONYMOUS)


def decide(request: Request, policies: Policies) -> Decision:
    """The decision on `request`: an explicit deny anywhere, else what the layers allow together."""
    if denies := explicit_denies(request, policies):
        return Decision(request=request, outcome=Outcome.EXPLICIT_DENY, layer=denies[0].layer, witnesses=denies)
    if not service_controls_allow(request, policies):
        return _refused(request, Layer.SERVICE_CONTROL)
    granted = resource_allows(request, policies)
    if request.principal.kind in _WITHOUT_IDENTITY:
        return _allowed(request, granted) if granted else _refused(request, policies.resource_layer)
    if request.crosses_accounts:
        return _across_accounts(request, policies, granted)
    return _within_account(request, policies, granted)


def _within_account(request: Request, policies: Policies, granted: tuple[Witness, ...]) -> Decision:
    if direct := tuple(one for one in granted if one.reach is Reach.DIRECT):
        return _allowed(request, direct)
    entity = tuple(one for one in granted if one.reach is Reach.ENTITY)
    delegated = account_may_decide(policies, granted)
    identity = identity_allows(request, policies) if delegated else ()
    # On an ordinary resource a statement that names the account adds nothing to the caller's own policies.
    beside = granted if identity and policies.holder is not Holder.ORDINARY else ()
    grounds = entity or (*identity, *beside)
    if not grounds:
        return _refused(request, Layer.IDENTITY if delegated else policies.resource_layer)
    return _within_limits(request, policies, grounds)


def _across_accounts(request: Request, policies: Policies, granted: tuple[Witness, ...]) -> Decision:
    # "The request is allowed only if both evaluations return a decision of Allow": what a resource-based policy says
    # about the caller directly needs no other policy within an account only.
    if not granted:
        return _refused(request, policies.resource_layer)
    # "if a grant or IAM policy in your account allows you to use the KMS key" (KMS: policy-evaluation.html); that a
    # grant needs no IAM policy beside it is unverified.
    grants = tuple(one for one in granted if one.layer is Layer.GRANT and one.reach is not Reach.ACCOUNT)
    identity = identity_allows(request, policies)
    grounds = grants or ((*identity, *granted) if identity else ())
    if not grounds:
        return _refused(request, Layer.IDENTITY)
    return _within_limits(request, policies, grounds)


def _within_limits(request: Request, policies: Policies, grounds: tuple[Witness, ...]) -> Decision:
    if not boundary_allows(request, policies):
        return _refused(request, Layer.BOUNDARY)
    if not session_allows(request, policies):
        return _refused(request, Layer.SESSION)
    return _allowed(request, grounds)


def explicit_denies(request: Request, policies: Policies) -> tuple[Witness, ...]:
    """Every Deny that covers the request, whatever its layer."""
    found: list[Witness] = []
    attached = () if request.principal.kind in _WITHOUT_IDENTITY else policies.of_caller()
    for layer, policy in attached:
        found += witnesses((policy,), Effect.DENY, request, layer)
    if policies.resource:
        bounded = policies.boundary is not None
        found += witnesses((policies.resource,), Effect.DENY, request, policies.resource_layer, bounded=bounded)
    return tuple(found)


def service_controls_allow(request: Request, policies: Policies) -> bool:
    """Whether each level has an Allow; these policies bind an account's users, roles and root, no services."""
    if request.principal.kind in _WITHOUT_IDENTITY:
        return True
    return all(
        any(witnesses(level, Effect.ALLOW, request, Layer.SERVICE_CONTROL)) for level in policies.service_controls
    )


def resource_allows(request: Request, policies: Policies) -> tuple[Witness, ...]:
    """What the resource's policy and, for a key, its grants allow the caller, with how closely they name it."""
    found: list[Witness] = []
    if policies.resource:
        found += witnesses((policies.resource,), Effect.ALLOW, request, policies.resource_layer)
    for grant in policies.grants:
        reach = grant.reach(request.principal, request.action, request.context)
        if reach is not Reach.NONE:
            found.append(Witness(layer=Layer.GRANT, policy=grant.name, reach=reach))
    return tuple(found)


def account_may_decide(policies: Policies, granted: tuple[Witness, ...]) -> bool:
    """Whether policies of the account count. On a key or a role they do only where it delegates to the account:
    "Without this permission, IAM policies that allow access to the key are ineffective" (KMS: key-policy-default.html).
    """
    return policies.holder is Holder.ORDINARY or any(one.reach is Reach.ACCOUNT for one in granted)


def identity_allows(request: Request, policies: Policies) -> tuple[Witness, ...]:
    """What the caller's own policies allow; the account's root "has full access"."""
    if request.principal.kind is PrincipalKind.ROOT:
        return (Witness(layer=Layer.ROOT, policy=request.principal.arn),)
    return tuple(witnesses(policies.identity, Effect.ALLOW, request, Layer.IDENTITY))


def boundary_allows(request: Request, policies: Policies) -> bool:
    """Whether there is no permissions boundary, or it has an Allow."""
    return not policies.boundary or _any_allow((policies.boundary,), request, Layer.BOUNDARY)


def session_allows(request: Request, policies: Policies) -> bool:
    """Whether no session policy was passed, or one has an Allow; a federated user's session has nothing without one."""
    if not policies.session:
        return request.principal.kind is not PrincipalKind.FEDERATED_USER
    return _any_allow(policies.session, request, Layer.SESSION)


def _any_allow(policies: Iterable[Policy], request: Request, layer: Layer) -> bool:
    return any(True for _ in witnesses(policies, Effect.ALLOW, request, layer))


def _allowed(request: Request, by: tuple[Witness, ...]) -> Decision:
    return Decision(request=request, outcome=Outcome.ALLOWED, layer=by[0].layer, witnesses=by)


def _refused(request: Request, layer: Layer) -> Decision:
    return Decision(request=request, outcome=Outcome.IMPLICIT_DENY, layer=layer)
