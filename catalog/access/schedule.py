"""What a schedule may do: invoke its one function, and lay down what could not be delivered."""

from __future__ import annotations

from catalog import names
from catalog.access import backup, retire, watch
from catalog.access.function import dead_letters_arn, use_key_of_queues
from catalog.access.statement import Policy, allow, policy
from catalog.environment import Environment

SCHEDULED = (watch.FUNCTION, backup.FUNCTION, retire.FUNCTION)
"""The functions that schedules invoke."""


def scheduler(what: str) -> str:
    """What the schedule of the function `what` and its role are called."""
    return f"schedule-{what}"


def schedule_trust(environment: Environment) -> Policy:
    """Lets EventBridge Scheduler, for schedules of this account's group `default`, assume the role.

    aws:SourceArn is the ARN of the schedule's group, not of the schedule, since 7 September 2023, so a role cannot be
    tied to one schedule: docs.aws.amazon.com/scheduler/latest/UserGuide/doc-history.html and
    cross-service-confused-deputy-prevention.html there.
    """
    group = f"arn:aws:scheduler:{environment.region}:{environment.account}:schedule-group/default"
    return policy(
        {
            "Sid": "Scheduler",
            "Effect": "Allow",
            "Principal": {"Service": "scheduler.amazonaws.com"},
            "Action": "sts:AssumeRole",
            "Condition": {
                "StringEquals": {"aws:SourceAccount": environment.account},
                "ArnEquals": {"aws:SourceArn": group},
            },
        }
    )


def schedule_policy(environment: Environment, what: str) -> Policy:
    """Invoke the function `what`, and send to the schedule's own dead-letter queue, which the key for logs encrypts.

    Sources: docs.aws.amazon.com/scheduler/latest/UserGuide/configuring-schedule-dlq.html,
    docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html
    """
    return policy(
        allow("InvokeTheFunction", ("lambda:InvokeFunction",), [names.function_arn(environment, what)]),
        allow("SendToOwnDeadLetters", ("sqs:SendMessage",), [dead_letters_arn(environment, scheduler(what))]),
        use_key_of_queues(environment),
    )
