"""What ending old credentials takes: rotation functions plan it, the function `retire` has it done. Reads no value."""

from __future__ import annotations

from catalog import names
from catalog.access.function import dead_letters_arn
from catalog.access.metric import count
from catalog.access.secrets import on_secrets
from catalog.access.statement import Policy, Statement, allow, policy
from catalog.access.topic import telling
from catalog.environment import Environment
from catalog.model import Catalog

FUNCTION = names.RETIRE
SCHEDULE = f"schedule-{FUNCTION}"
"""The role that schedules invoke the function as, and its dead-letter queue's name."""
PLAN_ACTIONS = ("scheduler:CreateSchedule", "scheduler:GetSchedule", "scheduler:UpdateSchedule")


def retire_policy(environment: Environment, catalog: Catalog) -> Policy:
    """Looks at labels, invokes rotation functions, tells the topic who uses an old credential still, and counts."""
    return policy(
        on_secrets(environment, "LookAtLabels", ("secretsmanager:DescribeSecret",), catalog.secrets),
        allow("AskTheRotator", ("lambda:InvokeFunction",), names.rotators(environment, catalog)),
        *telling(environment),
        count(),
    )


def planning(environment: Environment) -> tuple[Statement, ...]:
    """What a rotation function needs to plan a retirement: schedules of that name, run as that one role.

    docs.aws.amazon.com/scheduler/latest/UserGuide/setting-up.html (iam:PassRole)
    """
    return (
        allow("PlanRetirements", PLAN_ACTIONS, [schedules_arn(environment)]),
        allow("LetSchedulesInvoke", ("iam:PassRole",), [names.role_arn(environment, SCHEDULE)])
        | {"Condition": {"StringEquals": {"iam:PassedToService": "scheduler.amazonaws.com"}}},
    )


def variables(environment: Environment) -> dict[str, str]:
    """What a rotation function is told about retirement: ARNs, known before any of it exists."""
    return {
        "RETIRE_FUNCTION_ARN": names.function_arn(environment, FUNCTION),
        "RETIRE_ROLE_ARN": names.role_arn(environment, SCHEDULE),
        "RETIRE_DEAD_LETTERS_ARN": dead_letters_arn(environment, SCHEDULE),
    }


def schedules_arn(environment: Environment) -> str:
    """The one-time schedules, one a secret: lambdas/rotation/retirements.py names them."""
    group = f"arn:aws:scheduler:{environment.region}:{environment.account}:schedule/default"
    return f"{group}/{names.named(environment, FUNCTION)}-*"
