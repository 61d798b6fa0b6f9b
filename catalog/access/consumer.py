"""What consumers and rotation functions may do: read their own secrets, or rotate them, and nothing else."""

from __future__ import annotations

from catalog.access.secrets import (
    DECRYPT,
    ENCRYPT_AND_DECRYPT,
    READ_ACTIONS,
    ROTATE_ACTIONS,
    on_secrets,
    through_secrets_manager,
)
from catalog.access.statement import Policy, policy
from catalog.environment import Environment
from catalog.model import Catalog


def consumer_policy(environment: Environment, catalog: Catalog, consumer: str) -> Policy:
    """What `consumer` may do: read its own secrets and decrypt them, through Secrets Manager only."""
    secrets = catalog.read_by(consumer)
    return policy(
        on_secrets(environment, "ReadOwnSecrets", READ_ACTIONS, secrets, replicas=True),
        through_secrets_manager(environment, "DecryptOwnSecrets", DECRYPT, secrets, replicas=True),
    )


def rotation_policy(environment: Environment, catalog: Catalog, target: str) -> Policy:
    """What the code of the rotation function of `target` does: read, write and relabel the secrets that it rotates."""
    secrets = catalog.targeting(target)
    return policy(
        on_secrets(environment, "RotateOwnSecrets", ROTATE_ACTIONS, secrets),
        through_secrets_manager(environment, "UseKeysOfOwnSecrets", ENCRYPT_AND_DECRYPT, secrets, replicas=True),
    )
