"""Notifications that arrive or cannot be delivered, and log events that are found: nothing is lost without a word.

Sources: https://docs.aws.amazon.com/sns/latest/dg/sns-dead-letter-queues.html, subscribe-sqs-queue-to-sns-topic.html
and sns-monitoring-using-cloudwatch.html,
https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html and
https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html.
"""

import json
import time
import uuid
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.contract.aws.harness import PREFIX, ContractAws, error_of, eventually
from tests.contract.aws.hearing import let_in, metric_total, new_queue, received


def _soon(aws: ContractAws) -> float:
    return 400 if aws.kind == "real" else 10


@pytest.mark.diverges
def test_a_topic_reaches_only_the_queue_whose_policy_lets_it(aws: ContractAws) -> None:
    """The queue's policy must allow sns.amazonaws.com for the topic; the publisher is told nothing of it."""
    sns = aws.client("sns")
    topic = sns.create_topic(Name=f"{PREFIX}-{uuid.uuid4()}")["TopicArn"]
    (closed_url, closed), (open_url, open_) = new_queue(aws), new_queue(aws)
    let_in(aws, open_url, open_, service="sns", source=topic)
    for queue in (closed, open_):
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue)
    sns.publish(TopicArn=topic, Message="hello")
    [told] = eventually(lambda: received(aws, open_url), seconds=_soon(aws))
    assert told["Message"] == "hello"
    assert received(aws, closed_url) == []


@pytest.mark.executes
@pytest.mark.diverges
def test_a_topic_invokes_the_function_that_lets_it(aws: ContractAws) -> None:
    """https://docs.aws.amazon.com/sns/latest/dg/sns-lambda-as-subscriber.html."""
    topic = aws.client("sns").create_topic(Name=f"{PREFIX}-{uuid.uuid4()}")["TopicArn"]
    code = "def handle(event, context):\n    print('heard', event['Records'][0]['Sns']['Message'])"
    open_, closed = aws.function(code, invocable=False), aws.function(code, invocable=False)
    aws.client("lambda").add_permission(
        FunctionName=open_,
        StatementId="sns",
        Action="lambda:InvokeFunction",
        Principal="sns.amazonaws.com",
        SourceArn=topic,
    )
    for arn in (open_, closed):
        aws.client("sns").subscribe(TopicArn=topic, Protocol="lambda", Endpoint=arn)
    aws.client("sns").publish(TopicArn=topic, Message="hello")
    eventually(lambda: [line for line in aws.log_of(open_) if line.startswith("heard hello")], seconds=_soon(aws))
    assert aws.log_of(closed) == []


@pytest.mark.diverges
def test_a_notification_that_a_queue_does_not_let_in_goes_to_the_dead_letter_queue(aws: ContractAws) -> None:
    sns = aws.client("sns")
    topic = sns.create_topic(Name=f"{PREFIX}-{uuid.uuid4()}")["TopicArn"]
    (closed_url, closed), (dead_url, dead) = new_queue(aws), new_queue(aws)
    let_in(aws, dead_url, dead, service="sns", source=topic)
    redrive = json.dumps({"deadLetterTargetArn": dead})
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=closed, Attributes={"RedrivePolicy": redrive})
    sns.publish(TopicArn=topic, Message="hello", Subject="s")
    [told] = eventually(lambda: received(aws, dead_url), seconds=_soon(aws))
    assert told["Message"] == "hello"
    assert received(aws, closed_url) == []
    name = topic.rsplit(":", 1)[-1]
    eventually(
        lambda: metric_total(aws, "AWS/SNS", "NumberOfNotificationsFailed", TopicName=name) == 1.0, seconds=_soon(aws)
    )


@pytest.mark.diverges
def test_a_subscription_without_a_dead_letter_queue_loses_what_cannot_be_delivered(aws: ContractAws) -> None:
    sns = aws.client("sns")
    topic = sns.create_topic(Name=f"{PREFIX}-{uuid.uuid4()}")["TopicArn"]
    url, closed = new_queue(aws)
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=closed)
    sns.publish(TopicArn=topic, Message="hello")
    name = topic.rsplit(":", 1)[-1]
    eventually(
        lambda: metric_total(aws, "AWS/SNS", "NumberOfNotificationsFailed", TopicName=name) == 1.0, seconds=_soon(aws)
    )
    assert received(aws, url) == []


@pytest.mark.executes
@pytest.mark.diverges
def test_an_event_that_no_attempt_could_handle_is_counted_as_dropped(aws: ContractAws) -> None:
    function = aws.function("def handle(event, context):\n    raise ValueError('no')")
    client = aws.client("lambda")
    client.put_function_event_invoke_config(FunctionName=function, MaximumRetryAttempts=0)
    client.invoke(FunctionName=function, InvocationType="Event", Payload=b"{}")
    name = function.rsplit(":", 1)[-1]
    eventually(
        lambda: metric_total(aws, "AWS/Lambda", "AsyncEventsDropped", FunctionName=name) == 1.0, seconds=_soon(aws)
    )


@pytest.mark.executes
@pytest.mark.diverges
def test_a_failed_event_whose_dead_letter_queue_is_gone_is_counted_and_not_run_again(aws: ContractAws) -> None:
    sqs = aws.client("sqs")
    url, dead = new_queue(aws)
    function = aws.function(
        "def handle(event, context):\n    raise ValueError('no')", DeadLetterConfig={"TargetArn": dead}
    )
    aws.client("lambda").put_function_event_invoke_config(FunctionName=function, MaximumRetryAttempts=0)
    sqs.delete_queue(QueueUrl=url)
    aws.client("lambda").invoke(FunctionName=function, InvocationType="Event", Payload=b"{}")
    name = function.rsplit(":", 1)[-1]
    eventually(
        lambda: metric_total(aws, "AWS/Lambda", "DeadLetterErrors", FunctionName=name) == 1.0, seconds=_soon(aws)
    )
    assert metric_total(aws, "AWS/Lambda", "Invocations", FunctionName=name) == 1.0


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
    eventually(lambda: metric_total(aws, PREFIX, name) == 1534.0, seconds=_soon(aws))


@pytest.mark.diverges
def test_a_search_with_a_pattern_that_is_none_is_refused(aws: ContractAws, group: str) -> None:
    with pytest.raises(ClientError) as caught:
        aws.client("logs").filter_log_events(logGroupName=group, filterPattern="{ $.a = }")
    assert error_of(caught.value)[0] == "InvalidParameterException"
