"""Alerts on the record: each of the catalogue is a filter on the trail's log, an alarm on its number, and a topic.

Patterns are compared with those of the catalogue, whose own tests try them on events: a typo is no pattern of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from catalog.alerts import alerts as catalogue
from catalog.alerts.alert import Alert, OnRecord
from policies.baseline import resource_types, setting
from policies.baseline.attached import reached
from policies.intent import Intent
from policies.rule import Clauses, Finding, Severity, StackRule, Standard
from policies.view import UNKNOWN, Resource, Stack, Unknown, Value

CLAUSES: Clauses = {
    Standard.PCI_DSS: ("10.4.1.1",),
    Standard.SOC_2: ("CC7.2", "CC7.3"),
    Standard.ISO_27001: ("A.8.16",),
    Standard.NIST_800_53: ("AU-6", "SI-4"),
}
_NAME, _SPACE = "metricTransformation.name", "metricTransformation.namespace"


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """An alert of the catalogue with its detection."""

    alert: Alert
    detection: OnRecord


def _chain(stack: Stack, intent: Intent) -> Iterator[Finding]:
    logs = _logs(stack, intent)
    for recorded in _of_catalogue(intent):
        filters = [each for each in stack.of(resource_types.METRIC_FILTER) if _is_for(each, recorded)]
        if not filters:
            yield _absent(stack, recorded)
        for each in filters:
            yield from _of_filter(stack, intent, each, recorded, logs)
    yield from _foreign(stack, intent)


def _foreign(stack: Stack, intent: Intent) -> Iterator[Finding]:
    known = {each.alert.name for each in _of_catalogue(intent)}
    for each in stack.of(resource_types.METRIC_FILTER):
        if not any(_is_for(each, recorded) for recorded in _of_catalogue(intent)):
            value = UNKNOWN if UNKNOWN in (each.value("pattern"), each.value(_NAME)) else "another"
            yield _wrong(each, "pattern", value, f"one of the {len(known)} patterns of the catalogue, tried on events")


def _of_catalogue(intent: Intent) -> Iterator[Recorded]:
    for alert in catalogue.alerts(intent.environment, intent.catalog):
        if isinstance(alert.detection, OnRecord):
            yield Recorded(alert=alert, detection=alert.detection)


def _is_for(each: Resource, recorded: Recorded) -> bool:
    return each.value(_NAME) == recorded.alert.name or each.value("pattern") == recorded.detection.pattern


def _absent(stack: Stack, recorded: Recorded) -> Finding:
    hidden = any(
        UNKNOWN in (each.value("pattern"), each.value(_NAME)) for each in stack.of(resource_types.METRIC_FILTER)
    )
    return Finding(
        urn=stack.urn,
        property=f"alert '{recorded.alert.name}'",
        seen="a filter that is not known yet" if hidden else "no filter for it in the stack",
        required="a metric filter on the trail's log, with the pattern of the catalogue",
        undecided=hidden,
    )


def _logs(stack: Stack, intent: Intent) -> frozenset[str] | Unknown:
    """The logs that trails write."""
    found: set[str] = set()
    for trail in stack.of(resource_types.TRAIL):
        ends = reached(stack, intent, trail, "cloudWatchLogsGroupArn", [resource_types.LOG_GROUP])
        if ends is UNKNOWN:
            return UNKNOWN
        found |= {end.urn for end in ends}
    return frozenset(found)


def _of_filter(
    stack: Stack, intent: Intent, each: Resource, recorded: Recorded, logs: frozenset[str] | Unknown
) -> Iterator[Finding]:
    pattern = each.value("pattern")
    if pattern != recorded.detection.pattern:
        yield _wrong(each, "pattern", pattern, "the pattern of the catalogue, which its tests match with events")
    groups = reached(stack, intent, each, "logGroupName", [resource_types.LOG_GROUP])
    if groups is UNKNOWN or logs is UNKNOWN or not groups or not {end.urn for end in groups} <= logs:
        value: Value = UNKNOWN if UNKNOWN in (groups, logs) else "another"
        yield _wrong(each, "logGroupName", value, "the log that a trail of this stack writes")
    if each.value("metricTransformation.value") != "1":
        value = each.value("metricTransformation.value")
        yield _wrong(each, "metricTransformation.value", value, "1 for each match")
    yield from _of_metric(stack, intent, each, recorded.detection)


def _of_metric(stack: Stack, intent: Intent, each: Resource, detection: OnRecord) -> Iterator[Finding]:
    metric = (each.value(_SPACE), each.value(_NAME))
    alarms = stack.of(resource_types.METRIC_ALARM)
    metrics = [(alarm.value("namespace"), alarm.value("metricName")) for alarm in alarms]
    own = [alarm for alarm, its in zip(alarms, metrics, strict=True) if its == metric and UNKNOWN not in metric]
    faults = [[*_of_alarm(stack, intent, alarm, detection)] for alarm in own]
    if not own:
        hidden = UNKNOWN in metric or any(UNKNOWN in its for its in metrics)
        seen: Value = UNKNOWN if hidden else "a metric that no alarm looks at"
        yield _wrong(each, "metricTransformation", seen, "an alarm of the stack on the same namespace and name")
    elif all(faults):  # one good alarm is enough
        yield from faults[0]


def _of_alarm(stack: Stack, intent: Intent, alarm: Resource, detection: OnRecord) -> Iterator[Finding]:
    most = detection.threshold
    period = alarm.number("period")
    seconds = f"{detection.seconds} seconds or more" if most > 1 else "any whole minutes"
    threshold = alarm.number("threshold")
    topics = reached(stack, intent, alarm, "alarmActions", [resource_types.TOPIC])
    statistic, comparison = alarm.value("statistic"), alarm.value("comparisonOperator")
    missing, dimensions = alarm.value("treatMissingData"), alarm.value("dimensions")
    for path, value, holds, required in (
        ("statistic", statistic, statistic == "Sum", "Sum"),
        (
            "comparisonOperator",
            comparison,
            comparison == "GreaterThanOrEqualToThreshold",
            "GreaterThanOrEqualToThreshold",
        ),
        ("threshold", threshold, isinstance(threshold, (int, float)) and threshold <= most, f"{most} or less"),
        (
            "period",
            period,
            isinstance(period, (int, float)) and (most == 1 or period >= detection.seconds),
            seconds,
        ),
        ("evaluationPeriods", alarm.value("evaluationPeriods"), alarm.value("evaluationPeriods") == 1, "1"),
        # With `ignore` it stays in alarm for ever and tells the first time only.
        ("treatMissingData", missing, missing in (None, "missing", "notBreaching"), "notBreaching"),
        ("dimensions", dimensions, not dimensions, "none, as the filter's metric has none"),
        ("actionsEnabled", alarm.value("actionsEnabled"), alarm.value("actionsEnabled") in (None, True), "true"),
        ("alarmActions", UNKNOWN if topics is UNKNOWN else "", bool(topics) and topics is not UNKNOWN, "a topic"),
    ):
        if not holds or value is UNKNOWN:
            yield _wrong(alarm, path, value, f"{required}, for what the catalogue promises")


def _wrong(resource: Resource, path: str, value: Value, required: str) -> Finding:
    return Finding(
        urn=resource.urn,
        property=path,
        seen=setting.NOT_KNOWN if value is UNKNOWN else "another one" if value else "none",
        required=required,
        undecided=value is UNKNOWN,
    )


RULES = (
    StackRule(
        id="tiers/alert-on-record",
        title="An alert of the catalogue is a filter on the trail's log with an alarm that tells a topic",
        severity=Severity.HIGH,
        clauses=CLAUSES,
        remediation="RecordAlarm(alert.name, RecordAlarmArgs(environment=environment, alert=alert, …))",
        check=_chain,
    ),
)
