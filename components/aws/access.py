"""Who has access: the roles of duties, of consumers, and of the repository's workflows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi

from catalog.access.duty import duty_policy, session_seconds
from catalog.access.trust import duty_trust
from catalog.environment import Environment, Provider
from catalog.model import Catalog
from catalog.names import Duty
from components.aws.consumer import ConsumerAccess, ConsumerAccessArgs
from components.aws.github import GitHubAccess, GitHubAccessArgs
from components.aws.identity import TokenIssuer, TokenIssuerArgs
from components.aws.role import BoundedRoleArgs


@dataclass(frozen=True, kw_only=True)
class AccessArgs:
    """`boundary_arn` is `Boundary.arn`."""

    environment: Environment
    catalog: Catalog
    boundary_arn: pulumi.Input[str]


class Access(pulumi.ComponentResource):
    """The roles of every consumer and workflow; those of duties come before the keys, which name them."""

    role_arns: Mapping[str, pulumi.Output[str]]

    def __init__(self, name: str, args: AccessArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("llmobs:access:Access", name, None, opts)
        environment = args.environment
        child = pulumi.ResourceOptions(parent=self)
        if environment.cluster.oidc_provider is Provider.CREATED:
            TokenIssuer(
                "cluster", TokenIssuerArgs(environment=environment, issuer=environment.cluster.oidc_issuer), child
            )
        consumers = {
            consumer.name: ConsumerAccess(
                consumer.name,
                ConsumerAccessArgs(
                    environment=environment,
                    catalog=args.catalog,
                    consumer=consumer,
                    boundary_arn=args.boundary_arn,
                ),
                child,
            )
            for consumer in args.catalog.consumers
        }
        github = GitHubAccess("github", GitHubAccessArgs(environment=environment), child)
        self.role_arns = {name: access.arn for name, access in consumers.items()} | dict(github.role_arns)
        self.register_outputs({"role_arns": self.role_arns})


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
