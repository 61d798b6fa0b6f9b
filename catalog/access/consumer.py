"""What consumers and rotation functions may do: read their own secrets, or rotate them, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence

from catalog import derive
from catalog.access.retire import planning
from catalog.access.secrets import (
    DECRYPT,
    ENCRYPT_AND_DECRYPT,
    READ_ACTIONS,
    ROTATE_ACTIONS,
    on_secrets,
    through_secrets_manager,
)
from catalog.access.statement import Policy, Statement, allow, policy
from catalog.environment import Environment
from catalog.model import Catalog, Secret

KEY_ACTIONS = (
    "iam:CreateAccessKey",
    "iam:DeleteAccessKey",
    "iam:GetAccessKeyLastUsed",
    "iam:ListAccessKeys",
    "iam:UpdateAccessKey",
)


def consumer_policy(environment: Environment, catalog: Catalog, consumer: str) -> Policy:
    """What `consumer` may do: read its own secrets and decrypt them, through Secrets Manager only."""
    secrets = catalog.read_by(consumer)
    return policy(
        on_secrets(environment, "ReadOwnSecrets", READ_ACTIONS, secrets, replicas=True),
        through_secrets_manager(environment, "DecryptOwnSecrets", DECRYPT, secrets, replicas=True),
    )


def rotation_policy(environment: Environment, catalog: Catalog, target: str) -> Policy:
    """What the code of the rotation function of `target` does: read, write and relabel the secrets that it rotates, and
    plan when their old credentials end."""
    secrets = catalog.targeting(target)
    return policy(
        on_secrets(environment, "RotateOwnSecrets", ROTATE_ACTIONS, secrets),
        through_secrets_manager(environment, "UseKeysOfOwnSecrets", ENCRYPT_AND_DECRYPT, secrets, replicas=True),
        *planning(environment),
        *_issuing(environment, secrets),
    )


def _issuing(environment: Environment, secrets: Sequence[Secret]) -> tuple[Statement, ...]:
    """The access keys of exactly the users that these secrets belong to.

    docs.aws.amazon.com/service-authorization/latest/reference/list_awsidentityandaccessmanagementiam.html
    """
    users = [derive.marker(environment, secret)["user_name"] for secret in secrets if "user_name" in secret.constants]
    arns = [f"arn:aws:iam::{environment.account}:user/{user}" for user in users]
    return (allow("IssueAccessKeys", KEY_ACTIONS, arns),) if arns else ()
