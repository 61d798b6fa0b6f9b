"""Buckets and log groups send events to the functions whose policy lets them, and are refused the others.

Sources: https://docs.aws.amazon.com/AmazonS3/latest/userguide/grant-destinations-permissions-to-s3.html and
https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutSubscriptionFilter.html.
"""

import time
import uuid
from collections.abc import Iterator

import pytest
from botocore.exceptions import ClientError

from tests.contract.aws.harness import PREFIX, ContractAws, error_of, eventually

pytestmark = [pytest.mark.executes, pytest.mark.diverges]

SAYS = "def handle(event, context):\n    print('heard', sorted(event))"


@pytest.fixture
def functions(aws: ContractAws) -> tuple[str, str]:
    """Two functions that nobody may invoke yet."""
    return aws.function(SAYS, invocable=False), aws.function(SAYS, invocable=False)


@pytest.fixture
def bucket(aws: ContractAws) -> Iterator[str]:
    s3, name = aws.client("s3"), f"{PREFIX}-{uuid.uuid4()}"
    s3.create_bucket(Bucket=name)
    yield name
    for item in s3.list_objects_v2(Bucket=name).get("Contents", []):
        s3.delete_object(Bucket=name, Key=item["Key"])
    s3.delete_bucket(Bucket=name)


@pytest.fixture
def group(aws: ContractAws) -> Iterator[str]:
    logs, name = aws.client("logs"), f"{PREFIX}-{uuid.uuid4()}"
    logs.create_log_group(logGroupName=name)
    logs.create_log_stream(logGroupName=name, logStreamName="s")
    yield name
    logs.delete_log_group(logGroupName=name)


def _permit(aws: ContractAws, function: str, service: str, source: str) -> None:
    aws.client("lambda").add_permission(
        FunctionName=function,
        StatementId=service,
        Action="lambda:InvokeFunction",
        Principal=f"{service}.amazonaws.com",
        SourceArn=source,
    )


def _heard(aws: ContractAws, function: str, what: str) -> bool:
    return any(line.startswith(f"heard ['{what}']") for line in aws.log_of(function))


def test_a_bucket_tells_the_function_that_lets_it(aws: ContractAws, functions: tuple[str, str], bucket: str) -> None:
    opened, closed = functions
    _permit(aws, opened, "s3", f"arn:aws:s3:::{bucket}")
    s3 = aws.client("s3")

    def notify(function: str) -> None:
        target = {"LambdaFunctionArn": function, "Events": ["s3:ObjectCreated:*"]}
        s3.put_bucket_notification_configuration(
            Bucket=bucket, NotificationConfiguration={"LambdaFunctionConfigurations": [target]}
        )

    with pytest.raises(ClientError) as caught:
        notify(closed)
    assert error_of(caught.value)[0] == "InvalidArgument"
    notify(opened)
    s3.put_object(Bucket=bucket, Key="k", Body=b"v")
    eventually(lambda: _heard(aws, opened, "Records"))


def test_a_log_group_tells_the_function_that_lets_it(aws: ContractAws, functions: tuple[str, str], group: str) -> None:
    opened, closed = functions
    _permit(aws, opened, "logs", f"arn:aws:logs:{aws.region}:{aws.account}:log-group:{group}:*")
    logs = aws.client("logs")

    def subscribe(function: str) -> None:
        logs.put_subscription_filter(logGroupName=group, filterName="f", filterPattern="", destinationArn=function)

    with pytest.raises(ClientError) as caught:
        subscribe(closed)
    assert error_of(caught.value)[0] == "InvalidParameterException"
    subscribe(opened)
    event = {"timestamp": int(time.time() * 1000), "message": "m"}
    logs.put_log_events(logGroupName=group, logStreamName="s", logEvents=[event])
    eventually(lambda: _heard(aws, opened, "awslogs"))


def test_a_permission_that_was_taken_back_stops_what_it_let(
    aws: ContractAws, functions: tuple[str, str], group: str
) -> None:
    function, logs = functions[0], aws.client("logs")
    _permit(aws, function, "logs", f"arn:aws:logs:{aws.region}:{aws.account}:log-group:{group}:*")
    logs.put_subscription_filter(logGroupName=group, filterName="f", filterPattern="", destinationArn=function)
    aws.client("lambda").remove_permission(FunctionName=function, StatementId="logs")
    event = {"timestamp": int(time.time() * 1000), "message": "m"}
    logs.put_log_events(logGroupName=group, logStreamName="s", logEvents=[event])
    time.sleep(30 if aws.kind == "real" else 1)
    assert not _heard(aws, function, "awslogs")
