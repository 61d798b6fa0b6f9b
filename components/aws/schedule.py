"""What runs a function at its times, and where an invocation goes that could not be made."""

from __future__ import annotations

import json
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from catalog import derive, names
from catalog.access.function import dead_letters, dead_letters_policy
from catalog.access.schedule import schedule_policy, schedule_trust, scheduler
from components.aws.alarm import alarm
from components.aws.function import DEAD_LETTER_SECONDS, ManagedFunction
from components.aws.function_alarm import RUNBOOK
from components.aws.role import BoundedRole, BoundedRoleArgs
from components.aws.surroundings import Surroundings

RETRY_SECONDS = 6 * 3600
RETRIES = 20


@dataclass(frozen=True, kw_only=True)
class FunctionScheduleArgs:
    """`what` is that of the function; `expression` is rate(…) or cron(…) in UTC; `description` says what runs."""

    surroundings: Surroundings
    what: str
    description: str
    expression: str
    function: ManagedFunction


class FunctionSchedule(pulumi.ComponentResource):
    """A schedule with a role that can invoke this one function; what it gives up on waits in a queue and alarms.

    The retries are those of the invocation: Scheduler hands the event to Lambda's own queue, and an error of the code
    is Lambda's to retry: docs.aws.amazon.com/scheduler/latest/UserGuide/managing-targets-templated.html
    """

    def __init__(self, name: str, args: FunctionScheduleArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("llmobs:schedule:FunctionSchedule", name, None, opts)
        around, environment = args.surroundings, args.surroundings.environment
        what, child = scheduler(args.what), pulumi.ResourceOptions(parent=self)
        role = BoundedRole(
            what,
            BoundedRoleArgs(
                environment=environment,
                what=what,
                description=f"Invokes {args.what} on its schedule",
                trust=schedule_trust(environment),
                policy=schedule_policy(environment, args.what),
                boundary_arn=around.boundary_arn,
            ),
            child,
        )
        queue = aws.sqs.Queue(
            what,
            name=dead_letters(environment, what),
            message_retention_seconds=DEAD_LETTER_SECONDS,
            kms_master_key_id=around.log_key_arn,
            tags=derive.environment_tags(environment),
            opts=child,
        )
        policy = json.dumps(dead_letters_policy(environment, what))
        aws.sqs.QueuePolicy(what, queue_url=queue.url, policy=policy, opts=child)
        # A schedule takes no tags: docs.aws.amazon.com/scheduler/latest/APIReference/API_CreateSchedule.html
        schedule = aws.scheduler.Schedule(
            what,
            name=names.named(environment, args.what),
            description=args.description,
            schedule_expression=args.expression,
            flexible_time_window=aws.scheduler.ScheduleFlexibleTimeWindowArgs(mode="OFF"),
            target=aws.scheduler.ScheduleTargetArgs(
                arn=args.function.arn,
                role_arn=role.arn,
                input=json.dumps({"scheduled": "<aws.scheduler.scheduled-time>"}),
                dead_letter_config=aws.scheduler.ScheduleTargetDeadLetterConfigArgs(arn=queue.arn),
                retry_policy=aws.scheduler.ScheduleTargetRetryPolicyArgs(
                    maximum_event_age_in_seconds=RETRY_SECONDS, maximum_retry_attempts=RETRIES
                ),
            ),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[role.policy]),
        )
        alarm(
            f"{what}-dead-letters",
            environment,
            description=f"Function {args.what} could not be invoked on its schedule; the invocation waits 14 days in "
            f"the schedule's dead-letter queue. Read why, mend it, and invoke the function: {RUNBOOK}#dead-letters",
            namespace="AWS/SQS",
            metric="ApproximateNumberOfMessagesVisible",
            statistic="Maximum",
            dimensions={"QueueName": queue.name},
            topic_arn=around.topic_arn,
            opts=child,
        )
        self.register_outputs({"schedule": schedule.arn})
