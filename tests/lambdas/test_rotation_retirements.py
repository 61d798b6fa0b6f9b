"""The plan of a retirement in EventBridge Scheduler: one schedule a secret, made, moved, read, named within limits."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, cast

import boto3
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from moto import mock_aws

from catalog import load
from rotation.errors import RotationError, ServiceError
from rotation.retirements import LONGEST_NAME, ScheduledRetirements, schedule_name
from rotation.versions import Secret
from tests.lambdas.workbench import PREFIX, RETIREMENT

CANARY = "canary-of-the-scheduler"
AT = datetime(2030, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
SECRET = Secret(arn="arn", name=PREFIX + "db-app-password", tags={}, rotation_enabled=True, stages={})
OTHER = Secret(arn="arn", name=PREFIX + "redis-password", tags={}, rotation_enabled=True, stages={})


@pytest.fixture
def scheduler() -> Iterator[Any]:
    """The schedules of an account, in memory."""
    with mock_aws():
        yield boto3.client("scheduler", region_name="us-east-1")


def retirements(client: Any) -> ScheduledRetirements:
    return ScheduledRetirements(client, RETIREMENT)


def refusal(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": CANARY}}, "x")


class Refusing:
    """Every operation answers with the error given for it; what was called is kept."""

    def __init__(self, **errors: Exception) -> None:
        self.errors = errors
        self.called: list[str] = []

    def _answer(self, operation: str) -> Any:
        self.called.append(operation)
        if operation in self.errors:
            raise self.errors[operation]
        return {}

    def create_schedule(self, **_: Any) -> Any:
        return self._answer("create")

    def update_schedule(self, **_: Any) -> Any:
        return self._answer("update")

    def get_schedule(self, **_: Any) -> Any:
        return self._answer("get")


def test_a_plan_is_one_schedule_that_fires_once_at_a_time_of_utc_and_deletes_itself(scheduler: Any) -> None:
    retirements(scheduler).plan(SECRET, "version-2", AT)
    made = scheduler.get_schedule(Name="llm-observatory-staging-retire-db-app-password")
    assert made["ScheduleExpression"] == "at(2030-01-02T03:04:05)"
    assert made["ScheduleExpressionTimezone"] == "UTC"
    assert made["FlexibleTimeWindow"] == {"Mode": "OFF"}
    assert made["ActionAfterCompletion"] == "DELETE"
    assert made["State"] == "ENABLED"


def test_a_plan_invokes_retire_with_the_secret_and_the_version_and_keeps_what_it_could_not(scheduler: Any) -> None:
    retirements(scheduler).plan(SECRET, "version-2", AT)
    target = scheduler.get_schedule(Name=schedule_name(SECRET.name))["Target"]
    assert (target["Arn"], target["RoleArn"]) == (RETIREMENT.function, RETIREMENT.role)
    assert json.loads(target["Input"]) == {"secret": SECRET.name, "version": "version-2"}
    assert target["DeadLetterConfig"] == {"Arn": RETIREMENT.dead_letters}


def test_a_moment_of_another_zone_is_planned_in_utc(scheduler: Any) -> None:
    retirements(scheduler).plan(SECRET, "version-2", AT.astimezone(timezone(timedelta(hours=5, minutes=30))))
    assert scheduler.get_schedule(Name=schedule_name(SECRET.name))["ScheduleExpression"] == "at(2030-01-02T03:04:05)"


def test_a_later_plan_replaces_the_one_before_and_touches_no_other(scheduler: Any) -> None:
    plans = retirements(scheduler)
    plans.plan(OTHER, "other", AT)
    plans.plan(SECRET, "version-2", AT)
    plans.plan(SECRET, "version-3", AT + timedelta(hours=1))
    made = scheduler.get_schedule(Name=schedule_name(SECRET.name))
    assert made["ScheduleExpression"] == "at(2030-01-02T04:04:05)"
    assert json.loads(made["Target"]["Input"])["version"] == "version-3"
    # An update replaces the whole schedule: what it does not say again falls back to the service's default.
    assert (made["ActionAfterCompletion"], made["ScheduleExpressionTimezone"]) == ("DELETE", "UTC")
    assert made["Target"]["DeadLetterConfig"] == {"Arn": RETIREMENT.dead_letters}
    assert len(scheduler.list_schedules()["Schedules"]) == 2
    assert plans.planned(OTHER) == AT.replace(microsecond=0)


def test_what_is_planned_can_be_read_and_nothing_is_planned_before_and_after(scheduler: Any) -> None:
    plans = retirements(scheduler)
    assert plans.planned(SECRET) is None
    plans.plan(SECRET, "version-2", AT)
    assert plans.planned(SECRET) == AT.replace(microsecond=0)
    assert plans.planned(OTHER) is None
    scheduler.delete_schedule(Name=schedule_name(SECRET.name))
    assert plans.planned(SECRET) is None


def test_a_schedule_that_is_there_is_moved_and_any_other_refusal_is_not_answered_with_a_move() -> None:
    there = Refusing(create=refusal("ConflictException"))
    retirements(cast("Any", there)).plan(SECRET, "version-2", AT)
    assert there.called == ["create", "update"]
    denied = Refusing(create=refusal("AccessDeniedException"))
    with pytest.raises(ServiceError):
        retirements(cast("Any", denied)).plan(SECRET, "version-2", AT)
    assert denied.called == ["create"]


@pytest.mark.parametrize(
    ("errors", "operation"),
    [
        ({"create": refusal("AccessDeniedException")}, "CreateSchedule"),
        ({"create": refusal("ConflictException"), "update": refusal("AccessDeniedException")}, "UpdateSchedule"),
        ({"get": refusal("AccessDeniedException")}, "GetSchedule"),
    ],
)
def test_a_refusal_names_operation_and_secret_and_keeps_the_code_only(
    errors: dict[str, Exception], operation: str
) -> None:
    plans = retirements(cast("Any", Refusing(**errors)))
    with pytest.raises(
        ServiceError, match=rf"^secret '{SECRET.name}': {operation} was refused with AccessDenied"
    ) as caught:
        plans.planned(SECRET) if "get" in errors else plans.plan(SECRET, "version-2", AT)
    assert caught.value.code == "AccessDeniedException"
    assert caught.value.__cause__ is None
    assert CANARY not in str(caught.value)


def test_a_schedule_that_fired_between_the_two_calls_fails_the_step_which_is_tried_again() -> None:
    gone = Refusing(create=refusal("ConflictException"), update=refusal("ResourceNotFoundException"))
    with pytest.raises(ServiceError, match="UpdateSchedule was refused with ResourceNotFoundException"):
        retirements(cast("Any", gone)).plan(SECRET, "version-2", AT)


@pytest.mark.parametrize("operation", ["create", "update", "get"])
def test_no_answer_is_an_error_that_names_the_secret_and_not_the_address(operation: str) -> None:
    errors: dict[str, Exception] = {operation: EndpointConnectionError(endpoint_url=f"https://{CANARY}")}
    if operation == "update":
        errors["create"] = refusal("ConflictException")
    plans = retirements(cast("Any", Refusing(**errors)))
    match = rf"secret '{SECRET.name}': EventBridge Scheduler gave no answer \(EndpointConnectionError\); check the"
    with pytest.raises(RotationError, match=match) as caught:
        plans.planned(SECRET) if operation == "get" else plans.plan(SECRET, "version-2", AT)
    assert CANARY not in str(caught.value)
    assert caught.value.__cause__ is None


def test_every_secret_of_the_catalogue_has_a_schedule_of_its_own_in_each_environment() -> None:
    names = [
        schedule_name(f"llm-observatory/{environment}/{secret.name}")
        for environment in ("staging", "prod")
        for secret in load.catalog().secrets
    ]
    assert len(set(names)) == len(names)
    assert all(len(name) <= LONGEST_NAME for name in names)


def test_a_name_at_the_limit_stays_and_a_longer_one_ends_in_a_digest() -> None:
    room = LONGEST_NAME - len("llm-observatory-staging-retire-")
    assert schedule_name(PREFIX + "a" * room).endswith("-" + "a" * room)
    longer = schedule_name(PREFIX + "a" * (room + 1))
    assert len(longer) == LONGEST_NAME
    assert longer.startswith("llm-observatory-staging-retire-aaaaaaaa")
    assert longer == schedule_name(PREFIX + "a" * (room + 1))


def test_long_names_that_begin_alike_stay_apart(scheduler: Any) -> None:
    plans = retirements(scheduler)
    secrets = [
        Secret(arn="arn", name=PREFIX + "a" * 60 + end, tags={}, rotation_enabled=True, stages={}) for end in "xyz"
    ]
    for hours, secret in enumerate(secrets):
        plans.plan(secret, "version-2", AT + timedelta(hours=hours))
    assert [plans.planned(secret) for secret in secrets] == [
        AT.replace(microsecond=0) + timedelta(hours=hours) for hours in range(3)
    ]
