"""Queues, which hold dead letters here: encrypted, and closed to outsiders."""

from __future__ import annotations

from collections.abc import Iterator

from policies.baseline import audience, clauses, document, encryption, resource_types
from policies.intent import Intent
from policies.rule import Finding, ResourceRule, Severity
from policies.view import Resource

_TYPES = frozenset({resource_types.QUEUE, resource_types.QUEUE_POLICY})
_FIX = "policy=json.dumps(dead_letters_policy(environment, what)),"


def _closed(resource: Resource, intent: Intent) -> Iterator[Finding]:
    return audience.opened(resource, intent, "roles of this account, and services for this account", _FIX)


def _narrow(resource: Resource, _intent: Intent) -> Iterator[Finding]:
    for name, statement in document.allowing(resource):
        if statement.except_actions or any(each in ("*", "sqs:*") for each in map(str.lower, statement.actions)):
            yield Finding(
                urn=resource.urn,
                property=name,
                seen=f"{document.called(statement)} allows every action",
                required="the actions by name, such as sqs:SendMessage",
            )


RULES = (
    encryption.own_key(
        "queue-encrypted",
        "A queue is encrypted with a key of the account",
        Severity.HIGH,
        ("CKV_AWS_27", "CKV2_AWS_73", "SH:SQS.1", "PB:sqs-encryption", "PRW:sqs_queues_server_side_encryption_enabled"),
        resource_types.QUEUE,
    ),
    ResourceRule(
        id="baseline/queue-not-public",
        title="The policy of a queue lets in nobody outside of the account",
        severity=Severity.HIGH,
        clauses=clauses.ACCESS,
        remediation=_FIX,
        parity=("CKV_AWS_168", "CKV_AWS_387", "SH:SQS.3", "PRW:sqs_queues_not_publicly_accessible"),
        types=_TYPES,
        check=_closed,
    ),
    ResourceRule(
        id="baseline/queue-no-wildcard",
        title="The policy of a queue allows actions by name",
        severity=Severity.MEDIUM,
        clauses=clauses.ACCESS,
        remediation=_FIX,
        parity=("CKV_AWS_72",),
        types=_TYPES,
        check=_narrow,
    ),
)
