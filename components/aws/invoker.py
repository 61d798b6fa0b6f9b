"""What lets EventBridge Scheduler invoke a function: a role for that alone, and a queue for what it gave up on."""

from __future__ import annotations

import json
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from catalog import derive
from catalog.access.function import dead_letters, dead_letters_policy
from catalog.access.schedule import schedule_policy, schedule_trust, scheduler
from components.aws.alarm import alarm
from components.aws.function import DEAD_LETTER_SECONDS
from components.aws.function_alarm import RUNBOOK
from components.aws.role import BoundedRole, BoundedRoleArgs
from components.aws.surroundings import Surroundings


@dataclass(frozen=True, kw_only=True)
class Invoker:
    """Role and queue of the schedules of one function, with an alarm on the queue."""

    role: BoundedRole
    queue: aws.sqs.Queue

    @classmethod
    def of(cls, function: str, description: str, around: Surroundings, opts: pulumi.ResourceOptions) -> Invoker:
        """Declare them for the function `function`, as children of what `opts` names."""
        environment, what = around.environment, scheduler(function)
        role = BoundedRole(
            what,
            BoundedRoleArgs(
                environment=environment,
                what=what,
                description=description,
                trust=schedule_trust(environment),
                policy=schedule_policy(environment, function),
                boundary_arn=around.boundary_arn,
            ),
            opts,
        )
        queue = aws.sqs.Queue(
            what,
            name=dead_letters(environment, what),
            message_retention_seconds=DEAD_LETTER_SECONDS,
            kms_master_key_id=around.log_key_arn,
            tags=derive.environment_tags(environment),
            opts=opts,
        )
        policy = json.dumps(dead_letters_policy(environment, what))
        aws.sqs.QueuePolicy(what, queue_url=queue.url, policy=policy, opts=opts)
        alarm(
            f"{what}-dead-letters",
            environment,
            description=f"Function {function} could not be invoked on its schedule; the invocation waits 14 days in "
            f"the schedule's dead-letter queue. Read why, mend it, and invoke the function: {RUNBOOK}#dead-letters",
            namespace="AWS/SQS",
            metric="ApproximateNumberOfMessagesVisible",
            statistic="Maximum",
            dimensions={"QueueName": queue.name},
            topic_arn=around.topic_arn,
            opts=opts,
        )
        return cls(role=role, queue=queue)
