"""A KMS key for one purpose of an environment, under an alias that is known before the key exists."""

from __future__ import annotations

import json
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from catalog import derive, names
from catalog.access.key import key_policy
from catalog.environment import Environment


@dataclass(frozen=True, kw_only=True)
class ManagedKeyArgs:
    """`purpose` is one of `derive.key_purposes`: `tier-1` to `tier-3`, `logs`, `backup`."""

    environment: Environment
    purpose: str


class ManagedKey(pulumi.ComponentResource):
    """A symmetric key that AWS renews every year, that its administrators cannot decrypt with."""

    arn: pulumi.Output[str]

    def __init__(self, name: str, args: ManagedKeyArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("llmobs:key:ManagedKey", name, None, opts)
        environment = args.environment
        key = aws.kms.Key(
            name,
            description=f"{names.SERVICE} {environment.name}: {args.purpose}",
            policy=json.dumps(key_policy(environment, args.purpose)),
            enable_key_rotation=True,
            deletion_window_in_days=environment.recovery_window_days,
            tags=derive.environment_tags(environment) | {"Purpose": args.purpose},
            opts=pulumi.ResourceOptions(parent=self, protect=environment.protect),
        )
        alias = aws.kms.Alias(
            name,
            name=derive.key_alias(environment, args.purpose),
            target_key_id=key.key_id,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.arn = key.arn
        self.register_outputs({"arn": key.arn, "alias": alias.name})
