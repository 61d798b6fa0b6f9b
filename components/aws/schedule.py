"""What runs a function at its times, and where an invocation goes that could not be made."""

from __future__ import annotations

import json
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from catalog import names
from catalog.access.schedule import scheduler
from components.aws.function import ManagedFunction
from components.aws.invoker import Invoker
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
        child = pulumi.ResourceOptions(parent=self)
        invoker = Invoker.of(args.what, f"Invokes {args.what} on its schedule", around, child)
        # A schedule takes no tags: docs.aws.amazon.com/scheduler/latest/APIReference/API_CreateSchedule.html
        schedule = aws.scheduler.Schedule(
            scheduler(args.what),
            name=names.named(environment, args.what),
            description=args.description,
            schedule_expression=args.expression,
            flexible_time_window=aws.scheduler.ScheduleFlexibleTimeWindowArgs(mode="OFF"),
            target=aws.scheduler.ScheduleTargetArgs(
                arn=args.function.arn,
                role_arn=invoker.role.arn,
                input=json.dumps({"scheduled": "<aws.scheduler.scheduled-time>"}),
                dead_letter_config=aws.scheduler.ScheduleTargetDeadLetterConfigArgs(arn=invoker.queue.arn),
                retry_policy=aws.scheduler.ScheduleTargetRetryPolicyArgs(
                    maximum_event_age_in_seconds=RETRY_SECONDS, maximum_retry_attempts=RETRIES
                ),
            ),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[invoker.role.policy]),
        )
        self.register_outputs({"schedule": schedule.arn})
