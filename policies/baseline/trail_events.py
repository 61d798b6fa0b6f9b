"""What trails record: every management event, what happens to the record itself, and what is unusual."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from policies.baseline import clauses, resource_types
from policies.baseline.setting import NOT_KNOWN
from policies.intent import Intent
from policies.rule import Finding, ResourceRule, Severity, StackRule
from policies.view import UNKNOWN, Resource, Stack, Value

_SELECTORS = ("advancedEventSelectors", "eventSelectors")
_INSIGHTS = frozenset({"ApiCallRateInsight", "ApiErrorRateInsight"})
_FIX = "advanced_event_selectors=_selectors(environment),"


def _everything(resource: Resource, _intent: Intent) -> Iterator[Finding]:
    value = _selectors(resource)
    if any(isinstance(each, Mapping) and _is_complete(each) for each in value) or not value:
        return
    if UNKNOWN in value:
        yield _selector_finding(resource, NOT_KNOWN, undecided=True)
    else:
        yield _selector_finding(resource, "no selector that takes every management event, reads and writes")


def _selectors(resource: Resource) -> tuple[Value, ...]:
    """The selectors of either kind: none at all means every management event."""
    found: list[Value] = []
    for name in _SELECTORS:
        value = resource.value(name)
        found.extend(value if isinstance(value, tuple) else () if value is None else (UNKNOWN,))
    return tuple(found)


def _selector_finding(resource: Resource, seen: str, *, undecided: bool = False) -> Finding:
    return Finding(
        urn=resource.urn,
        property="eventSelectors",
        seen=seen,
        required="every management event: no readOnly, no eventSource or name left out, KMS and RDS Data too",
        undecided=undecided,
    )


def _is_complete(selector: Mapping[str, Value]) -> bool:
    fields = selector.get("fieldSelectors")
    if isinstance(fields, tuple):
        # Any further field leaves something out:
        # docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_AdvancedFieldSelector.html
        return (
            len(fields) == 1
            and isinstance(fields[0], Mapping)
            and fields[0].get("field") == "eventCategory"
            and fields[0].get("equals") == ("Management",)
        )
    return (
        selector.get("includeManagementEvents") in (None, True)
        and selector.get("readWriteType") in (None, "All")
        and not selector.get("excludeManagementEventSources")
    )


def _objects(stack: Stack, _intent: Intent) -> Iterator[Finding]:
    for trail in stack.of(resource_types.TRAIL):
        bucket, selectors = trail.value("s3BucketName"), _selectors(trail)
        if not any(
            isinstance(each, Mapping) and isinstance(bucket, str) and _covers(each, bucket) for each in selectors
        ):
            yield _objects_finding(trail, undecided=bucket is UNKNOWN or UNKNOWN in selectors)


def _objects_finding(trail: Resource, *, undecided: bool = False) -> Finding:
    return Finding(
        urn=trail.urn,
        property="eventSelectors",
        seen=NOT_KNOWN if undecided else "no selector for what happens to the objects of the record itself",
        required="reads and writes of the objects in the trail's own bucket, but the delivery of log files",
        undecided=undecided,
    )


def _covers(selector: Mapping[str, Value], bucket: str) -> bool:
    fields = selector.get("fieldSelectors")
    if isinstance(fields, tuple):
        by_name = {each.get("field"): each for each in fields if isinstance(each, Mapping)}
        where = by_name.get("resources.ARN")
        within = isinstance(where, Mapping) and where.get("startsWiths") == (f"arn:aws:s3:::{bucket}/",)
        kind = by_name.get("resources.type")
        objects = isinstance(kind, Mapping) and kind.get("equals") == ("AWS::S3::Object",)
        return objects and (within or where is None) and "readOnly" not in by_name
    resources = selector.get("dataResources")
    wanted = {f"arn:aws:s3:::{bucket}/", "arn:aws:s3"}
    return selector.get("readWriteType") in (None, "All") and any(
        isinstance(each, Mapping) and wanted & set(_texts(each.get("values")))
        for each in (resources if isinstance(resources, tuple) else ())
    )


def _texts(value: Value) -> tuple[str, ...]:
    return tuple(each for each in value if isinstance(each, str)) if isinstance(value, tuple) else ()


def _insights(resource: Resource, _intent: Intent) -> Iterator[Finding]:
    value = resource.value("insightSelectors")
    kinds = (
        {each.get("insightType") for each in value if isinstance(each, Mapping)} if isinstance(value, tuple) else set()
    )
    if value is UNKNOWN or UNKNOWN in kinds or not kinds >= _INSIGHTS:
        undecided = value is UNKNOWN or UNKNOWN in kinds
        yield Finding(
            urn=resource.urn,
            property="insightSelectors",
            seen=NOT_KNOWN if undecided else "not both kinds of insights",
            required=" and ".join(sorted(_INSIGHTS)),
            undecided=undecided,
        )


RULES = (
    ResourceRule(
        id="baseline/trail-every-event",
        title="A trail records every management event",
        severity=Severity.CRITICAL,
        clauses=clauses.RECORD,
        remediation=_FIX,
        parity=(
            "SH:CloudTrail.1",
            "PRW:cloudtrail_multi_region_enabled_logging_management_events",
            "PB:audit-admin-actions-logged",
        ),
        types=frozenset({resource_types.TRAIL}),
        check=_everything,
    ),
    StackRule(
        id="baseline/trail-own-objects",
        title="Who touches the record is on record",
        severity=Severity.MEDIUM,
        clauses=clauses.RECORD_KEPT,
        remediation=_FIX,
        parity=(
            "CIS-1.4:3.10",
            "CIS-1.4:3.11",
            "CIS-3.0:3.8",
            "CIS-3.0:3.9",
            "PRW:cloudtrail_s3_dataevents_read_enabled",
            "PRW:cloudtrail_s3_dataevents_write_enabled",
        ),
        check=_objects,
    ),
    ResourceRule(
        id="baseline/trail-insights",
        title="CloudTrail tells of unusual numbers of calls and errors",
        severity=Severity.LOW,
        clauses=clauses.MONITORING,
        remediation="insight_selectors=[…],  # ApiCallRateInsight and ApiErrorRateInsight",
        parity=("PRW:cloudtrail_insights_exist",),
        types=frozenset({resource_types.TRAIL}),
        check=_insights,
    ),
)
