"""What one consumer may read."""

from __future__ import annotations

import json
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from catalog import access, derive
from catalog.environment import Environment
from catalog.model import Catalog


@dataclass(frozen=True, kw_only=True)
class ConsumerAccessArgs:
    """`consumer` is a name from the catalogue."""

    environment: Environment
    catalog: Catalog
    consumer: str


class ConsumerAccess(pulumi.ComponentResource):
    """A policy that lets its bearer read the consumer's own secrets, and nothing else."""

    policy_arn: pulumi.Output[str]

    def __init__(self, name: str, args: ConsumerAccessArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("llmobs:access:ConsumerAccess", name, None, opts)
        policy = aws.iam.Policy(
            name,
            name=f"{derive.SERVICE}-{args.environment.name}-read-{args.consumer}",
            description=f"Read the secrets of {args.consumer}",
            policy=json.dumps(access.consumer_policy(args.environment, args.catalog, args.consumer)),
            tags=derive.environment_tags(args.environment),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.policy_arn = policy.arn
        self.register_outputs({"policy_arn": policy.arn})
