"""Rules and schedules of EventBridge on the clock: each of their times is met once, in order, also over a kill."""

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from sandbox.aws import process
from sandbox.aws.errors import SandboxError
from tests.contract.aws.actors import allow, make_role, trust
from tests.contract.aws.bench_of_events import EventBench
from tests.contract.aws.harness import eventually
from tests.sandbox.aws.clocked import DAY, Clocked

HOUR = 3600.0
OFF = {"Mode": "OFF"}
FAILS_TWICE = """
from pathlib import Path
def handle(event, context):
    print("tried")
    raise RuntimeError("always")
"""


@pytest.fixture(scope="module")
def clocked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clocked]:
    """One local AWS, whose clock goes on from test to test."""
    subject = Clocked(tmp_path_factory.mktemp("schedules"))
    yield subject
    process.stop(subject.state)


@pytest.fixture
def bench(clocked: Clocked) -> Iterator[EventBench]:
    """A queue, rules and schedules, gone after the test."""
    made = EventBench(clocked.aws)
    yield made
    made.close()
    scheduler = clocked.aws.client("scheduler")
    for schedule in scheduler.list_schedules()["Schedules"]:
        scheduler.delete_schedule(Name=schedule["Name"])
    clocked.aws.clean_up()


def scheduled_rule(bench: EventBench, expression: str, name: str = "llmobs-clock") -> str:
    """A scheduled rule that may send to the bench's queue."""
    arn: str = bench.events.put_rule(Name=name, ScheduleExpression=expression)["RuleArn"]
    bench.rules.append((name, "default"))
    bench.target(arn)
    bench.allow(arn)
    return arn


def schedule(clocked: Clocked, bench: EventBench, name: str, expression: str, **arguments: Any) -> None:
    """A schedule that sends its name to the bench's queue."""
    role = make_role(
        clocked.aws,
        f"llmobs-clock-{name}",
        [allow("sqs:SendMessage", bench.arn)],
        trusts=(trust({"Service": "scheduler.amazonaws.com"}),),
    )
    target = {
        "Arn": bench.arn,
        "RoleArn": role,
        "Input": json.dumps({"name": name, "at": "<aws.scheduler.scheduled-time>"}),
    }
    clocked.aws.client("scheduler").create_schedule(
        Name=name, ScheduleExpression=expression, Target=target, FlexibleTimeWindow=OFF, **arguments
    )


def bodies(bench: EventBench) -> list[Any]:
    """Everything in the queue."""
    found: list[Any] = []
    while True:
        messages = bench.sqs.receive_message(QueueUrl=bench.url, MaxNumberOfMessages=10).get("Messages", [])
        if not messages:
            return found
        for message in messages:
            found.append(json.loads(message["Body"]))
            bench.sqs.delete_message(QueueUrl=bench.url, ReceiptHandle=message["ReceiptHandle"])


def local(moment: datetime) -> str:
    """As at() takes it."""
    return f"{moment:%Y-%m-%dT%H:%M:%S}"


def test_a_scheduled_rule_fires_at_each_of_its_times_with_the_documented_event(
    clocked: Clocked, bench: EventBench
) -> None:
    rule = scheduled_rule(bench, "cron(30 */6 * * ? *)")
    ran = clocked.advance(DAY)
    fired = [item["at"][11:] for item in ran if item["kind"] == "rule"]
    assert sorted(fired) == ["00:30:00Z", "06:30:00Z", "12:30:00Z", "18:30:00Z"]
    events = bodies(bench)
    assert [event["time"] for event in events] == [item["at"] for item in ran if item["kind"] == "rule"]
    assert {(event["source"], event["detail-type"], event["resources"][0]) for event in events} == {
        ("aws.events", "Scheduled Event", rule)
    }


def test_a_rate_counts_from_the_rule_and_a_disabled_rule_does_not_fire(clocked: Clocked, bench: EventBench) -> None:
    scheduled_rule(bench, "rate(8 hours)")
    assert [item["kind"] for item in clocked.advance(17 * HOUR)] == ["rule", "delivery", "rule", "delivery"]
    bench.events.disable_rule(Name="llmobs-clock")
    assert clocked.advance(DAY) == []


def test_schedules_follow_their_time_zone_over_the_change_of_the_clocks(clocked: Clocked, bench: EventBench) -> None:
    """Berlin: UTC+1 until the last Sunday of March, UTC+2 after; 02:30 of that Sunday does not exist."""
    now = clocked.now()
    year = now.year + 1
    last = datetime(year, 3, 31, tzinfo=UTC)
    sunday = last - timedelta(days=(last.weekday() + 1) % 7)
    clocked.advance((sunday - timedelta(days=1, hours=6) - now).total_seconds())
    schedule(clocked, bench, "berlin", "cron(30 2 * * ? *)", ScheduleExpressionTimezone="Europe/Berlin")
    clocked.advance(3 * DAY)
    times = [body["at"] for body in bodies(bench)]
    saturday, monday = sunday - timedelta(days=1), sunday + timedelta(days=1)
    assert times == [f"{saturday:%Y-%m-%d}T01:30:00Z", f"{monday:%Y-%m-%d}T00:30:00Z"]


def test_start_and_end_bound_a_recurring_schedule_and_the_last_time_completes_it(
    clocked: Clocked, bench: EventBench
) -> None:
    begin = clocked.now() + timedelta(days=2)
    schedule(
        clocked,
        bench,
        "bounded",
        "rate(12 hours)",
        StartDate=begin,
        EndDate=begin + timedelta(days=1, hours=1),
        ActionAfterCompletion="DELETE",
    )
    clocked.advance(4 * DAY)  # a queue keeps messages for four days
    assert [body["at"] for body in bodies(bench)] == [
        f"{begin + timedelta(hours=hours):%Y-%m-%dT%H:%M:%SZ}" for hours in (0, 12, 24)
    ]
    assert clocked.aws.client("scheduler").list_schedules()["Schedules"] == []


def test_different_sources_run_in_one_order_of_due_time(clocked: Clocked, bench: EventBench) -> None:
    now = clocked.now().replace(microsecond=0)
    secret = clocked.rotated(2)
    eventually(lambda: clocked.aws.holder(secret, "AWSPENDING") is None)
    for name, hours in (("later", 60), ("sooner", 5)):
        schedule(clocked, bench, name, f"at({local(now + timedelta(hours=hours))})")
    gone = clocked.aws.client("kms").create_key()["KeyMetadata"]["KeyId"]
    clocked.aws.client("kms").schedule_key_deletion(KeyId=gone, PendingWindowInDays=7)
    ran = clocked.advance(8 * DAY)
    moments = [item["at"] for item in ran if item["kind"] != "delivery"]
    assert moments == sorted(moments)
    kinds = [item["kind"] for item in ran]
    assert kinds[0] == "schedule"
    assert [item["name"].rpartition("/")[2] for item in ran if item["kind"] == "schedule"] == ["sooner", "later"]
    assert (kinds.count("rotation"), kinds.count("key-deletion")) == (4, 1)
    kms = clocked.aws.client("kms")
    with pytest.raises(kms.exceptions.NotFoundException):
        kms.describe_key(KeyId=gone)


def test_retries_of_an_asynchronous_invocation_come_at_their_own_due_time(clocked: Clocked, bench: EventBench) -> None:
    function = clocked.aws.function(FAILS_TWICE)
    clocked.aws.client("lambda").add_permission(
        FunctionName=function, StatementId="r", Action="lambda:InvokeFunction", Principal="events.amazonaws.com"
    )
    arn = bench.events.put_rule(Name="llmobs-clock", ScheduleExpression="rate(1 day)")["RuleArn"]
    bench.rules.append(("llmobs-clock", "default"))
    bench.target(arn, function)
    ran = clocked.advance(DAY + HOUR)
    assert [item["kind"] for item in ran] == ["rule", "delivery", "async-invoke", "async-invoke", "async-invoke"]
    assert {item["outcome"] for item in ran[2:]} == {"failed: RuntimeError"}
    assert len([line for line in clocked.aws.log_of(function) if line.startswith("tried")]) == 3


def test_log_events_go_after_their_groups_retention(clocked: Clocked, bench: EventBench) -> None:
    logs = clocked.aws.client("logs")
    logs.create_log_group(logGroupName="/llmobs/kept")
    logs.put_retention_policy(logGroupName="/llmobs/kept", retentionInDays=3)
    logs.create_log_stream(logGroupName="/llmobs/kept", logStreamName="s")
    event = {"timestamp": int(clocked.now().timestamp() * 1000), "message": "old"}
    logs.put_log_events(logGroupName="/llmobs/kept", logStreamName="s", logEvents=[event])
    assert clocked.advance(2 * DAY) == []
    assert [(item["kind"], item["outcome"]) for item in clocked.advance(3 * DAY)] == [
        ("log-retention", "1 events deleted")
    ]
    assert logs.filter_log_events(logGroupName="/llmobs/kept")["events"] == []


def test_a_universal_target_rotates_a_secret_in_the_same_advance(clocked: Clocked, bench: EventBench) -> None:
    secret = clocked.rotated(900)
    eventually(lambda: clocked.aws.holder(secret, "AWSPENDING") is None)
    before = clocked.current(secret)
    role = make_role(
        clocked.aws,
        "llmobs-clock-rotate",
        [allow(["secretsmanager:RotateSecret", "lambda:InvokeFunction"])],
        trusts=(trust({"Service": "scheduler.amazonaws.com"}),),
    )
    target = {
        "Arn": "arn:aws:scheduler:::aws-sdk:secretsmanager:rotateSecret",
        "RoleArn": role,
        "Input": json.dumps({"SecretId": secret}),
    }
    clocked.aws.client("scheduler").create_schedule(
        Name="rotate", ScheduleExpression="rate(3 days)", Target=target, FlexibleTimeWindow=OFF
    )
    ran = clocked.advance(4 * DAY)
    assert [(item["kind"], item["outcome"]) for item in ran] == [
        ("schedule", "invoked"),
        ("delivery", "delivered"),
        ("rotation", "succeeded"),
    ]
    assert clocked.current(secret) != before


def test_a_kill_in_the_middle_of_an_advance_delivers_each_time_once(tmp_path: Path) -> None:
    subject = Clocked(tmp_path)
    bench = EventBench(subject.aws)
    try:
        scheduled_rule(bench, "rate(1 hour)")
        begun = subject.now()

        def advance() -> None:
            with pytest.raises(SandboxError):
                subject.advance(400 * HOUR)

        thread = threading.Thread(target=advance)
        thread.start()
        eventually(lambda: subject.now() - begun > timedelta(hours=8))
        subject.kill()
        thread.join()
        subject.start()
        bench.sqs = subject.aws.client("sqs")
        subject.advance(5 * HOUR)
        reached = (subject.now() - begun).total_seconds() // HOUR
        times = [event["time"] for event in bodies(bench)]
        assert len(times) == len(set(times)) == reached
        assert times == sorted(times)
    finally:
        process.stop(subject.state)
