"""Alarms: switched on, and heard by somebody."""

from __future__ import annotations

from collections.abc import Iterator

from policies.baseline import clauses, resource_types, setting
from policies.baseline.attached import attached, reached
from policies.baseline.setting import NOT_KNOWN, Setting
from policies.intent import Intent
from policies.rule import Finding, Severity, StackRule
from policies.view import UNKNOWN, Resource, Stack

ALARMS = (resource_types.METRIC_ALARM, resource_types.COMPOSITE_ALARM)
_REQUIRED = "a topic of this stack that somebody is subscribed to"


def heard(stack: Stack, intent: Intent) -> frozenset[str]:
    """The topics of the stack that somebody is subscribed to."""
    subscribed = attached(stack, intent, [resource_types.TOPIC], [resource_types.SUBSCRIPTION], "topic")
    return frozenset(subscribed.by_urn)


def told(stack: Stack, intent: Intent, alarm: Resource) -> frozenset[str] | None:
    """The topics that an alarm tells when it goes off; None if that is not known yet."""
    found = reached(stack, intent, alarm, "alarmActions", [resource_types.TOPIC])
    return frozenset(each.urn for each in found) if isinstance(found, tuple) else None


def _heard(stack: Stack, intent: Intent) -> Iterator[Finding]:
    topics = heard(stack, intent)
    for token in ALARMS:
        for alarm in stack.of(token):
            found = told(stack, intent, alarm)
            if found is None or not found & topics:
                yield Finding(
                    urn=alarm.urn,
                    property="alarmActions",
                    seen=NOT_KNOWN if found is None else "a topic that nobody hears" if found else "no topic",
                    required=_REQUIRED,
                    undecided=found is None,
                )


def _unfiltered(stack: Stack, _intent: Intent) -> Iterator[Finding]:
    """A filter counts into a metric that some alarm of the stack looks at, under exactly that name."""
    metrics = [(alarm.value("namespace"), alarm.value("metricName")) for alarm in stack.of(resource_types.METRIC_ALARM)]
    for found in stack.of(resource_types.METRIC_FILTER):
        namespace, name = (found.value(f"metricTransformation.{each}") for each in ("namespace", "name"))
        if (namespace, name) in metrics and UNKNOWN not in (namespace, name):
            continue
        undecided = UNKNOWN in (namespace, name) or any(UNKNOWN in each for each in metrics)
        yield Finding(
            urn=found.urn,
            property="metricTransformation",
            seen=NOT_KNOWN if undecided else "a metric that no alarm of the stack looks at",
            required="an alarm on the same namespace and name",
            undecided=undecided,
        )


RULES = (
    setting.rule(
        "alarm-on",
        "An alarm does what it is there for",
        Severity.HIGH,
        clauses.MONITORING,
        ("CKV_AWS_319", "SH:CloudWatch.17", "PRW:cloudwatch_alarm_actions_enabled"),
        ALARMS,
        Setting(property="actionsEnabled", holds=setting.is_not_false, required="true", fix="actions_enabled=True,"),
    ),
    StackRule(
        id="baseline/alarm-heard",
        title="An alarm tells a topic that somebody hears",
        severity=Severity.HIGH,
        clauses=clauses.MONITORING,
        remediation="alarm_actions=[topic.arn],",
        parity=(
            "SH:CloudWatch.15",
            "PB:cloudwatch-alarms-actions-required",
            "PRW:cloudwatch_alarm_actions_alarm_state_configured",
        ),
        check=_heard,
    ),
    StackRule(
        id="baseline/filter-alarmed",
        title="What a metric filter counts, an alarm looks at",
        severity=Severity.HIGH,
        clauses=clauses.MONITORING,
        remediation="RecordAlarm(alert.name, …)",
        check=_unfiltered,
    ),
)
