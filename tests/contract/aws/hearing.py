"""What arrives: queues that services send to, and what CloudWatch counted."""

import json
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.contract.aws.harness import PREFIX, ContractAws


def new_queue(aws: ContractAws) -> tuple[str, str]:
    """A new queue's URL and ARN; nobody but the account may send to it yet."""
    sqs = aws.client("sqs")
    url: str = sqs.create_queue(QueueName=f"{PREFIX}-{uuid.uuid4()}")["QueueUrl"]
    return url, sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]


def let_in(aws: ContractAws, url: str, arn: str, *, service: str, source: str) -> None:
    """Let a service send to a queue for one resource of its own, such as a topic or a rule."""
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": f"{service}.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": arn,
        "Condition": {"ArnEquals": {"aws:SourceArn": source}},
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    aws.client("sqs").set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})


def received(aws: ContractAws, url: str) -> list[Any]:
    """The messages in a queue, read as JSON and out of sight after that."""
    found = aws.client("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
    return [json.loads(message["Body"]) for message in found]


def metric_total(aws: ContractAws, namespace: str, name: str, **dimensions: str) -> float | None:
    """The sum of a metric over the last minutes; None while it has no sample."""
    now = datetime.now(UTC)
    points = aws.client("cloudwatch").get_metric_statistics(
        Namespace=namespace,
        MetricName=name,
        Dimensions=[{"Name": key, "Value": value} for key, value in dimensions.items()],
        StartTime=now - timedelta(minutes=10),
        EndTime=now + timedelta(minutes=5),
        Period=900,
        Statistics=["Sum"],
    )["Datapoints"]
    return float(sum(point["Sum"] for point in points)) if points else None
