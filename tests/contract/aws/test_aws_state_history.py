"""Step Functions: what an execution tells while it runs and after its end.

Sources: https://docs.aws.amazon.com/step-functions/latest/apireference/API_GetExecutionHistory.html,
API_ListMapRuns.html and API_StartExecution.html.
"""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.contract.aws.actors import allow
from tests.contract.aws.harness import ContractAws, error_of
from tests.contract.aws.machines import PASS, distributed, ended, machine, only, started

pytestmark = pytest.mark.executes


@pytest.mark.diverges
def test_a_history_can_be_read_from_its_end_and_in_pages(aws: ContractAws) -> None:
    """Source: API_GetExecutionHistory.html (reverseOrder, maxResults, nextToken)."""
    states = aws.client("stepfunctions")
    with machine(aws, only(PASS)) as arn:
        execution = started(aws, arn, {"a": 1})
        ended(aws, execution)
        forward = [event["id"] for event in states.get_execution_history(executionArn=execution)["events"]]
        seen: list[int] = []
        more: dict[str, Any] = {}
        while True:
            page = states.get_execution_history(executionArn=execution, reverseOrder=True, maxResults=2, **more)
            seen += [event["id"] for event in page["events"]]
            assert len(page["events"]) <= 2
            if "nextToken" not in page:
                break
            more = {"nextToken": page["nextToken"]}
    assert len(forward) >= 4
    assert seen == forward[::-1]


@pytest.mark.diverges
def test_an_execution_that_has_begun_no_map_has_none(aws: ContractAws) -> None:
    """Source: API_ListMapRuns.html."""
    states = aws.client("stepfunctions")
    with machine(aws, distributed(PASS), allow("states:StartExecution")) as arn:
        execution = started(aws, arn, [1])
        assert len(states.list_map_runs(executionArn=execution)["mapRuns"]) in (0, 1)
        ended(aws, execution)
        assert len(states.list_map_runs(executionArn=execution)["mapRuns"]) == 1


def test_a_name_stands_for_one_input_while_it_runs_and_for_none_after(aws: ContractAws) -> None:
    """Source: API_StartExecution.html: idempotent for a standard workflow that runs, ExecutionAlreadyExists else."""
    states = aws.client("stepfunctions")
    with machine(aws, only({"Type": "Wait", "Seconds": 5, "End": True})) as arn:
        named = {"stateMachineArn": arn, "name": "once", "input": "{}"}
        first = states.start_execution(**named)["executionArn"]
        assert states.start_execution(**named)["executionArn"] == first
        with pytest.raises(ClientError) as other:
            states.start_execution(**{**named, "input": '{"a": 1}'})
        assert error_of(other.value)[0] == "ExecutionAlreadyExists"
        ended(aws, first)
        with pytest.raises(ClientError) as again:
            states.start_execution(**named)
        assert error_of(again.value)[0] == "ExecutionAlreadyExists"
