"""Policy documents in a stack: where they are, and what of them can be read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache

from iam.document import Effect, Policy, PolicyKind, Statement, parse
from iam.error import PolicyError
from policies import tokens
from policies.baseline import clauses, resource_types
from policies.intent import Intent
from policies.rule import Finding, ResourceRule, Severity, StackRule
from policies.view import UNKNOWN, Resource, Stack, Value

_INLINE = "inlinePolicies"
PLACES: Mapping[str, tuple[tuple[str, PolicyKind], ...]] = {
    tokens.CONTAINER: (("policy", PolicyKind.RESOURCE),),
    resource_types.SECRET_POLICY: (("policy", PolicyKind.RESOURCE),),
    tokens.KEY: (("policy", PolicyKind.RESOURCE),),
    resource_types.REPLICA_KEY: (("policy", PolicyKind.RESOURCE),),
    resource_types.EXTERNAL_KEY: (("policy", PolicyKind.RESOURCE),),
    resource_types.EXTERNAL_REPLICA: (("policy", PolicyKind.RESOURCE),),
    resource_types.KEY_POLICY: (("policy", PolicyKind.RESOURCE),),
    resource_types.ROLE: (("assumeRolePolicy", PolicyKind.TRUST), (_INLINE, PolicyKind.IDENTITY)),
    resource_types.ROLE_POLICY: (("policy", PolicyKind.IDENTITY),),
    resource_types.MANAGED_POLICY: (("policy", PolicyKind.IDENTITY),),
    resource_types.GROUP_POLICY: (("policy", PolicyKind.IDENTITY),),
    resource_types.USER_POLICY: (("policy", PolicyKind.IDENTITY),),
    resource_types.TOPIC: (("policy", PolicyKind.RESOURCE),),
    resource_types.TOPIC_POLICY: (("policy", PolicyKind.RESOURCE),),
    resource_types.QUEUE: (("policy", PolicyKind.RESOURCE),),
    resource_types.QUEUE_POLICY: (("policy", PolicyKind.RESOURCE),),
    **dict.fromkeys((*resource_types.BUCKET, *resource_types.BUCKET_POLICY), (("policy", PolicyKind.RESOURCE),)),
}
"""Every property that holds a policy document, by type."""

# A policy of its own is what the resource is there for; elsewhere the provider may fill the property in.
_OPTIONAL = frozenset(
    {
        tokens.CONTAINER,
        tokens.KEY,
        resource_types.REPLICA_KEY,
        resource_types.EXTERNAL_KEY,
        resource_types.EXTERNAL_REPLICA,
        resource_types.TOPIC,
        resource_types.QUEUE,
        *resource_types.BUCKET,
    }
)
_IDS_ARE_RANDOM = frozenset({tokens.KEY, resource_types.REPLICA_KEY})


def values(resource: Resource) -> Iterator[tuple[str, Value, PolicyKind]]:
    """Every document of a resource, with the property that it is in."""
    for name, kind in PLACES.get(resource.type, ()):
        value = resource.value(name)
        if name != _INLINE:
            yield name, value, kind
        elif isinstance(value, tuple):
            for index, each in enumerate(value):
                inline = each.get("policy") if isinstance(each, Mapping) else each
                yield f"{name}[{index}].policy", inline, kind
        elif value is not None:
            yield name, value, kind


def statements(resource: Resource) -> Iterator[tuple[str, Statement]]:
    """Every statement that can be read, with the property that it is in."""
    for name, value, kind in values(resource):
        policy = _read(value, kind)
        for statement in policy.statements if policy else ():
            yield name, statement


def allowing(resource: Resource) -> Iterator[tuple[str, Statement]]:
    """Every statement that allows something, with the property that it is in."""
    return ((name, each) for name, each in statements(resource) if each.effect is Effect.ALLOW)


def called(statement: Statement) -> str:
    """How a message calls a statement."""
    return f"statement {statement.sid or statement.index}"


def _read(value: Value, kind: PolicyKind) -> Policy | None:
    if isinstance(value, str) and value:
        return _parsed(value, kind)
    return None


@lru_cache(maxsize=4096)
def _parsed(text: str, kind: PolicyKind) -> Policy | None:
    try:
        return parse(text, kind)
    except PolicyError:
        return None


def _valid(resource: Resource, _intent: Intent) -> Iterator[Finding]:
    for name, value, kind in values(resource):
        if value is UNKNOWN or value in (None, ""):
            continue  # one that is not known yet is for the rule on the stack
        if _read(value, kind) is None:
            yield Finding(
                urn=resource.urn,
                property=name,
                seen=f"what AWS would not take as {kind.value}",
                required="a policy document as JSON, with nothing but the elements of IAM's grammar",
            )


def _known(stack: Stack, _intent: Intent) -> Iterator[Finding]:
    for token, places in PLACES.items():
        for resource in stack.of(token):
            for name, _ in places:
                yield from _waiting(stack, resource, name)


def _waiting(stack: Stack, resource: Resource, name: str) -> Iterator[Finding]:
    ends = resource.edges.get(name, ())
    if not any(value is UNKNOWN for place, value, _ in values(resource) if place.partition("[")[0] == name):
        return
    if not ends and (resource.type in _OPTIONAL or name == _INLINE):
        return  # without a dependency it is the provider's own output
    known = [end for urn in ends if (end := stack.by_urn.get(urn)) is not None]
    if known and all(end.type in _IDS_ARE_RANDOM for end in known):
        return
    yield Finding(
        urn=resource.urn,
        property=name,
        seen="a document that is not known yet, and not for want of a key's ARN alone",
        required="a document that is known at preview: build ARNs from account, region and name",
        undecided=True,
    )


RULES = (
    ResourceRule(
        id="baseline/document-valid",
        title="A policy document is one that AWS would take, so that the other rules have read it",
        severity=Severity.HIGH,
        clauses=clauses.ACCESS,
        remediation="policy=json.dumps(statement.policy(…)),",
        types=frozenset(PLACES),
        check=_valid,
    ),
    # A document with the ARN of a key that is yet to come is judged when it is registered, before it is made.
    StackRule(
        id="baseline/document-known",
        title="A policy document is known at preview, or lacks but the ARN of a key of the stack",
        severity=Severity.HIGH,
        clauses=clauses.ACCESS,
        remediation="policy=json.dumps(…),  # with ARNs by catalog.names, not by outputs",
        check=_known,
    ),
)
