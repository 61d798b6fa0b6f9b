"""The alarms of a function: what goes wrong with it, and what to do about it in the middle of the night."""

from __future__ import annotations

import pulumi

from components.aws.alarm import alarm
from components.aws.surroundings import Surroundings

RUNBOOK = "docs/RUNBOOK.md"
# The share of its timeout that an invocation may take: what is slower is about to be cut off half-way.
SLOW = 0.8
SUFFIXES = ("errors", "slow", "throttled", "dead-letters")
"""What the alarms of a function are called, after its own name."""
_LAMBDA, _SQS = "AWS/Lambda", "AWS/SQS"


def function_alarms(
    what: str,
    surroundings: Surroundings,
    *,
    function: pulumi.Input[str],
    queue: pulumi.Input[str],
    timeout_seconds: int,
    opts: pulumi.ResourceOptions,
) -> None:
    """Alarms on errors, slowness and throttling of the function `what`, and on what waits in its dead-letter queue.

    Sources: docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html,
    docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
    """
    environment, topic_arn = surroundings.environment, surroundings.topic_arn
    dimensions = {"FunctionName": function}
    alarm(
        f"{what}-errors",
        environment,
        description=f"Function {what} failed. Read the newest stream of its log for the error and the secret that it "
        f"names, mend the cause, then run the work again: {RUNBOOK}#function-errors",
        namespace=_LAMBDA,
        metric="Errors",
        dimensions=dimensions,
        topic_arn=topic_arn,
        opts=opts,
    )
    alarm(
        f"{what}-slow",
        environment,
        description=f"Function {what} took more than {SLOW:.0%} of its {timeout_seconds} s. Look whether its server or "
        f"an endpoint answers slowly before it is cut off half-way: {RUNBOOK}#function-slow",
        namespace=_LAMBDA,
        metric="Duration",
        statistic="Maximum",
        threshold=timeout_seconds * 1000 * SLOW,
        comparison="GreaterThanThreshold",
        dimensions=dimensions,
        topic_arn=topic_arn,
        opts=opts,
    )
    alarm(
        f"{what}-throttled",
        environment,
        description=f"Function {what} was called more often at once than it may run. Find out who calls it; Secrets "
        f"Manager and Lambda try again by themselves: {RUNBOOK}#function-throttled",
        namespace=_LAMBDA,
        metric="Throttles",
        dimensions=dimensions,
        topic_arn=topic_arn,
        opts=opts,
    )
    alarm(
        f"{what}-dead-letters",
        environment,
        description=f"Function {what} gave up on an event after three tries; the event waits 14 days in its "
        f"dead-letter queue. Read it, mend the cause, send it again: {RUNBOOK}#dead-letters",
        namespace=_SQS,
        metric="ApproximateNumberOfMessagesVisible",
        statistic="Maximum",
        dimensions={"QueueName": queue},
        topic_arn=topic_arn,
        opts=opts,
    )
