"""Edits of alerts: of filters and alarms, of rules and targets, and of who hears."""

from __future__ import annotations

import json

from policies.baseline.resource_types import LOG_GROUP, METRIC_ALARM, METRIC_FILTER, SUBSCRIPTION, TOPIC, TRAIL
from policies.tokens import EVENT_RULE, EVENT_TARGET, FUNCTION, PERMISSION
from tests.policies.program import Program
from tests.policies.surroundings import ROTATOR, Change, Edit, setting, then, without

COUNTED, RULE, TOLD = "denied-reads", "secret-deleted", "alert-topic"
MAIL = "mail-secrets-alerts@llm-observatory.example"
CIS = "any-trail-changed"


def _filter(make: Change, *says: str, token: str = METRIC_FILTER, name: str = COUNTED) -> Edit:
    return Edit(make=make, rule="tiers/alert-on-record", token=token, name=name, says=says)


def _alarm(path: str, value: object) -> Edit:
    return _filter(setting(METRIC_ALARM, COUNTED, path, value), f"property: {path}", token=METRIC_ALARM)


def _rule(make: Change, *says: str, token: str = EVENT_RULE) -> Edit:
    return Edit(make=make, rule="tiers/alert-on-event", token=token, name=RULE, says=says)


def _typo(stack: Program) -> Program:
    found = stack.get(METRIC_FILTER, COUNTED)
    return stack.set(found, "pattern", str(found.inputs["pattern"]).replace("GetSecretValue", "GetSecretVale"))


def _other_words(stack: Program) -> Program:
    found = stack.get(EVENT_RULE, RULE)
    pattern = json.loads(str(found.inputs["eventPattern"]))
    return stack.set(found, "eventPattern", json.dumps(dict(reversed(pattern.items())), indent=1))


def _to_another_function(stack: Program) -> Program:
    return stack.lead(stack.get(EVENT_TARGET, RULE), "arn", stack.get(FUNCTION, ROTATOR))


def _heard(make: Change, says: str, token: str = TOPIC, name: str = TOLD) -> Edit:
    return Edit(make=make, rule="tiers/alert-heard", token=token, name=name, says=(says,))


EDITS: dict[str, Edit] = {
    "filter-missing": Edit(
        make=without(METRIC_FILTER, COUNTED), rule="tiers/alert-on-record", says=(f"alert '{COUNTED}'", "no filter")
    ),
    "filter-with-a-typo": _filter(_typo, "property: pattern", "its tests match with events"),
    "filter-without-a-pattern": _filter(setting(METRIC_FILTER, COUNTED, "pattern", None), "seen: none"),
    "filter-with-the-pattern-of-another": _filter(
        lambda s: s.set(s.get(METRIC_FILTER, COUNTED), "pattern", s.get(METRIC_FILTER, CIS).inputs["pattern"]),
        "property: pattern",
    ),
    "filter-on-another-log": _filter(
        lambda s: s.lead(s.get(METRIC_FILTER, COUNTED), "logGroupName", s.get(LOG_GROUP, "alert")),
        "property: logGroupName",
    ),
    "filter-on-a-foreign-log": _filter(
        setting(METRIC_FILTER, COUNTED, "logGroupName", "/aws/else"), "property: logGroupName"
    ),
    "filter-that-counts-nothing": _filter(
        setting(METRIC_FILTER, COUNTED, "metricTransformation.value", "0"), "metricTransformation.value"
    ),
    "filter-into-another-metric": _filter(
        setting(METRIC_FILTER, COUNTED, "metricTransformation.name", "denied-read"), "an alarm of the stack on the same"
    ),
    "filter-into-another-namespace": _filter(
        setting(METRIC_FILTER, COUNTED, "metricTransformation.namespace", "Else"), "an alarm of the stack on the same"
    ),
    "filter-that-no-test-knows": _filter(
        then(
            setting(METRIC_FILTER, COUNTED, "metricTransformation.name", "x"),
            setting(METRIC_FILTER, COUNTED, "pattern", "{ $.eventName = x }"),
        ),
        "patterns of the catalogue",
    ),
    "alarm-missing": _filter(without(METRIC_ALARM, COUNTED), "an alarm of the stack on the same"),
    "alarm-on-another-metric": _filter(setting(METRIC_ALARM, COUNTED, "metricName", "x"), "an alarm of the stack"),
    "alarm-of-more": _alarm("threshold", 6),
    "alarm-on-an-average": _alarm("statistic", "Average"),
    "alarm-on-less": _alarm("comparisonOperator", "LessThanThreshold"),
    "alarm-of-a-minute": _alarm("period", 60),
    "alarm-of-three-periods": _alarm("evaluationPeriods", 3),
    "alarm-that-goes-off-once": _alarm("treatMissingData", "ignore"),
    "alarm-on-a-part": _alarm("dimensions", {"Environment": "prod"}),
    "alarm-switched-off": _alarm("actionsEnabled", False),
    "alarm-without-a-topic": _alarm("alarmActions", []),
    "alarm-to-a-foreign-topic": _alarm("alarmActions", ["arn:aws:sns:us-east-1:333344445555:else"]),
    "trail-without-a-log": _filter(setting(TRAIL, "audit", "cloudWatchLogsGroupArn", None), "property: logGroupName"),
    "rule-missing": Edit(
        make=without(EVENT_RULE, RULE), rule="tiers/alert-on-event", says=(f"alert '{RULE}'", "no rule")
    ),
    "rule-of-another-event": _rule(setting(EVENT_RULE, RULE, "eventPattern", '{"source": ["aws.s3"]}'), "eventPattern"),
    "rule-that-is-no-json": _rule(setting(EVENT_RULE, RULE, "eventPattern", "{"), "eventPattern"),
    "rule-switched-off": _rule(setting(EVENT_RULE, RULE, "state", "DISABLED"), "property: state", "ENABLED"),
    "rule-on-another-bus": _rule(setting(EVENT_RULE, RULE, "eventBusName", "else"), "eventBusName"),
    "rule-without-a-target": _rule(without(EVENT_TARGET, RULE), "as its target"),
    "rule-to-another-function": _rule(_to_another_function, "as its target", token=EVENT_TARGET),
    "function-that-is-not-invoked": Edit(
        make=without(PERMISSION, "alerts"),
        rule="tiers/alert-function-invoked",
        token=FUNCTION,
        name="alert",
        says=("events.amazonaws.com",),
    ),
    "mail-missing": _heard(without(SUBSCRIPTION, MAIL), "no subscription of the mail address 1"),
    "pager-missing": _heard(without(SUBSCRIPTION, "pager"), "no subscription of the pager"),
    "mail-to-another": _heard(setting(SUBSCRIPTION, MAIL, "endpoint", "x@else.example"), "mail address 1"),
    "pager-in-plain": _heard(setting(SUBSCRIPTION, "pager", "protocol", "http"), "the pager"),
    "mail-of-another-topic": _heard(
        setting(SUBSCRIPTION, MAIL, "topic", "arn:aws:sns:us-east-1:333344445555:else"), "mail address 1"
    ),
    "mail-filtered": _heard(
        setting(SUBSCRIPTION, MAIL, "filterPolicy", '{"x": ["y"]}'), "drops alerts", SUBSCRIPTION, MAIL
    ),
}

COMPLIANT: dict[str, Change] = {
    "alarm-of-fewer": setting(METRIC_ALARM, COUNTED, "threshold", 1),
    "alarm-of-a-longer-time": setting(METRIC_ALARM, COUNTED, "period", 600),
    "alarm-of-one-in-a-minute": setting(METRIC_ALARM, "root-used", "period", 60),
    "alarm-that-misses-data": setting(METRIC_ALARM, COUNTED, "treatMissingData", "missing"),
    "rule-in-other-words": _other_words,
    "rule-in-the-default-state": setting(EVENT_RULE, RULE, "state", None),
}
