"""Edits of settings: keys, trails, logs, alarms."""

from __future__ import annotations

from collections.abc import Mapping

from policies.baseline import resource_types as types
from policies.tokens import KEY
from tests.policies.baseline_stack import Edit, plus, then, without, without_all
from tests.policies.edit import literal, setting
from tests.policies.program import STACK, Program

ROOT_NAME = "llm-observatory-secrets-prod"
TRAIL = "audit"
MANAGEMENT = {"field": "eventCategory", "equals": ["Management"]}


def _edit(rule: str, token: str, name: str, path: str, value: object, *says: str) -> Edit:
    return Edit(make=literal(token, name, path, value), rule=f"baseline/{rule}", token=token, name=name, says=says)


def _filter(name: str, old: str, new: str) -> Edit:
    def make(stack: Program) -> Program:
        found = stack.get(types.METRIC_FILTER, name)
        pattern = str(found.inputs["pattern"])
        assert old in pattern
        return stack.set(found, "pattern", pattern.replace(old, new))

    return Edit(make=make, rule="baseline/cis-filters", token=STACK, name=ROOT_NAME, says=("letter by letter",))


def _selector(*fields: Mapping[str, object]) -> list[Mapping[str, object]]:
    return [{"name": "x", "fieldSelectors": list(fields)}]


EDITS: dict[str, Edit] = {
    "key-not-rotated": _edit("key-rotated", KEY, "tier-1", "enableKeyRotation", False, "seen: false"),
    "key-rotated-by-default": _edit("key-rotated", KEY, "logs", "enableKeyRotation", None, "seen: not set"),
    "key-rotated-too-late": _edit("key-rotated", KEY, "tier-1", "rotationPeriodInDays", 2560, "seen: 2560"),
    "key-without-policy": _edit("key-has-policy", KEY, "tier-1", "policy", None, "no policy"),
    "replica-without-policy": _edit("key-has-policy", types.REPLICA_KEY, "tier-1-replica", "policy", None),
    "key-disabled": _edit("key-enabled", KEY, "tier-1", "isEnabled", False),
    "replica-disabled": _edit("key-enabled", types.REPLICA_KEY, "tier-1-replica", "enabled", False),
    "key-deleted-soon": _edit("key-recoverable", KEY, "tier-1", "deletionWindowInDays", 7, "at least 30 days"),
    "key-locked-out": _edit("key-recoverable", KEY, "tier-1", "bypassPolicyLockoutSafetyCheck", True),
    "key-of-more-regions": _edit("key-region", KEY, "logs", "multiRegion", True, "without a copy"),
    "replica-elsewhere": _edit("key-region", types.REPLICA_KEY, "tier-1-replica", "region", "eu-north-1"),
    "log-by-a-foreign-key": _edit(
        "key-of-the-stack",
        types.LOG_GROUP,
        "audit",
        "kmsKeyId",
        "arn:aws:kms:us-east-1:999988887777:key/0000",
        "not in this stack",
    ),
    "trail-missing": Edit(
        make=without_all(types.TRAIL), rule="baseline/trail-present", token=STACK, name=ROOT_NAME, says=("no trail",)
    ),
    "trail-of-one-region": _edit("trail-every-region", types.TRAIL, TRAIL, "isMultiRegionTrail", False),
    "trail-without-global-events": _edit("trail-every-region", types.TRAIL, TRAIL, "includeGlobalServiceEvents", False),
    "trail-not-encrypted": _edit("trail-encrypted", types.TRAIL, TRAIL, "kmsKeyId", None, "no key"),
    "trail-encrypted-by-aws": _edit(
        "trail-encrypted", types.TRAIL, TRAIL, "kmsKeyId", "alias/aws/s3", "a key that AWS manages"
    ),
    "event-store-not-encrypted": Edit(
        make=plus(types.EVENT_STORE, "store"),
        rule="baseline/trail-encrypted",
        token=types.EVENT_STORE,
        name="store",
    ),
    "trail-stopped": _edit("trail-logging", types.TRAIL, TRAIL, "enableLogging", False),
    "trail-not-validated": _edit("trail-validated", types.TRAIL, TRAIL, "enableLogFileValidation", None),
    "trail-without-log": _edit("trail-to-logs", types.TRAIL, TRAIL, "cloudWatchLogsGroupArn", None, "no LogGroup"),
    "trail-without-writer": _edit("trail-to-logs", types.TRAIL, TRAIL, "cloudWatchLogsRoleArn", None, "no Role"),
    "trail-of-writes": _edit(
        "trail-every-event",
        types.TRAIL,
        TRAIL,
        "advancedEventSelectors",
        _selector(MANAGEMENT, {"field": "readOnly", "equals": ["false"]}),
    ),
    "trail-without-kms": _edit(
        "trail-every-event",
        types.TRAIL,
        TRAIL,
        "advancedEventSelectors",
        _selector(MANAGEMENT, {"field": "eventSource", "notEquals": ["kms.amazonaws.com"]}),
    ),
    "trail-without-kms-in-the-older-way": Edit(
        make=then(
            setting(types.TRAIL, TRAIL, "advancedEventSelectors", None),
            setting(types.TRAIL, TRAIL, "eventSelectors", [{"excludeManagementEventSources": ["kms.amazonaws.com"]}]),
        ),
        rule="baseline/trail-every-event",
        token=types.TRAIL,
        name=TRAIL,
    ),
    "trail-without-its-own-objects": _edit(
        "trail-own-objects", types.TRAIL, TRAIL, "advancedEventSelectors", _selector(MANAGEMENT)
    ),
    "trail-without-insights": _edit(
        "trail-insights", types.TRAIL, TRAIL, "insightSelectors", [{"insightType": "ApiErrorRateInsight"}]
    ),
    "log-for-a-month": _edit("log-kept-a-year", types.LOG_GROUP, "alert", "retentionInDays", 30, "seen: 30"),
    "log-for-nobody-knows": _edit("log-kept-a-year", types.LOG_GROUP, "alert", "retentionInDays", None),
    "log-not-encrypted": _edit("log-encrypted", types.LOG_GROUP, "alert", "kmsKeyId", None),
    "alarm-off": _edit("alarm-on", types.METRIC_ALARM, "alert-errors", "actionsEnabled", False),
    "alarm-without-action": _edit("alarm-heard", types.METRIC_ALARM, "alert-errors", "alarmActions", [], "no topic"),
    "alarm-elsewhere": _edit(
        "alarm-heard",
        types.METRIC_ALARM,
        "alert-errors",
        "alarmActions",
        ["arn:aws:sns:us-east-1:999988887777:else"],
    ),
    "alarm-nobody-hears": Edit(
        make=without_all(types.SUBSCRIPTION),
        rule="baseline/alarm-heard",
        token=types.METRIC_ALARM,
        name="alert-errors",
        says=("a topic that nobody hears",),
    ),
    "filter-without-alarm": Edit(
        make=without(types.METRIC_ALARM, "denied-reads"),
        rule="baseline/filter-alarmed",
        token=types.METRIC_FILTER,
        name="denied-reads",
    ),
    "filter-with-a-typo-in-the-metric": _edit(
        "filter-alarmed", types.METRIC_FILTER, "denied-reads", "metricTransformation.name", "denied-read"
    ),
    "cis-filter-with-a-typo": _filter("any-key-unusable", "ScheduleKeyDeletion", "SchedulKeyDeletion"),
    "cis-filter-narrowed": _filter("root-used", "&&", '&& $.awsRegion = "us-east-1" &&'),
    "cis-filter-joined-otherwise": _filter("unauthorised-calls", "||", "&&"),
    "cis-filter-turned-around": _filter("console-without-mfa", "!=", "="),
    "cis-filter-on-another-log": Edit(
        make=literal(types.METRIC_FILTER, "iam-changed", "logGroupName", "/aws/lambda/else"),
        rule="baseline/cis-filters",
        token=STACK,
        name=ROOT_NAME,
        says=("metric filter for changes of IAM policies",),
    ),
    "cis-filter-missing": Edit(
        make=without(types.METRIC_FILTER, "any-trail-changed"),
        rule="baseline/cis-filters",
        token=STACK,
        name=ROOT_NAME,
        says=("metric filter for changes of a trail",),
    ),
    "cis-filter-without-alarm": Edit(
        make=without(types.METRIC_ALARM, "security-group-changed"),
        rule="baseline/cis-filters",
        token=types.METRIC_FILTER,
        name="security-group-changed",
        says=("no alarm on it that somebody hears",),
    ),
}
