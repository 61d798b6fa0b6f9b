"""Notifications that cannot be delivered, and log events that are found: nothing is lost without a word.

Sources: https://docs.aws.amazon.com/sns/latest/dg/sns-dead-letter-queues.html and sns-monitoring-using-cloudwatch.html,
https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html and
https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html.
"""

import json
import time
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.contract.aws.harness import PREFIX, ContractAws, error_of, eventually


def _queue(aws: ContractAws) -> tuple[str, str]:
    """A new queue's URL and ARN."""
    sqs = aws.client("sqs")
    url = sqs.create_queue(QueueName=f"{PREFIX}-{uuid.uuid4()}")["QueueUrl"]
    return url, sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]


def _open(aws: ContractAws, url: str, queue: str, topic: str) -> None:
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": queue,
        "Condition": {"ArnEquals": {"aws:SourceArn": topic}},
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    aws.client("sqs").set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})


def _received(aws: ContractAws, url: str) -> list[str]:
    found = aws.client("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
    return [message["Body"] for message in found]


def _total(aws: ContractAws, namespace: str, name: str, **dimensions: str) -> float:
    now = datetime.now(UTC)
    points = aws.client("cloudwatch").get_metric_statistics(
        Namespace=namespace,
        MetricName=name,
        Dimensions=[{"Name": key, "Value": value} for key, value in dimensions.items()],
        StartTime=now - timedelta(minutes=10),
        EndTime=now + timedelta(minutes=5),
        Period=60,
        Statistics=["Sum"],
    )["Datapoints"]
    return float(sum(point["Sum"] for point in points))


def _soon(aws: ContractAws) -> float:
    return 400 if aws.kind == "real" else 10


@pytest.mark.diverges
def test_a_notification_that_a_queue_does_not_let_in_goes_to_the_dead_letter_queue(aws: ContractAws) -> None:
    sns = aws.client("sns")
    topic = sns.create_topic(Name=f"{PREFIX}-{uuid.uuid4()}")["TopicArn"]
    (closed_url, closed), (dead_url, dead) = _queue(aws), _queue(aws)
    _open(aws, dead_url, dead, topic)
    redrive = json.dumps({"deadLetterTargetArn": dead})
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=closed, Attributes={"RedrivePolicy": redrive})
    sns.publish(TopicArn=topic, Message="hello", Subject="s")
    [body] = eventually(lambda: _received(aws, dead_url), seconds=_soon(aws))
    assert json.loads(body)["Message"] == "hello"
    assert _received(aws, closed_url) == []
    name = topic.rsplit(":", 1)[-1]
    eventually(lambda: _total(aws, "AWS/SNS", "NumberOfNotificationsFailed", TopicName=name) == 1.0, seconds=_soon(aws))


@pytest.mark.diverges
def test_a_subscription_without_a_dead_letter_queue_loses_what_cannot_be_delivered(aws: ContractAws) -> None:
    sns = aws.client("sns")
    topic = sns.create_topic(Name=f"{PREFIX}-{uuid.uuid4()}")["TopicArn"]
    url, closed = _queue(aws)
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=closed)
    sns.publish(TopicArn=topic, Message="hello")
    name = topic.rsplit(":", 1)[-1]
    eventually(lambda: _total(aws, "AWS/SNS", "NumberOfNotificationsFailed", TopicName=name) == 1.0, seconds=_soon(aws))
    assert _received(aws, url) == []


@pytest.mark.executes
@pytest.mark.diverges
def test_an_event_that_no_attempt_could_handle_is_counted_as_dropped(aws: ContractAws) -> None:
    function = aws.function("def handle(event, context):\n    raise ValueError('no')")
    client = aws.client("lambda")
    client.put_function_event_invoke_config(FunctionName=function, MaximumRetryAttempts=0)
    client.invoke(FunctionName=function, InvocationType="Event", Payload=b"{}")
    name = function.rsplit(":", 1)[-1]
    eventually(lambda: _total(aws, "AWS/Lambda", "AsyncEventsDropped", FunctionName=name) == 1.0, seconds=_soon(aws))


@pytest.mark.executes
@pytest.mark.diverges
def test_a_failed_event_whose_dead_letter_queue_is_gone_is_counted_and_not_run_again(aws: ContractAws) -> None:
    sqs = aws.client("sqs")
    url, dead = _queue(aws)
    function = aws.function(
        "def handle(event, context):\n    raise ValueError('no')", DeadLetterConfig={"TargetArn": dead}
    )
    aws.client("lambda").put_function_event_invoke_config(FunctionName=function, MaximumRetryAttempts=0)
    sqs.delete_queue(QueueUrl=url)
    aws.client("lambda").invoke(FunctionName=function, InvocationType="Event", Payload=b"{}")
    name = function.rsplit(":", 1)[-1]
    eventually(lambda: _total(aws, "AWS/Lambda", "DeadLetterErrors", FunctionName=name) == 1.0, seconds=_soon(aws))
    assert _total(aws, "AWS/Lambda", "Invocations", FunctionName=name) == 1.0


@pytest.fixture
def group(aws: ContractAws) -> Any:
    """A log group with one stream, s."""
    logs = aws.client("logs")
    name = f"{PREFIX}-{uuid.uuid4()}"
    logs.create_log_group(logGroupName=name)
    logs.create_log_stream(logGroupName=name, logStreamName="s")
    yield name
    logs.delete_log_group(logGroupName=name)


LINES = [
    '{"errorCode": "AccessDenied", "size": 7}',
    '{"errorCode": "Throttled", "size": 1}',
    '127.0.0.1 frank [10/Oct/2000:13:25:15 -0700] "GET /a.html" 404 1534',
    "plain words",
]


@pytest.mark.diverges
@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ('{ $.errorCode = "Access*" }', LINES[:1]),
        ("{ $.size < 5 }", LINES[1:2]),
        ("[ip, user, time, request, status = 4*, bytes > 1000]", LINES[2:3]),
        ("[..., status = 5*, bytes]", []),
        ("?plain ?Throttled", [LINES[1], LINES[3]]),
    ],
)
def test_log_events_are_found_by_every_kind_of_pattern(
    aws: ContractAws, group: str, pattern: str, found: list[str]
) -> None:
    """FilterLogEvents: moto answers every event for a pattern that it has no syntax for."""
    logs = aws.client("logs")
    now = int(time.time() * 1000)
    events = [{"timestamp": now + index, "message": line} for index, line in enumerate(LINES)]
    logs.put_log_events(logGroupName=group, logStreamName="s", logEvents=events)

    def matched(wanted: str) -> list[str]:
        answer = logs.filter_log_events(logGroupName=group, filterPattern=wanted)
        return [event["message"] for event in answer["events"]]

    eventually(lambda: len(matched("")) == len(LINES), seconds=_soon(aws))
    assert matched(pattern) == found


@pytest.mark.diverges
def test_a_metric_takes_its_value_from_a_column(aws: ContractAws, group: str) -> None:
    logs, name = aws.client("logs"), f"m-{uuid.uuid4()}"
    logs.put_metric_filter(
        logGroupName=group,
        filterName=name,
        filterPattern="[ip, user, time, request, status = 4*, bytes]",
        metricTransformations=[{"metricName": name, "metricNamespace": PREFIX, "metricValue": "$bytes"}],
    )
    event = {"timestamp": int(time.time() * 1000), "message": LINES[2]}
    logs.put_log_events(logGroupName=group, logStreamName="s", logEvents=[event])
    eventually(lambda: _total(aws, PREFIX, name) == 1534.0, seconds=_soon(aws))


@pytest.mark.diverges
def test_a_search_with_a_pattern_that_is_none_is_refused(aws: ContractAws, group: str) -> None:
    with pytest.raises(ClientError) as caught:
        aws.client("logs").filter_log_events(logGroupName=group, filterPattern="{ $.a = }")
    assert error_of(caught.value)[0] == "InvalidParameterException"
