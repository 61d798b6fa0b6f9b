"""A statement that covers a request: what a decision can point at."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum, unique

from iam.document import Effect, Policy, Statement
from iam.pattern import action_matches, resource_matches
from iam.principals import Reach
from iam.request import Request
from iam.variables import expand


@unique
class Layer(Enum):
    """A kind of policy in the evaluation, in AWS's words for its error messages."""

    IDENTITY = "identity-based policy"
    RESOURCE = "resource-based policy"
    TRUST = "role trust policy"
    GRANT = "grant"
    BOUNDARY = "permissions boundary"
    SESSION = "session policy"
    SERVICE_CONTROL = "service control policy"
    ROOT = "account root user"


@dataclass(frozen=True, kw_only=True)
class Witness:
    """Where a decision comes from; `sid` and `index` are of the statement, and `reach` how it names the caller."""

    layer: Layer
    policy: str
    sid: str | None = None
    index: int | None = None
    reach: Reach = Reach.DIRECT

    def __str__(self) -> str:
        where = f"statement {self.sid!r}" if self.sid else f"statement {self.index}"
        return f"{self.layer.value} {self.policy!r}" + (f", {where}" if self.index is not None else "")


def witnesses(
    policies: Iterable[Policy], effect: Effect, request: Request, layer: Layer, *, bounded: bool = False
) -> Iterator[Witness]:
    """The statements of `policies` with `effect` that cover `request`. `bounded`: the caller has a boundary."""
    for policy in policies:
        for statement in policy.statements:
            if statement.effect is not effect or not _covers(statement, request):
                continue
            reach = _reach(statement, request, bounded=bounded)
            if reach is not Reach.NONE:
                yield Witness(layer=layer, policy=policy.name, sid=statement.sid, index=statement.index, reach=reach)


def _covers(statement: Statement, request: Request) -> bool:
    action = any(action_matches(pattern, request.action) for pattern in statement.actions)
    if action is statement.except_actions or _on_resource(statement, request) is statement.except_resources:
        return False
    return all(test.holds(request.context, variables=statement.variables) for test in statement.comparisons)


def _on_resource(statement: Statement, request: Request) -> bool:
    # "the resource that includes a policy variable with no value will not match any resource":
    # IAM: reference_policies_variables.html
    expanded = (expand(text, request.context, enabled=statement.variables) for text in statement.resources)
    return any(pieces is not None and resource_matches(pieces, request.resource) for pieces in expanded)


def _reach(statement: Statement, request: Request, *, bounded: bool) -> Reach:
    if statement.principals is None:
        return Reach.DIRECT  # the policy is attached to the caller
    if not statement.except_principals:
        return statement.principals.reach(request.principal)
    if statement.effect is Effect.DENY:
        # "The NotPrincipal element with a Deny effect will always deny any IAM principal that has a permissions
        # boundary policy attached": IAM: access_policies_boundaries.html
        spared = statement.principals.spares(request.principal) and not bounded
        return Reach.NONE if spared else Reach.DIRECT
    # Everyone else is allowed, as by "*"; that implicit denies elsewhere do not limit it is unverified.
    return Reach.DIRECT if statement.principals.reach(request.principal) is Reach.NONE else Reach.NONE
