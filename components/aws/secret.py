"""One secret: its container, the marker that is its first version, and its rotation schedule."""

from __future__ import annotations

import json
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from catalog import derive
from catalog.access.secret import secret_policy
from catalog.environment import Environment
from catalog.model import Catalog, Secret
from components.aws.rotation import RotationFunction


@dataclass(frozen=True, kw_only=True)
class ManagedSecretArgs:
    """`key_arn` is the key of the secret's tier, `replica_key_arn` its replica; `function` rotates the kind."""

    environment: Environment
    catalog: Catalog
    secret: Secret
    key_arn: pulumi.Input[str]
    replica_key_arn: pulumi.Input[str] | None = None
    function: RotationFunction


class ManagedSecret(pulumi.ComponentResource):
    """A container that Pulumi makes and never puts a credential in.

    The first version holds the fields that are not secret. It goes through the write-only argument, so the provider
    never reads a value back into the state, and it is never written again: its `secret_string_wo_version` stays 1;
    `version_stages` is ignored, because a refresh finds AWSCURRENT elsewhere after a rotation and the next update would
    move it back over the live credential; and the label LLMOBS_BOOTSTRAP keeps the version from being pruned, after
    which a refresh would have it made anew, as current: github.com/hashicorp/terraform-provider-aws/issues/37302
    """

    arn: pulumi.Output[str]
    policy: aws.secretsmanager.SecretPolicy

    def __init__(self, name: str, args: ManagedSecretArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("llmobs:secret:ManagedSecret", name, None, opts)
        environment, secret = args.environment, args.secret
        container = aws.secretsmanager.Secret(
            name,
            name=derive.secret_name(environment, secret),
            description=secret.description,
            kms_key_id=args.key_arn,
            recovery_window_in_days=environment.recovery_window_days,
            replicas=_replicas(args),
            tags=derive.secret_tags(environment, args.catalog, secret),
            opts=pulumi.ResourceOptions(parent=self, protect=environment.protect),
        )
        marker = aws.secretsmanager.SecretVersion(
            name,
            secret_id=container.arn,
            secret_string_wo=json.dumps(derive.marker(environment, secret)),
            secret_string_wo_version=1,
            version_stages=["AWSCURRENT", derive.BOOTSTRAP_LABEL],
            opts=pulumi.ResourceOptions(parent=self, ignore_changes=["versionStages"], retain_on_delete=True),
        )
        rotation = aws.secretsmanager.SecretRotation(
            name,
            secret_id=container.arn,
            rotation_lambda_arn=args.function.arn,
            rotate_immediately=False,  # the marker has nothing to rotate: `secretsctl bootstrap` starts the first one
            rotation_rules=aws.secretsmanager.SecretRotationRotationRulesArgs(
                automatically_after_days=derive.rotation_days(args.catalog, secret)
            ),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[marker, args.function.permission]),
        )
        # Last to come, as it denies the first version to whoever deploys, and first to go, as it denies the deletion.
        self.policy = aws.secretsmanager.SecretPolicy(
            name,
            secret_arn=container.arn,
            policy=json.dumps(secret_policy(environment, secret)),
            block_public_policy=True,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[marker, rotation]),
        )
        self.arn = container.arn
        self.register_outputs({"arn": container.arn})


def _replicas(args: ManagedSecretArgs) -> list[aws.secretsmanager.SecretReplicaArgs] | None:
    """The copy in the second region; a secret of that name that is there already stays, and the update fails."""
    region = args.environment.replica_region
    if region is None:
        return None
    return [aws.secretsmanager.SecretReplicaArgs(region=region, kms_key_id=args.replica_key_arn)]
