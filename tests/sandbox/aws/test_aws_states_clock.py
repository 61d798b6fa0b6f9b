"""Waits of executions on the sandbox's clock, and what a kill leaves of executions."""

import json
import threading
import time
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from sandbox.aws import process
from sandbox.aws.states.definition import Batching
from sandbox.aws.states.waits import Waits
from tests.contract.aws.harness import eventually
from tests.contract.aws.machines import PASS, ended, machine, only, run, started
from tests.sandbox.aws.clocked import Clocked

WAIT = {"Type": "Wait", "Seconds": 3600, "End": True}


@pytest.fixture(scope="module")
def clocked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clocked]:
    """One local AWS, whose clock goes on from test to test."""
    subject = Clocked(tmp_path_factory.mktemp("states"))
    yield subject
    process.stop(subject.state)


def test_an_advance_ends_waits_in_order_and_lets_the_executions_go_on(clocked: Clocked) -> None:
    two = {
        "StartAt": "First",
        "States": {"First": {**WAIT, "End": False, "Next": "Second"}, "Second": WAIT},
    }
    del two["States"]["First"]["End"]  # type: ignore[index]
    with machine(clocked.aws, two) as arn:
        execution = started(clocked.aws, arn)
        states = clocked.aws.client("stepfunctions")
        eventually(lambda: len(states.get_execution_history(executionArn=execution)["events"]) >= 2)
        ran = [item for item in clocked.advance(2 * 3600 + 60) if item["kind"] == "wait"]
        assert [item["name"] for item in ran] == [execution, execution]
        told = ended(clocked.aws, execution)
    assert told["status"] == "SUCCEEDED"
    assert 7200 <= (told["stopDate"] - told["startDate"]).total_seconds() < 7260


def test_an_execution_that_a_kill_interrupted_has_failed_and_one_that_ended_has_not(clocked: Clocked) -> None:
    aws = clocked.aws
    name = f"kept-{uuid.uuid4()}"
    role = run_role(clocked)
    states = aws.client("stepfunctions")
    arns = [
        states.create_state_machine(name=f"{name}-{kind}", roleArn=role, definition=json.dumps(only(state)))
        for kind, state in (("wait", WAIT), ("pass", PASS))
    ]
    waiting, passed = (started(aws, made["stateMachineArn"], {"n": 1}) for made in arns)
    ended(aws, passed)
    clocked.kill()
    clocked.start()
    states = aws.client("stepfunctions")
    interrupted = states.describe_execution(executionArn=waiting)
    assert interrupted["status"] == "FAILED"
    assert "did not go on" in interrupted["cause"]
    assert states.describe_execution(executionArn=passed)["status"] == "SUCCEEDED"
    assert states.get_execution_history(executionArn=passed)["events"][-1]["type"] == "ExecutionSucceeded"
    assert process.find(clocked.state) is not None
    again = ended(aws, started(aws, arns[1]["stateMachineArn"]))
    assert again["status"] == "SUCCEEDED"


def run_role(clocked: Clocked) -> str:
    """A role for machines that do nothing."""
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "states.amazonaws.com"}, "Action": "sts:AssumeRole"}
        ],
    }
    made = clocked.aws.client("iam").create_role(
        RoleName=f"r-{uuid.uuid4()}", AssumeRolePolicyDocument=json.dumps(trust)
    )
    return str(made["Role"]["Arn"])


def test_what_a_task_answers_is_not_in_the_log_of_the_process(clocked: Clocked) -> None:
    fail = {"Type": "Fail", "Error": "Broken", "Cause": "planted-cause-7f3a"}
    run(clocked.aws, only(fail), {"given": "planted-input-7f3a"})
    log = (clocked.state / "aws.log").read_text()
    assert "planted" not in log


class Hand:
    """A clock that is moved by hand."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_wait_ends_when_the_clock_says_so_or_its_execution_stops() -> None:
    clock = Hand()
    waits = Waits(clock)
    runs = threading.Event()
    runs.set()
    threads = [threading.Thread(target=waits.wait, args=(name, 60, runs.is_set)) for name in ("a", "b")]
    for thread in threads:
        thread.start()
    eventually(lambda: waits.due() == 1060.0)
    assert waits.run(1059.0) == []
    clock.now = 1061.0
    eventually(lambda: waits.due() is None)
    for thread in threads:
        thread.join(5)
    stopped = threading.Thread(target=waits.wait, args=("c", 60, runs.is_set))
    stopped.start()
    runs.clear()
    stopped.join(5)
    assert not stopped.is_alive()


def test_the_rest_after_a_step_waits_for_what_runs_and_not_for_what_waits() -> None:
    waits = Waits(Hand())
    waits.begun("a")
    waits.begun("b")
    thread = threading.Thread(target=waits.wait, args=("a", 60, lambda: True), daemon=True)
    thread.start()
    eventually(lambda: waits.due() is not None)
    threading.Timer(0.5, waits.ended, args=("b",)).start()
    began = time.monotonic()
    waits.rest(0.0)
    assert 0.4 < time.monotonic() - began < 5
    [ran] = waits.run(2000.0)
    assert (ran.name, ran.kind) == ("a", "wait")


@pytest.mark.parametrize(
    ("items", "size", "groups"),
    [(2, 10**6, [[1, 2], [3, 4], [5]]), (10, 2, [[1, 2], [3, 4], [5]]), (10, 10**6, [[1, 2, 3, 4, 5]])],
)
def test_batches_hold_at_most_so_many_items_and_bytes(items: int, size: int, groups: list[list[Any]]) -> None:
    batching = Batching(items=items, size=size, given=None)
    assert batching.grouped([1, 2, 3, 4, 5]) == [{"Items": group} for group in groups]
