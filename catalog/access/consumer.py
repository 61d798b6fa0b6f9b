"""What consumers and rotation functions may do: read their own secrets, or rotate them, and nothing else."""

from __future__ import annotations

from catalog import names
from catalog.access.secrets import (
    DECRYPT,
    ENCRYPT_AND_DECRYPT,
    READ_ACTIONS,
    ROTATE_ACTIONS,
    on_secrets,
    through_secrets_manager,
)
from catalog.access.statement import Policy, allow, policy
from catalog.environment import Environment
from catalog.model import Catalog


def consumer_policy(environment: Environment, catalog: Catalog, consumer: str) -> Policy:
    """What `consumer` may do: read its own secrets and decrypt them, through Secrets Manager only."""
    secrets = catalog.read_by(consumer)
    return policy(
        on_secrets(environment, "ReadOwnSecrets", READ_ACTIONS, secrets),
        through_secrets_manager(environment, "DecryptOwnSecrets", DECRYPT, secrets),
    )


def rotation_policy(environment: Environment, catalog: Catalog, target: str) -> Policy:
    """What the rotation function of `target` may do: read, write and relabel the secrets that it rotates, and log."""
    secrets = catalog.targeting(target)
    log = names.log_group_arn(environment, names.function_log(environment, names.rotator(target)))
    return policy(
        on_secrets(environment, "RotateOwnSecrets", ROTATE_ACTIONS, secrets),
        through_secrets_manager(environment, "UseKeysOfOwnSecrets", ENCRYPT_AND_DECRYPT, secrets),
        allow("WriteOwnLog", ("logs:CreateLogStream", "logs:PutLogEvents"), [log]),
    )
