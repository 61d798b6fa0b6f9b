"""Encryption at rest with a key of the stack: never with one that AWS manages, never with another account's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from policies import tokens
from policies.baseline import clauses, resource_types
from policies.baseline.attached import reached
from policies.baseline.setting import NOT_KNOWN
from policies.intent import Intent
from policies.rule import Finding, ResourceRule, Severity, StackRule
from policies.view import UNKNOWN, Resource, Stack, Value

KEYS = (tokens.KEY, tokens.ALIAS, resource_types.REPLICA_KEY, resource_types.EXTERNAL_KEY)
_REQUIRED = "a key of this stack, by its ARN or its alias"
_PLACES: Mapping[str, tuple[str, ...]] = {
    resource_types.TRAIL: ("kmsKeyId",),
    resource_types.EVENT_STORE: ("kmsKeyId",),
    resource_types.LOG_GROUP: ("kmsKeyId",),
    resource_types.TOPIC: ("kmsMasterKeyId",),
    resource_types.QUEUE: ("kmsMasterKeyId",),
    tokens.FUNCTION: ("kmsKeyArn",),  # not asked for, but if it is there it is ours
}


def by_aws(value: Value) -> bool:
    """Whether `value` names a key that AWS manages, by its alias."""
    return isinstance(value, str) and ("alias/aws/" in value or value.startswith("aws/"))


def own_key(name: str, title: str, severity: Severity, parity: tuple[str, ...], *types: str) -> ResourceRule:
    """The rule `baseline/<name>`: each resource of `types` names a key, and none that AWS manages.

    Which key that is, is for the rule on the stack: at the first preview no key has an ARN.
    """

    def check(resource: Resource, _intent: Intent) -> Iterator[Finding]:
        for path in _PLACES[resource.type]:
            value = resource.value(path)
            if value is UNKNOWN or (isinstance(value, str) and value and not by_aws(value)):
                continue
            yield Finding(
                urn=resource.urn,
                property=path,
                seen="a key that AWS manages" if by_aws(value) else "no key",
                required=_REQUIRED,
            )

    return ResourceRule(
        id=f"baseline/{name}",
        title=title,
        severity=severity,
        clauses=clauses.ENCRYPTION,
        remediation="kms_key_id=log_key.arn,  # kms_master_key_id of a topic or a queue",
        parity=parity,
        types=frozenset(types),
        check=check,
    )


def key_finding(stack: Stack, intent: Intent, resource: Resource, path: str) -> Iterator[Finding]:
    """A finding if the key at `path` is none of the stack, or cannot be told."""
    value = resource.value(path)
    if not value or by_aws(value):
        return  # the rule on the resource refuses it where a key is asked for
    if value is UNKNOWN and not resource.edges.get(path.partition(".")[0]) and resource.type == tokens.FUNCTION:
        return  # the provider's own output
    keys = reached(stack, intent, resource, path, KEYS)
    if keys is UNKNOWN or not keys:
        yield Finding(
            urn=resource.urn,
            property=path,
            seen=NOT_KNOWN if keys is UNKNOWN else "a key that is not in this stack",
            required=_REQUIRED,
            undecided=keys is UNKNOWN,
        )


def _of_stack(stack: Stack, intent: Intent) -> Iterator[Finding]:
    for token, paths in _PLACES.items():
        for resource in stack.of(token):
            for path in paths:
                yield from key_finding(stack, intent, resource, path)


RULES = (
    StackRule(
        id="baseline/key-of-the-stack",
        title="What is encrypted is encrypted with a key of the stack, whose policy was judged too",
        severity=Severity.HIGH,
        clauses=clauses.ENCRYPTION,
        remediation="kms_key_id=log_key.arn,  # kms_master_key_id of a topic or a queue",
        check=_of_stack,
    ),
)
