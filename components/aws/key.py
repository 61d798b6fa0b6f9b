"""A KMS key for one purpose of an environment, under an alias that is known before the key exists."""

from __future__ import annotations

import json
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from catalog import derive, names
from catalog.access.key import is_replicated, key_policy
from catalog.environment import Environment

OUTLIVES_THE_STACK = frozenset({"logs", "backup"})
"""Keys that stay when the stack is destroyed: so do the locked buckets, and nobody could read them without these."""


@dataclass(frozen=True, kw_only=True)
class ManagedKeyArgs:
    """`purpose` is one of `derive.key_purposes`: `tier-1` to `tier-3`, `logs`, `backup`."""

    environment: Environment
    purpose: str


class ManagedKey(pulumi.ComponentResource):
    """A symmetric key that AWS renews every year, that its administrators cannot decrypt with.

    Where secrets have copies in a second region, the keys of their tiers have a replica there, under the same alias:
    the same key material, so that what one encrypted the other decrypts, and a policy of its own. A key that exists
    cannot become one of more regions: docs.aws.amazon.com/kms/latest/developerguide/multi-region-keys-overview.html
    """

    arn: pulumi.Output[str]
    replica_arn: pulumi.Output[str] | None

    def __init__(self, name: str, args: ManagedKeyArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("llmobs:key:ManagedKey", name, None, opts)
        environment = args.environment
        replicated = is_replicated(environment, args.purpose)
        key = aws.kms.Key(
            name,
            description=_description(args),
            policy=json.dumps(key_policy(environment, args.purpose)),
            enable_key_rotation=True,
            multi_region=replicated or None,
            deletion_window_in_days=environment.recovery_window_days,
            tags=_tags(args),
            opts=pulumi.ResourceOptions(
                parent=self, protect=environment.protect, retain_on_delete=args.purpose in OUTLIVES_THE_STACK
            ),
        )
        alias = aws.kms.Alias(
            name,
            name=derive.key_alias(environment, args.purpose),
            target_key_id=key.key_id,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.arn = key.arn
        self.replica_arn = self._replica(name, args, key).arn if replicated else None
        self.register_outputs({"arn": key.arn, "alias": alias.name, "replica_arn": self.replica_arn})

    def _replica(self, name: str, args: ManagedKeyArgs, key: aws.kms.Key) -> aws.kms.ReplicaKey:
        environment, region = args.environment, args.environment.replica_region
        replica = aws.kms.ReplicaKey(
            f"{name}-replica",
            region=region,
            primary_key_arn=key.arn,
            description=_description(args),
            policy=json.dumps(key_policy(environment, args.purpose, region)),
            deletion_window_in_days=environment.recovery_window_days,
            tags=_tags(args),
            opts=pulumi.ResourceOptions(parent=self, protect=environment.protect),
        )
        aws.kms.Alias(
            f"{name}-replica",
            region=region,
            name=derive.key_alias(environment, args.purpose),
            target_key_id=replica.key_id,
            opts=pulumi.ResourceOptions(parent=self),
        )
        return replica


def _description(args: ManagedKeyArgs) -> str:
    return f"{names.SERVICE} {args.environment.name}: {args.purpose}"


def _tags(args: ManagedKeyArgs) -> dict[str, str]:
    return derive.environment_tags(args.environment) | {"Purpose": args.purpose}
