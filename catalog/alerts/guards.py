"""What is told of whatever guards the secrets: keys, the trail, and the alerts themselves. Rules of EventBridge. Pure.

Names of parameters are those of each service's API with a small first letter:
docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
"""

from __future__ import annotations

from catalog import names
from catalog.alerts.alert import Alert, OnEvent, Severity
from catalog.alerts.secrets import from_calls, with_detail
from catalog.environment import Environment
from catalog.names import SERVICE

_TRAIL_CALLS = ("DeleteTrail", "PutEventSelectors", "StopLogging", "UpdateTrail")


def guard_alerts(environment: Environment) -> tuple[Alert, ...]:
    """About keys, the trail and what raises alerts."""
    return (
        Alert(
            name="key-unusable",
            title="A KMS key was disabled or scheduled for deletion",
            severity=Severity.CRITICAL,
            detection=OnEvent(pattern=from_calls("kms", "DisableKey", "ScheduleKeyDeletion")),
            to_do="Cancel the deletion and enable the key: without it every secret of its tier is unreadable.",
            why_so="a rule, for every key of the account: a key has no name of ours in its calls",
        ),
        Alert(
            name="key-policy-changed",
            title="The policy, the rotation or the alias of a KMS key was changed",
            severity=Severity.HIGH,
            detection=OnEvent(pattern=_key_changed(environment)),
            to_do="If no deployment did it: run `pulumi up`, and look for a Decrypt that the old policy denied.",
            why_so="a rule, for every key of the account and our own aliases: access is decided by alias",
        ),
        Alert(
            name="trail-changed",
            title="The audit trail was stopped, changed or deleted",
            severity=Severity.CRITICAL,
            detection=OnEvent(pattern=_trail_changed(environment)),
            to_do="Start it again (`pulumi up`): until then nothing is on record. Treat whoever stopped it as hostile.",
            why_so="a rule: the call that ends a trail is the last one that it records",
            stands_for=("CIS 4.5", "CloudWatch.5"),
        ),
        Alert(
            name="alerts-silenced",
            title="A rule, filter, alarm or subscription of the alerts was removed or switched off",
            severity=Severity.HIGH,
            detection=OnEvent(pattern=_silenced(environment)),
            to_do="If no deployment did it: run `pulumi up`, and read the record of the time without alerts.",
            why_so="a rule: whoever wants to go unseen begins here",
        ),
    )


def _key_changed(environment: Environment) -> dict[str, object]:
    aliases = [{"prefix": f"alias/{SERVICE}-{environment.name}-"}]
    pattern = from_calls("kms", "DeleteAlias", "DisableKeyRotation", "PutKeyPolicy", "UpdateAlias")
    alternatives = [
        {"eventName": ["DisableKeyRotation", "PutKeyPolicy"]},
        {"requestParameters": {"aliasName": aliases}},
    ]
    return with_detail(pattern, **{"$or": alternatives})


def _trail_changed(environment: Environment) -> dict[str, object]:
    trail = [names.TRAIL, names.trail_arn(environment)]
    alternatives = [{"requestParameters": {name: trail}} for name in ("name", "trailName")]
    return with_detail(from_calls("cloudtrail", *_TRAIL_CALLS), **{"$or": alternatives})


def _silenced(environment: Environment) -> dict[str, object]:
    named = [{"prefix": names.named(environment, "")}]
    topic = [{"prefix": names.topic_arn(environment)}]
    sources = {
        "events": ("DeleteRule", "DisableRule", "RemoveTargets"),
        "logs": ("DeleteLogGroup", "DeleteMetricFilter"),
        "monitoring": ("DeleteAlarms", "DisableAlarmActions"),
        "sns": ("DeleteTopic", "SetTopicAttributes", "Unsubscribe"),
    }
    about = {
        "name": named,
        "rule": named,
        "logGroupName": [names.TRAIL_LOG],
        "alarmNames": named,
        "topicArn": topic,
        "subscriptionArn": topic,
    }
    pattern = from_calls("events", *sorted(name for calls in sources.values() for name in calls))
    alternatives = [{"requestParameters": {parameter: values}} for parameter, values in about.items()]
    return with_detail({**pattern, "source": [f"aws.{source}" for source in sources]}, **{"$or": alternatives})
