"""Rotations on the clock: each begins by its schedule, once, in order of due time, and is kept over a kill."""

import threading
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from sandbox.aws import process
from sandbox.aws.errors import SandboxError
from tests.contract.aws.harness import eventually
from tests.sandbox.aws.clocked import DAY, ROTATES, Clocked

FAILS_ONCE = ROTATES.replace(
    '    sm = boto3.client("secretsmanager")',
    '    sm = boto3.client("secretsmanager")\n'
    "    tags = {tag['Key'] for tag in sm.describe_secret(SecretId=secret).get('Tags', [])}\n"
    "    if event['Step'] == 'setSecret' and 'failed' not in tags:\n"
    "        sm.tag_resource(SecretId=secret, Tags=[{'Key': 'failed', 'Value': 'once'}])\n"
    "        raise RuntimeError('first time')",
)
ALWAYS_FAILS = "def handle(event, context):\n    raise RuntimeError('never')"
SLOW = ROTATES.replace(
    '    if event["Step"] == "finishSecret":',
    '    import time; time.sleep(0.4)\n    if event["Step"] == "finishSecret":',
)


@pytest.fixture(scope="module")
def clocked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clocked]:
    """One local AWS, whose clock goes on from test to test."""
    subject = Clocked(tmp_path_factory.mktemp("rotations"))
    yield subject
    process.stop(subject.state)


@pytest.fixture(autouse=True)
def _nothing_left(clocked: Clocked) -> Iterator[None]:
    yield
    clocked.aws.clean_up()
    clocked.aws.secrets.clear()


def test_rotations_run_in_order_of_their_due_times_each_seeing_its_own_day(clocked: Clocked) -> None:
    slow, fast = clocked.rotated(30), clocked.rotated(10)
    begun = clocked.now()
    ran = [item for item in clocked.advance(31 * DAY) if item["kind"] == "rotation"]
    names = {slow: "slow", fast: "fast"}
    order = [next(label for name, label in names.items() if name in item["name"]) for item in ran]
    assert sorted(order) == ["fast", "fast", "fast", "slow"]
    assert order[:2] == ["fast", "fast"]
    assert {item["outcome"] for item in ran} == {"succeeded"}
    days = [datetime.fromisoformat(item["at"]).date() - begun.date() for item in ran]
    assert days == [timedelta(days=number) for number in (10, 20, 30, 30)]
    rotated = clocked.aws.sm.describe_secret(SecretId=fast)["LastRotatedDate"]
    assert (rotated.date() - begun.date()) == timedelta(days=30)


@pytest.mark.parametrize(
    "rules", [{"ScheduleExpression": "rate(10 days)"}, {"ScheduleExpression": "cron(0 4 * * ? *)"}]
)
def test_rate_and_cron_schedules_come_due(clocked: Clocked, rules: dict[str, str]) -> None:
    secret = clocked.rotated(0, **rules)
    before = clocked.current(secret)
    following = clocked.aws.sm.describe_secret(SecretId=secret)["NextRotationDate"]
    ran = clocked.advance((following - clocked.now()).total_seconds())
    assert [item["outcome"] for item in ran if item["kind"] == "rotation"] == ["succeeded"]
    assert clocked.current(secret) != before
    assert clocked.aws.sm.describe_secret(SecretId=secret)["NextRotationDate"] > following


def test_a_failed_scheduled_rotation_is_retried_in_its_window_at_its_own_due_time(clocked: Clocked) -> None:
    secret = clocked.rotated(5, FAILS_ONCE)
    ran = [item for item in clocked.advance(6 * DAY) if item["kind"] == "rotation"]
    assert [item["outcome"] for item in ran] == ["failed: setSecret: RuntimeError", "succeeded"]
    first, second = (datetime.fromisoformat(item["at"]) for item in ran)
    assert timedelta(seconds=60) <= second - first < timedelta(seconds=90)
    assert clocked.aws.sm.describe_secret(SecretId=secret)["NextRotationDate"] > clocked.now()


def test_after_the_last_retry_the_next_date_stays_in_the_past_and_the_next_window_tries_the_same_version(
    clocked: Clocked,
) -> None:
    secret = clocked.rotated(5, ALWAYS_FAILS)
    ran = [item for item in clocked.advance(6 * DAY) if item["kind"] == "rotation"]
    assert len(ran) == 3
    assert clocked.aws.sm.describe_secret(SecretId=secret)["NextRotationDate"] < clocked.now()
    pending = clocked.aws.holder(secret, "AWSPENDING")
    assert len([item for item in clocked.advance(5 * DAY) if item["kind"] == "rotation"]) == 3
    assert clocked.aws.holder(secret, "AWSPENDING") == pending


def test_a_manual_change_counts_as_a_rotation(clocked: Clocked) -> None:
    secret = clocked.rotated(10)
    clocked.advance(6 * DAY)
    clocked.aws.sm.put_secret_value(SecretId=secret, SecretString="by hand")
    assert [item for item in clocked.advance(6 * DAY) if item["kind"] == "rotation"] == []
    assert len([item for item in clocked.advance(5 * DAY) if item["kind"] == "rotation"]) == 1


def test_a_cancelled_or_deleted_secret_does_not_rotate_and_a_deleted_one_goes_after_its_window(
    clocked: Clocked,
) -> None:
    cancelled, deleted = clocked.rotated(3), clocked.rotated(3)
    clocked.aws.sm.cancel_rotate_secret(SecretId=cancelled)
    clocked.aws.sm.delete_secret(SecretId=deleted, RecoveryWindowInDays=7)
    ran = clocked.advance(8 * DAY)
    assert [(item["kind"], item["outcome"]) for item in ran] == [("secret-deletion", "deleted")]
    clocked.aws.sm.create_secret(Name=deleted, SecretString="a new one")


def test_what_came_due_while_no_process_ran_runs_once_at_the_start(clocked: Clocked) -> None:
    """The clock passes the date by a second in real time, with the process stopped meanwhile."""
    secret = clocked.rotated(0, ScheduleExpression="cron(0 0,12 * * ? *)")
    following = clocked.aws.sm.describe_secret(SecretId=secret)["NextRotationDate"] - timedelta(hours=1)
    clocked.advance((following - clocked.now()).total_seconds() - 1)
    before = clocked.current(secret)
    clocked.kill()
    threading.Event().wait(1.5)
    clocked.start()
    eventually(lambda: clocked.current(secret) != before)
    assert len(_steps(clocked, secret)) == 4


def test_a_kill_in_the_middle_of_an_advance_runs_each_rotation_once(clocked: Clocked) -> None:
    secrets = [clocked.rotated(20, SLOW) for _ in range(3)]
    before = {secret: clocked.current(secret) for secret in secrets}

    def advance() -> None:
        with pytest.raises(SandboxError):
            clocked.advance(21 * DAY)

    thread = threading.Thread(target=advance)
    thread.start()
    eventually(lambda: any(clocked.current(secret) != before[secret] for secret in secrets), seconds=30)
    clocked.kill()
    thread.join()
    clocked.start()
    eventually(lambda: all(clocked.current(secret) != before[secret] for secret in secrets), seconds=30)
    clocked.advance(2 * DAY)
    for secret in secrets:
        tokens = {line.split()[2] for line in _steps(clocked, secret)}
        assert len(tokens) == 1
        assert len(clocked.aws.stages(secret)) == 2


def test_two_advances_at_once_are_refused(clocked: Clocked) -> None:
    clocked.rotated(4, SLOW)
    failures: list[str] = []

    def advance() -> None:
        try:
            clocked.advance(5 * DAY)
        except SandboxError as exc:
            failures.append(str(exc))

    threads = [threading.Thread(target=advance) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == ["the clock is being advanced by another request; wait for its end"]


def _steps(clocked: Clocked, secret: str) -> list[str]:
    function = clocked.aws.sm.describe_secret(SecretId=secret)["RotationLambdaARN"]
    lines = [line for line in clocked.aws.log_of(function) if line.startswith("step ")]
    rotations = {line.split()[2] for line in lines if "createSecret" in line}  # not the test when it was configured
    return [line for line in lines if line.split()[2] in rotations]
