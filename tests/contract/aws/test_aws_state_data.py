"""Step Functions: what paths find, and what tasks of the SDK integrations take and give.

Sources: https://docs.aws.amazon.com/step-functions/latest/dg/amazon-states-language-paths.html (JsonPath),
supported-services-awssdk.html (PascalCase) and input-output-resultwriter.html.
"""

import json
import uuid
from typing import Any

import pytest

from tests.contract.aws.actors import allow
from tests.contract.aws.harness import PREFIX, ContractAws
from tests.contract.aws.machines import PASS, distributed, ended, machine, only, run, started

pytestmark = [pytest.mark.executes, pytest.mark.diverges]

ITEMS = {"items": [{"name": "a", "good": True}, {"name": "b", "good": True}, {"name": "c", "good": False}]}


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("$.items[?(@.good == true)].name", ["a", "b"]),
        ("$.items[?(@.good == false)].name", ["c"]),
        ("$.items[?(@.name == 'd')].name", []),
        ("$.items[*].name", ["a", "b", "c"]),
        ("$.items[*].parts[*]", []),
        ("$.items[1:].name", ["b", "c"]),
        ("$.items[0].name", "a"),
        ("$.items[0]", ITEMS["items"][0]),
    ],
)
def test_a_path_that_may_find_many_comes_to_a_list_and_any_other_to_a_value(
    aws: ContractAws, path: str, found: Any
) -> None:
    told = run(aws, only({"Type": "Pass", "Parameters": {"found.$": path}, "End": True}), ITEMS)
    assert json.loads(told["output"]) == {"found": found}


def test_an_sdk_integration_speaks_pascal_case_whatever_the_service_does(aws: ContractAws) -> None:
    """DescribeMapRun's own names are mapRunArn and itemCounts."""
    describe = {
        "Type": "Task",
        "Resource": "arn:aws:states:::aws-sdk:sfn:describeMapRun",
        "Parameters": {"MapRunArn.$": "$"},
        "ResultSelector": {"succeeded.$": "$.ItemCounts.Succeeded"},
        "End": True,
    }
    may = allow("states:StartExecution"), allow("states:DescribeMapRun")
    with machine(aws, distributed(PASS), *may) as arn:
        execution = started(aws, arn, [1, 2])
        assert ended(aws, execution)["status"] == "SUCCEEDED"
        [listed] = aws.client("stepfunctions").list_map_runs(executionArn=execution)["mapRuns"]
        told = run(aws, only(describe), listed["mapRunArn"], *may)
    assert json.loads(told["output"]) == {"succeeded": 2}, told.get("cause")


def test_an_object_is_read_as_text(aws: ContractAws) -> None:
    s3, bucket = aws.client("s3"), f"{PREFIX}-{uuid.uuid4()}"
    s3.create_bucket(Bucket=bucket)
    try:
        s3.put_object(Bucket=bucket, Key="one.json", Body=b'{"is": "read"}')
        read = {
            "Type": "Task",
            "Resource": "arn:aws:states:::aws-sdk:s3:getObject",
            "Parameters": {"Bucket": bucket, "Key": "one.json"},
            "ResultSelector": {"body.$": "States.StringToJson($.Body)"},
            "End": True,
        }
        told = run(aws, only(read), {}, allow("s3:GetObject", f"arn:aws:s3:::{bucket}/*"))
    finally:
        s3.delete_object(Bucket=bucket, Key="one.json")
        s3.delete_bucket(Bucket=bucket)
    assert json.loads(told["output"]) == {"body": {"is": "read"}}, told.get("cause")


def test_an_error_in_an_iteration_keeps_its_name(aws: ContractAws) -> None:
    """States.Runtime, when a path finds nothing (concepts-error-handling.html)."""
    inner = only({"Type": "Pass", "InputPath": "$.not_there", "End": True})
    told = run(aws, only({"Type": "Map", "ItemProcessor": inner, "End": True}), [{}])
    assert (told["status"], told["error"]) == ("FAILED", "States.Runtime")
    assert "not_there" in told["cause"]
