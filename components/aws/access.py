"""The roles that consumers and duties have: what they may do and who may become them."""

from __future__ import annotations

import pulumi

from catalog.access.consumer import consumer_policy
from catalog.access.duty import duty_policy, session_seconds
from catalog.access.trust import consumer_trust, duty_trust
from catalog.environment import Environment
from catalog.model import Catalog, Consumer
from catalog.names import Duty
from components.aws.role import BoundedRoleArgs


def consumer_role(
    environment: Environment, catalog: Catalog, consumer: Consumer, boundary_arn: pulumi.Input[str]
) -> BoundedRoleArgs:
    """A role that reads the consumer's own secrets, and that only its platform can become."""
    return BoundedRoleArgs(
        environment=environment,
        what=consumer.name,
        description=f"Reads the secrets of {consumer.name}",
        trust=consumer_trust(environment, consumer),
        policy=consumer_policy(environment, catalog, consumer.name),
        boundary_arn=boundary_arn,
    )


def duty_role(
    environment: Environment, catalog: Catalog, duty: Duty, boundary_arn: pulumi.Input[str]
) -> BoundedRoleArgs:
    """A role for what people do, taken on with a second factor."""
    return BoundedRoleArgs(
        environment=environment,
        what=duty,
        description=f"Duty {duty} of the secrets programme",
        trust=duty_trust(environment, duty),
        policy=duty_policy(environment, catalog, duty),
        boundary_arn=boundary_arn,
        session_seconds=session_seconds(duty),
    )
