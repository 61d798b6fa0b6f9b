"""Distributed maps: what fails is counted against what is tolerated, and results can be exported.

Sources: https://docs.aws.amazon.com/step-functions/latest/dg/state-map-distributed.html,
input-output-itembatcher.html, input-output-itemreader.html and input-output-resultwriter.html.
"""

import json
import uuid
from typing import Any

import pytest

from tests.contract.aws.actors import allow
from tests.contract.aws.harness import PREFIX, ContractAws, eventually
from tests.contract.aws.machines import PASS, distributed, ended, machine, only, run, started

pytestmark = [pytest.mark.executes, pytest.mark.diverges]

# What each item goes through: the ones that say "bad" fail.
JUDGE = {
    "Type": "Choice",
    "Choices": [{"Variable": "$.is", "StringEquals": "bad", "Next": "Bad"}],
    "Default": "Good",
}
BAD = {"Type": "Fail", "Error": "Refused", "Cause": "it was bad"}
MAY_START = allow("states:StartExecution")


def _judged(**more: Any) -> dict[str, Any]:
    definition = distributed(JUDGE, **more)
    definition["States"]["Only"]["ItemProcessor"]["States"] |= {"Bad": BAD, "Good": PASS}
    return definition


def _items(good: int, bad: int) -> list[dict[str, str]]:
    return [{"is": "bad"}] * bad + [{"is": "good"}] * good


@pytest.mark.parametrize(
    ("tolerated", "good", "bad", "status"),
    [
        ({}, 4, 0, "SUCCEEDED"),
        ({}, 4, 1, "FAILED"),
        ({"ToleratedFailurePercentage": 25}, 3, 1, "SUCCEEDED"),
        ({"ToleratedFailurePercentage": 25}, 2, 2, "FAILED"),
        ({"ToleratedFailureCount": 2}, 1, 2, "SUCCEEDED"),
        ({"ToleratedFailureCount": 2}, 1, 3, "FAILED"),
        ({"ToleratedFailureCount": 2, "ToleratedFailurePercentage": 10}, 8, 2, "FAILED"),
    ],
)
def test_a_map_fails_when_more_items_fail_than_are_tolerated(
    aws: ContractAws, tolerated: dict[str, int], good: int, bad: int, status: str
) -> None:
    """ "If you specify both …, the workflow fails … when either" (state-map-distributed, failure threshold)."""
    told = run(aws, _judged(**tolerated), _items(good, bad), MAY_START)
    assert told["status"] == status
    assert told.get("error") == (None if status == "SUCCEEDED" else "States.ExceedToleratedFailureThreshold")


def test_a_tolerated_failure_shows_in_the_output_with_its_error(aws: ContractAws) -> None:
    """ "If a child workflow execution fails, Step Functions returns its execution result unchanged"."""
    told = run(aws, _judged(ToleratedFailureCount=1), _items(1, 1), MAY_START)
    failed, passed = json.loads(told["output"])
    assert (failed["Status"], failed["Error"], failed["Cause"]) == ("FAILED", "Refused", "it was bad")
    assert json.loads(failed["Input"]) == {"is": "bad"}
    assert passed == {"is": "good"}


def test_too_many_failures_can_be_caught(aws: ContractAws) -> None:
    definition = _judged(
        Catch=[{"ErrorEquals": ["States.ExceedToleratedFailureThreshold"], "ResultPath": "$", "Next": "Caught"}]
    )
    definition["States"]["Caught"] = PASS
    told = run(aws, definition, _items(1, 1), MAY_START)
    assert json.loads(told["output"])["Error"] == "States.ExceedToleratedFailureThreshold"


def test_a_map_run_counts_what_became_of_its_items(aws: ContractAws) -> None:
    """https://docs.aws.amazon.com/step-functions/latest/apireference/API_DescribeMapRun.html."""
    states = aws.client("stepfunctions")
    with machine(aws, _judged(ToleratedFailurePercentage=50), MAY_START) as arn:
        execution = started(aws, arn, _items(3, 2))
        assert ended(aws, execution)["status"] == "SUCCEEDED"
        [listed] = states.list_map_runs(executionArn=execution)["mapRuns"]
        described = states.describe_map_run(mapRunArn=listed["mapRunArn"])
    assert described["status"] == "SUCCEEDED"
    for counts in (described["itemCounts"], described["executionCounts"]):
        assert {name: counts[name] for name in ("total", "succeeded", "failed", "running", "pending")} == {
            "total": 5,
            "succeeded": 3,
            "failed": 2,
            "running": 0,
            "pending": 0,
        }


def test_items_are_handed_on_in_batches(aws: ContractAws) -> None:
    batcher = {"MaxItemsPerBatch": 2, "BatchInput": {"who": "everyone"}}
    told = run(aws, distributed(PASS, ItemBatcher=batcher), [1, 2, 3], MAY_START)
    assert json.loads(told["output"]) == [
        {"BatchInput": {"who": "everyone"}, "Items": [1, 2]},
        {"BatchInput": {"who": "everyone"}, "Items": [3]},
    ]


@pytest.fixture
def bucket(aws: ContractAws) -> Any:
    """A bucket's name; it is emptied and removed."""
    s3 = aws.client("s3")
    name = f"{PREFIX}-{uuid.uuid4()}"
    s3.create_bucket(Bucket=name)
    yield name
    for item in s3.list_objects_v2(Bucket=name).get("Contents", []):
        s3.delete_object(Bucket=name, Key=item["Key"])
    s3.delete_bucket(Bucket=name)


def test_items_come_from_a_file_in_s3_and_results_go_there(aws: ContractAws, bucket: str) -> None:
    s3 = aws.client("s3")
    s3.put_object(Bucket=bucket, Key="items.json", Body=json.dumps(_items(2, 1)).encode())
    definition = _judged(
        ToleratedFailurePercentage=50,
        ItemReader={
            "Resource": "arn:aws:states:::s3:getObject",
            "ReaderConfig": {"InputType": "JSON"},
            "Parameters": {"Bucket": bucket, "Key": "items.json"},
        },
        ResultWriter={
            "Resource": "arn:aws:states:::s3:putObject",
            "Parameters": {"Bucket": bucket, "Prefix": "results"},
        },
    )
    may = allow(["s3:GetObject", "s3:PutObject"], f"arn:aws:s3:::{bucket}/*")
    told = run(aws, definition, {}, MAY_START, may)
    assert told["status"] == "SUCCEEDED", told.get("cause")
    details = json.loads(told["output"])["ResultWriterDetails"]

    def read(key: str) -> Any:
        return json.loads(s3.get_object(Bucket=bucket, Key=key)["Body"].read())

    manifest = read(details["Key"])
    assert manifest["DestinationBucket"] == bucket
    assert manifest["ResultFiles"]["PENDING"] == []
    [succeeded], [failed] = manifest["ResultFiles"]["SUCCEEDED"], manifest["ResultFiles"]["FAILED"]
    assert [json.loads(child["Output"]) for child in read(succeeded["Key"])] == [{"is": "good"}] * 2
    assert [child["Error"] for child in read(failed["Key"])] == ["Refused"]


def test_a_role_that_may_not_read_the_items_fails_the_map(aws: ContractAws, bucket: str) -> None:
    reader = {
        "Resource": "arn:aws:states:::s3:getObject",
        "ReaderConfig": {"InputType": "JSON"},
        "Parameters": {"Bucket": bucket, "Key": "items.json"},
    }
    aws.client("s3").put_object(Bucket=bucket, Key="items.json", Body=b"[1]")
    assert run(aws, distributed(PASS, ItemReader=reader), {}, MAY_START)["status"] == "FAILED"


def test_an_inline_map_takes_a_thousand_items_one_after_the_other(aws: ContractAws) -> None:
    """moto calls itself for each further item, and ends in an error."""
    definition = only({"Type": "Map", "MaxConcurrency": 1, "ItemProcessor": only(PASS), "End": True})
    told = run(aws, definition, list(range(1100)))
    assert told["status"] == "SUCCEEDED", told.get("cause")
    assert json.loads(told["output"]) == list(range(1100))


ROTATES = """
import boto3

def handle(event, context):
    secret, token = event["SecretId"], event["ClientRequestToken"]
    sm = boto3.client("secretsmanager")
    if event["Step"] == "createSecret":
        sm.put_secret_value(SecretId=secret, ClientRequestToken=token, SecretString=token, VersionStages=["AWSPENDING"])
    if event["Step"] == "finishSecret":
        stages = sm.describe_secret(SecretId=secret)["VersionIdsToStages"]
        current = next(version for version, labels in stages.items() if "AWSCURRENT" in labels)
        sm.update_secret_version_stage(
            SecretId=secret, VersionStage="AWSCURRENT", MoveToVersionId=token, RemoveFromVersionId=current)
"""


def test_an_emergency_rotates_three_secrets_and_tells_of_the_one_that_cannot(aws: ContractAws) -> None:
    """RotateSecret for each name through the SDK integration, one name of which there is no secret."""
    function = aws.function(ROTATES)
    secrets = [aws.secret() for _ in range(3)]
    before = {name: aws.holder(name, "AWSCURRENT") for name in secrets}
    for name in secrets:
        aws.sm.rotate_secret(
            SecretId=name,
            RotationLambdaARN=function,
            RotationRules={"AutomaticallyAfterDays": 30},
            RotateImmediately=False,
        )
        # Its configuration is being tried out until then.
        eventually(lambda name=name: aws.holder(name, "AWSPENDING") is None)  # type: ignore[misc]
    rotate = {
        "Type": "Task",
        "Resource": "arn:aws:states:::aws-sdk:secretsmanager:rotateSecret",
        "Parameters": {"SecretId.$": "$"},
        "Retry": [{"ErrorEquals": ["SecretsManager.ThrottlingException"], "IntervalSeconds": 1, "MaxAttempts": 2}],
        "End": True,
    }
    told = run(
        aws,
        distributed(rotate, MaxConcurrency=2, ToleratedFailurePercentage=25),
        [*secrets, f"{PREFIX}/gone"],
        MAY_START,
        allow("secretsmanager:RotateSecret"),
        allow("lambda:InvokeFunction", function),
    )
    assert told["status"] == "SUCCEEDED", told.get("cause")
    *rotated, gone = json.loads(told["output"])
    assert [one["Name"] for one in rotated] == secrets
    assert gone["Error"] == "SecretsManager.ResourceNotFoundException"
    for name in secrets:
        eventually(lambda name=name: aws.holder(name, "AWSCURRENT") != before[name])  # type: ignore[misc]
