"""Blocks on their way to AWS and back, against the models that AWS publishes of its APIs."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import botocore.session
import pytest

from sandbox.provider import (
    alarm,
    athena,
    bucketaccess,
    bucketevents,
    bucketlifecycle,
    bucketversions,
    compositealarm,
    eventrule,
    eventtarget,
    glue,
    metricfilter,
    scheduler,
    statemachine,
    trail,
)
from sandbox.provider.difference import comparable
from sandbox.provider.resource import Call, Kind, block, blocks, document, flag, number, text
from sandbox.provider.wire import Case, Fields, camel, from_aws, pascal, spelled, stamp, to_aws, unless_default

_FIELDS = {
    "arn": text(),
    "enabled": flag(default=False),
    "kmsKey": text(aws="KMSKey"),
    "retry": block({"attempts": number(default=3), "note": text()}),
    "steps": blocks({"name": text()}, ordered=True),
}
# Fields, the service and the shape that they make up, and those that are put together by hand.
_SHAPES: list[tuple[Fields, str, str, set[str]]] = [
    (alarm._ALARM, "cloudwatch", "PutMetricAlarmInput", set()),
    (alarm._QUERY, "cloudwatch", "MetricDataQuery", {"metric"}),
    (athena._CONFIGURATION, "athena", "WorkGroupConfiguration", set()),
    (bucketaccess._RULE, "s3", "ServerSideEncryptionRule", set()),
    (bucketaccess._BLOCK, "s3", "PublicAccessBlockConfiguration", set()),
    (bucketevents._LOGGING, "s3", "LoggingEnabled", set()),
    (bucketlifecycle._RULE, "s3", "LifecycleRule", set()),
    (bucketversions._RULE, "s3", "ObjectLockRule", set()),
    (bucketversions._VERSIONING, "s3", "VersioningConfiguration", set()),
    (compositealarm._COMPOSITE, "cloudwatch", "PutCompositeAlarmInput", set()),
    (compositealarm._SUPPRESSOR, "cloudwatch", "PutCompositeAlarmInput", set()),
    (eventrule._RULE, "events", "PutRuleRequest", set()),
    (eventrule._BUS, "events", "CreateEventBusRequest", set()),
    (eventtarget._TARGET, "events", "Target", set()),
    (eventtarget._COMMANDS, "events", "RunCommandParameters", set()),
    (glue._DATABASE, "glue", "DatabaseInput", set()),
    (glue._TABLE, "glue", "TableInput", set()),
    (metricfilter._TRANSFORMATION, "logs", "MetricTransformation", set()),
    (scheduler._SCHEDULE, "scheduler", "CreateScheduleInput", set()),
    (scheduler._DATES, "scheduler", "CreateScheduleInput", set()),
    (statemachine._SETTINGS, "stepfunctions", "CreateStateMachineInput", {"logDestination"}),
    (trail._TRAIL, "cloudtrail", "CreateTrailRequest", set()),
    (trail._EVENTS, "cloudtrail", "EventSelector", set()),
    (trail._ADVANCED, "cloudtrail", "AdvancedEventSelector", set()),
    (trail._INSIGHT, "cloudtrail", "InsightSelector", set()),
]


def unknown(fields: Fields, shape: Any, case: Case, apart: set[str]) -> Iterator[str]:
    """The names that AWS's model does not have."""
    for name, prop in fields.items():
        aws = prop.aws or case(name)
        if name in apart:
            continue
        if aws not in shape.members:
            yield f"{shape.name}.{aws}"
        elif prop.kind in {Kind.BLOCK, Kind.BLOCKS}:
            inner = shape.members[aws]
            yield from unknown(prop.fields, inner.member if prop.kind is Kind.BLOCKS else inner, case, apart)


@pytest.mark.parametrize(("fields", "service", "shape", "apart"), _SHAPES)
def test_every_name_that_is_sent_is_one_of_the_api(fields: Fields, service: str, shape: str, apart: set[str]) -> None:
    model = botocore.session.get_session().get_service_model(service)
    case = camel if service in {"logs", "stepfunctions"} else pascal
    assert list(unknown(fields, model.shape_for(shape), case, apart)) == []


def test_a_block_goes_out_in_aws_words_with_its_defaults() -> None:
    given = {"arn": "a", "kmsKey": "k", "retry": {"note": "n"}, "steps": [{"name": "one"}]}
    assert to_aws(_FIELDS, given) == {
        "Arn": "a",
        "Enabled": False,
        "KMSKey": "k",
        "Retry": {"Attempts": 3, "Note": "n"},
        "Steps": [{"Name": "one"}],
    }
    assert to_aws({"retry": _FIELDS["retry"]}, {}) == {}


def test_a_block_comes_back_without_what_aws_leaves_empty() -> None:
    answer = {"Arn": "", "Enabled": False, "KMSKey": None, "Retry": {"Attempts": 0}, "Steps": [], "More": 1}
    assert from_aws(_FIELDS, answer) == {"enabled": False, "retry": {"attempts": 0}}


def test_what_aws_does_on_its_own_is_no_drift_until_somebody_changes_it() -> None:
    silent, asked = Call(aws=None), Call(aws=None, new={"tracing": {"enabled": False}})  # type: ignore[arg-type]
    assert unless_default(silent, "tracing", {"enabled": False}, {"enabled": False}) is None
    assert unless_default(silent, "tracing", {"enabled": True}, {"enabled": False}) == {"enabled": True}
    assert unless_default(asked, "tracing", {"enabled": False}, {"enabled": False}) == {"enabled": False}


@pytest.mark.parametrize(
    ("given", "live", "kept"),
    [
        ("1234", "arn:aws:kms:us-east-1:1:key/1234", "1234"),
        ("topic", "arn:aws:sns:us-east-1:1:topic", "topic"),
        ("234", "arn:aws:kms:us-east-1:1:key/1234", "arn:aws:kms:us-east-1:1:key/1234"),
        (None, "arn:aws:sns:us-east-1:1:topic", "arn:aws:sns:us-east-1:1:topic"),
        ("topic", None, None),
    ],
)
def test_a_name_stands_for_the_arn_that_ends_with_it(given: str | None, live: str | None, kept: str | None) -> None:
    assert spelled(given, live) == kept


def test_a_time_is_said_in_utc() -> None:
    assert stamp(datetime(2040, 1, 1, 1, tzinfo=timezone(timedelta(hours=1)))) == "2040-01-01T00:00:00Z"
    assert stamp(datetime(2040, 1, 1, tzinfo=UTC)) == "2040-01-01T00:00:00Z"
    assert stamp(None) is None


def test_order_counts_only_where_it_means_something() -> None:
    forth, back = [{"name": "one"}, {"name": "two"}], [{"name": "two"}, {"name": "one"}]
    assert comparable(_FIELDS["steps"], forth) != comparable(_FIELDS["steps"], back)
    assert comparable(blocks({"name": text()}), forth) == comparable(blocks({"name": text()}), back)
    assert comparable(document(ordered=True), "[1, 2]") != comparable(document(ordered=True), "[2, 1]")
    assert comparable(document(ordered=True), '{"a": 1, "b": 2}') == comparable(document(ordered=True), '{"b":2,"a":1}')
    assert comparable(document(ordered=True), '["a"]') != comparable(document(ordered=True), '"a"')
    assert comparable(document(), '["a"]') == comparable(document(), '"a"')
