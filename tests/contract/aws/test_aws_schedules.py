"""EventBridge Scheduler: what it takes, and one-time schedules that are due within the test.

What takes longer than a test may is in tests/sandbox/aws/test_aws_clock_schedules.py. Source:
https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html and
https://docs.aws.amazon.com/scheduler/latest/APIReference/API_CreateSchedule.html.
"""

import json
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.contract.aws.actors import Statement, allow, make_role, trust
from tests.contract.aws.bench_of_events import EventBench, event_bench
from tests.contract.aws.harness import ContractAws, error_of, eventually

OFF = {"Mode": "OFF"}


class ScheduleBench:
    """A queue, a role that Scheduler may assume, and schedules."""

    def __init__(self, queue: EventBench) -> None:
        """Schedules go with `close`."""
        self.queue = queue
        self.aws = queue.aws
        self.client = queue.aws.client("scheduler")
        self.names: list[str] = []

    def role(self, *policy: Statement, service: str = "scheduler.amazonaws.com", **conditions: Any) -> str:
        """A role with this policy, trusting under these conditions: its ARN."""
        name = f"llmobs-contract-{uuid.uuid4()}"
        return make_role(self.aws, name, policy, trusts=(trust({"Service": service}, **conditions),))

    def sender(self) -> str:
        """A role that may send to the queue."""
        return self.role(allow("sqs:SendMessage", self.queue.arn))

    def create(self, expression: str, target: dict[str, Any], **arguments: Any) -> str:
        """A new schedule: its name."""
        name = f"llmobs-contract-{uuid.uuid4()}"
        self.client.create_schedule(
            Name=name, ScheduleExpression=expression, Target=target, **{"FlexibleTimeWindow": OFF, **arguments}
        )
        self.names.append(name)
        return name

    def close(self) -> None:
        """Remove what was made."""
        for name in self.names:
            try:
                self.client.delete_schedule(Name=name)
            except ClientError:
                continue


@pytest.fixture
def bench(aws: ContractAws) -> Iterator[ScheduleBench]:
    """A bench of its own."""
    with event_bench(aws) as queue:
        made = ScheduleBench(queue)
        yield made
        made.close()


def soon(seconds: float = 2.0) -> str:
    """An at() expression a little ahead."""
    return f"at({datetime.now(UTC) + timedelta(seconds=seconds):%Y-%m-%dT%H:%M:%S})"


@pytest.mark.diverges
@pytest.mark.parametrize(
    "expression",
    [
        "rate(1 minutes)",
        "rate(2 minute)",
        "cron(0 10 * * * *)",
        "cron(0 10 ? * 9 *)",
        "at(2030-02-30T00:00:00)",
        "at(2030-02-03)",
        "every day",
    ],
)
def test_a_bad_expression_is_refused(bench: ScheduleBench, expression: str) -> None:
    with pytest.raises(ClientError) as caught:
        bench.create(expression, {"Arn": bench.queue.arn, "RoleArn": bench.sender()})
    assert error_of(caught.value)[0] == "ValidationException"


@pytest.mark.diverges
def test_an_unknown_time_zone_is_refused(bench: ScheduleBench) -> None:
    target = {"Arn": bench.queue.arn, "RoleArn": bench.sender()}
    with pytest.raises(ClientError) as caught:
        bench.create("rate(1 day)", target, ScheduleExpressionTimezone="Europe/Nowhere")
    assert error_of(caught.value)[0] == "ValidationException"


@pytest.mark.diverges
@pytest.mark.parametrize("window", [{"Mode": "FLEXIBLE"}, {"Mode": "OFF", "MaximumWindowInMinutes": 5}])
def test_the_flexible_window_needs_its_minutes_and_none_goes_without(
    bench: ScheduleBench, window: dict[str, Any]
) -> None:
    target = {"Arn": bench.queue.arn, "RoleArn": bench.sender()}
    with pytest.raises(ClientError) as caught:
        bench.create("rate(1 day)", target, FlexibleTimeWindow=window)
    assert error_of(caught.value)[0] == "ValidationException"


@pytest.mark.diverges
def test_a_role_that_scheduler_may_not_assume_is_refused(bench: ScheduleBench) -> None:
    """Source: https://docs.aws.amazon.com/scheduler/latest/UserGuide/setting-up.html (execution role)."""
    role = bench.role(allow("sqs:SendMessage"), service="lambda.amazonaws.com")
    with pytest.raises(ClientError) as caught:
        bench.create("rate(1 day)", {"Arn": bench.queue.arn, "RoleArn": role})
    assert error_of(caught.value) == (
        "ValidationException",
        "The execution role you provide must allow AWS EventBridge Scheduler to assume the role.",
    )


@pytest.mark.diverges
@pytest.mark.parametrize("is_trusted", [True, False])
def test_a_role_is_told_the_group_of_the_schedule_as_its_source(bench: ScheduleBench, *, is_trusted: bool) -> None:
    """Source: https://docs.aws.amazon.com/scheduler/latest/UserGuide/doc-history.html (7 September 2023)."""
    group = f"arn:aws:scheduler:{bench.aws.region}:{bench.aws.account}:schedule-group/default"
    source = group if is_trusted else f"{group}-2"
    role = bench.role(allow("sqs:SendMessage", bench.queue.arn), ArnEquals={"aws:SourceArn": source})
    target = {"Arn": bench.queue.arn, "RoleArn": role, "Input": '{"hello": 1}'}
    if is_trusted:
        bench.create(soon(), target)
        assert bench.queue.body() == {"hello": 1}
    else:
        with pytest.raises(ClientError, match="must allow AWS EventBridge Scheduler to assume the role"):
            bench.create(soon(), target)


@pytest.mark.diverges
def test_an_update_replaces_the_action_after_completion(bench: ScheduleBench) -> None:
    """Source: API_UpdateSchedule.html: it "uses all values, including empty values, specified in the request"."""
    target = {"Arn": bench.queue.arn, "RoleArn": bench.sender()}
    name = bench.create("rate(1 day)", target, ActionAfterCompletion="NONE")
    bench.client.update_schedule(
        Name=name,
        ScheduleExpression="rate(2 days)",
        Target=target,
        FlexibleTimeWindow=OFF,
        ActionAfterCompletion="DELETE",
    )
    assert bench.client.get_schedule(Name=name)["ActionAfterCompletion"] == "DELETE"


@pytest.mark.diverges
def test_a_one_time_schedule_sends_its_input_once_and_is_deleted_if_it_says_so(bench: ScheduleBench) -> None:
    """Source: https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-delete.html (completion)."""
    target = {"Arn": bench.queue.arn, "RoleArn": bench.sender(), "Input": '{"hello": 1}'}
    name = bench.create(soon(), target, ActionAfterCompletion="DELETE")
    assert bench.queue.body() == {"hello": 1}
    eventually(lambda: not _exists(bench, name))


@pytest.mark.diverges
def test_a_target_that_the_roles_policy_does_not_allow_goes_to_the_dead_letter_queue(bench: ScheduleBench) -> None:
    """Source: https://docs.aws.amazon.com/scheduler/latest/UserGuide/configuring-schedule-dlq.html."""
    url, dead = bench.queue.queue()
    role = bench.role(allow("sqs:SendMessage", dead))
    target = {"Arn": bench.queue.arn, "RoleArn": role, "Input": "{}", "DeadLetterConfig": {"Arn": dead}}
    bench.create(soon(), target)
    told = {name: value["StringValue"] for name, value in bench.queue.arrived(url=url)["MessageAttributes"].items()}
    assert told["TARGET_ARN"] == bench.queue.arn
    assert ":schedule/default/" in told["SCHEDULE_ARN"]


@pytest.mark.diverges
def test_a_universal_target_makes_the_call_as_its_role(bench: ScheduleBench) -> None:
    """Source: https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-targets-universal.html."""
    secret = bench.aws.secret()
    role = bench.role(allow("secretsmanager:TagResource"))
    request = json.dumps({"SecretId": secret, "Tags": [{"Key": "by", "Value": "schedule"}]})
    bench.create(
        soon(), {"Arn": "arn:aws:scheduler:::aws-sdk:secretsmanager:tagResource", "RoleArn": role, "Input": request}
    )
    tags = eventually(lambda: bench.aws.sm.describe_secret(SecretId=secret).get("Tags"), seconds=bench.queue.patience)
    assert tags == [{"Key": "by", "Value": "schedule"}]


@pytest.mark.diverges
@pytest.mark.executes
def test_a_function_is_invoked_as_the_schedules_role_with_its_context(bench: ScheduleBench) -> None:
    """Source: https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-context-attributes.html."""
    function = bench.aws.function("import json\ndef handle(event, context):\n    print('got', json.dumps(event))")
    role = bench.role(allow("lambda:InvokeFunction", function))
    target = {"Arn": function, "RoleArn": role, "Input": '{"of": "<aws.scheduler.schedule-arn>"}'}
    name = bench.create(soon(), target)
    line = eventually(
        lambda: next((one for one in bench.aws.log_of(function) if one.startswith("got")), None),
        seconds=bench.queue.patience,
    )
    assert json.loads(line.removeprefix("got "))["of"].endswith(f"schedule/default/{name}")


def _exists(bench: ScheduleBench, name: str) -> bool:
    try:
        bench.client.get_schedule(Name=name)
    except bench.client.exceptions.ResourceNotFoundException:
        return False
    return True
