"""Topics and who hears them: encrypted, closed to outsiders, told over TLS."""

from __future__ import annotations

from collections.abc import Iterator

from policies.baseline import audience, clauses, encryption, resource_types, setting
from policies.baseline.setting import Setting
from policies.intent import Intent
from policies.rule import Finding, ResourceRule, Severity
from policies.view import Resource, Value

# Mail cannot be encrypted on its way, so a message says where to look and holds no value.
_PROTOCOLS = frozenset({"https", "email", "email-json", "lambda", "sqs", "firehose"})
_FIX = "policy=json.dumps(topic_policy(environment)),"


def _closed(resource: Resource, intent: Intent) -> Iterator[Finding]:
    return audience.opened(resource, intent, "alarms and roles of this account", _FIX)


def _is_private(value: Value) -> bool:
    return isinstance(value, str) and value in _PROTOCOLS


RULES = (
    encryption.own_key(
        "topic-encrypted",
        "A topic is encrypted with a key of the account",
        Severity.HIGH,
        ("CKV_AWS_26", "SH:SNS.1", "PRW:sns_topics_kms_encryption_at_rest_enabled", "PB:sns-kms-encryption-enabled"),
        resource_types.TOPIC,
    ),
    ResourceRule(
        id="baseline/topic-not-public",
        title="The policy of a topic lets in nobody outside of the account",
        severity=Severity.HIGH,
        clauses=clauses.ACCESS,
        remediation=_FIX,
        parity=("CKV_AWS_169", "CKV_AWS_385", "SH:SNS.4", "PRW:sns_topics_not_publicly_accessible"),
        types=frozenset({resource_types.TOPIC, resource_types.TOPIC_POLICY}),
        check=_closed,
    ),
    setting.rule(
        "subscription-private",
        "What a topic tells is not told over plain HTTP",
        Severity.HIGH,
        clauses.TRANSMISSION,
        ("PRW:sns_subscription_not_using_http_endpoints",),
        (resource_types.SUBSCRIPTION,),
        Setting(
            property="protocol",
            holds=_is_private,
            required=f"one of {', '.join(sorted(_PROTOCOLS))}",
            fix='protocol="https",',
        ),
    ),
)
