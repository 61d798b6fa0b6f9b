"""The end of old credentials: the function `retire`, and what one-time schedules invoke it with."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi

from catalog import names
from catalog.access.metric import NAMESPACE
from catalog.access.retire import FUNCTION, retire_policy
from catalog.environment import Environment
from catalog.model import Catalog
from components.aws import package
from components.aws.alarm import alarm
from components.aws.function import ManagedFunction, ManagedFunctionArgs
from components.aws.function_alarm import RUNBOOK
from components.aws.invoker import Invoker
from components.aws.surroundings import Surroundings

ALARMS = ("retirement-straggling", f"schedule-{FUNCTION}-dead-letters")
# Longer than the longest that a rotation function may take, which it waits for.
TIMEOUT_SECONDS = 180


@dataclass(frozen=True, kw_only=True)
class RetirementArgs:
    """Whose secrets."""

    surroundings: Surroundings
    catalog: Catalog


class Retirement(pulumi.ComponentResource):
    """A function that has old credentials ended, and the alarm on who uses one still.

    The schedules are none of Pulumi's: a rotation makes one when it ends, and EventBridge deletes it once it has fired.
    """

    def __init__(self, name: str, args: RetirementArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("llmobs:retirement:Retirement", name, None, opts)
        around, child = args.surroundings, pulumi.ResourceOptions(parent=self)
        environment = around.environment
        function = ManagedFunction(
            FUNCTION,
            ManagedFunctionArgs(
                surroundings=around,
                what=FUNCTION,
                description="Has the old credential of a secret ended after its overlap",
                handler="retire.handler.handle",
                package=package.build(FUNCTION),
                policy=retire_policy(environment, args.catalog),
                variables=retire_variables(environment),
                timeout_seconds=TIMEOUT_SECONDS,
                # An emergency retires all of them at once.
                concurrency=max(2, len(args.catalog.secrets)),
            ),
            child,
        )
        Invoker.of(FUNCTION, "Invokes retire when an overlap is over", around, child)
        alarm(
            ALARMS[0],
            environment,
            description="The old credential of a secret is in use after its overlap, so it still works. A message of "
            "the topic names the secret and who uses it. Have them read the secret again, or end the credential: "
            f"{RUNBOOK}#straggler",
            namespace=NAMESPACE,
            metric="Stragglers",
            dimensions={"Environment": environment.name},
            statistic="Maximum",
            topic_arn=around.topic_arn,
            opts=child,
        )
        self.register_outputs({"function": function.arn})


def retire_variables(environment: Environment) -> dict[str, str]:
    """What the function is told: whose secrets, and where to name stragglers."""
    return {"ENVIRONMENT": environment.name, "TOPIC_ARN": names.topic_arn(environment)}
