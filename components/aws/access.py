"""What each consumer may read and each duty may do: their roles."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi

from catalog.access.consumer import consumer_policy
from catalog.access.duty import duty_policy, session_seconds
from catalog.access.trust import consumer_trust, duty_trust
from catalog.environment import Environment
from catalog.model import Catalog, Consumer
from catalog.names import Duty
from components.aws.role import BoundedRole, BoundedRoleArgs


@dataclass(frozen=True, kw_only=True)
class ConsumerAccessArgs:
    """`consumer` is one of the catalogue's; `boundary_arn` is the environment's."""

    environment: Environment
    catalog: Catalog
    consumer: Consumer
    boundary_arn: pulumi.Input[str]


class ConsumerAccess(pulumi.ComponentResource):
    """A role that reads the consumer's own secrets, and that only its platform can become."""

    role_arn: pulumi.Output[str]

    def __init__(self, name: str, args: ConsumerAccessArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("llmobs:access:ConsumerAccess", name, None, opts)
        consumer = args.consumer
        role = BoundedRole(
            name,
            BoundedRoleArgs(
                environment=args.environment,
                what=consumer.name,
                description=f"Reads the secrets of {consumer.name}",
                trust=consumer_trust(args.environment, consumer),
                policy=consumer_policy(args.environment, args.catalog, consumer.name),
                boundary_arn=args.boundary_arn,
            ),
            pulumi.ResourceOptions(parent=self),
        )
        self.role_arn = role.arn
        self.register_outputs({"role_arn": role.arn})


@dataclass(frozen=True, kw_only=True)
class DutyAccessArgs:
    """`boundary_arn` is the environment's."""

    environment: Environment
    catalog: Catalog
    duty: Duty
    boundary_arn: pulumi.Input[str]


class DutyAccess(pulumi.ComponentResource):
    """A role for what people do, taken on with a second factor."""

    role_arn: pulumi.Output[str]

    def __init__(self, name: str, args: DutyAccessArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("llmobs:access:DutyAccess", name, None, opts)
        role = BoundedRole(
            name,
            BoundedRoleArgs(
                environment=args.environment,
                what=args.duty,
                description=f"Duty {args.duty} of the secrets programme",
                trust=duty_trust(args.environment, args.duty),
                policy=duty_policy(args.environment, args.catalog, args.duty),
                boundary_arn=args.boundary_arn,
                session_seconds=session_seconds(args.duty),
            ),
            pulumi.ResourceOptions(parent=self),
        )
        self.role_arn = role.arn
        self.register_outputs({"role_arn": role.arn})
