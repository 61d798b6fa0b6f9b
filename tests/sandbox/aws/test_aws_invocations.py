"""What the sandbox itself adds to an invocation: no delay, and no line in another invocation's log."""

import base64
import json
import re
from collections.abc import Iterator

import pytest

from sandbox.aws import process
from tests.contract.aws.harness import ContractAws

ACCOUNT, REGION = "222233334444", "us-east-1"
RUNS = 100


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ContractAws]:
    """One local AWS for this file."""
    state = tmp_path_factory.mktemp("invocations")
    local = process.start(state, ACCOUNT, REGION)
    yield ContractAws(kind="sandbox", endpoint=local.endpoint, account=ACCOUNT, region=REGION)
    process.stop(state)


def test_a_warm_invocation_waits_for_no_delayed_ack(aws: ContractAws) -> None:
    """Two answers of the Runtime API an invocation, 40 ms each with Nagle: the best of many is below one."""
    function = aws.function("def handle(e, c): return 1")
    for _ in range(20):
        aws.client("lambda").invoke(FunctionName=function)
    reports = [line for line in aws.log_of(function) if line.startswith("REPORT") and "Init Duration" not in line]
    durations = [float(re.findall(r"\tDuration: ([\d.]+) ms", line)[0]) for line in reports]
    assert len(durations) == 19
    assert min(durations) < 40


def test_every_line_is_in_the_log_of_the_invocation_that_wrote_it(aws: ContractAws) -> None:
    function = aws.function("def handle(e, c):\n    print('line', e['n'])\n    print('end', e['n'])")
    client = aws.client("lambda")
    for number in range(RUNS):
        payload = json.dumps({"n": number})
        answer = client.invoke(FunctionName=function, Payload=payload, LogType="Tail")
        lines = base64.b64decode(answer["LogResult"]).decode().splitlines()
        assert [line for line in lines if line.startswith(("line", "end"))] == [f"line {number}", f"end {number}"]
