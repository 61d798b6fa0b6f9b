"""Statements about secrets and the keys that encrypt them."""

from __future__ import annotations

from collections.abc import Sequence

from catalog import derive
from catalog.access.statement import Statement, allow
from catalog.environment import Environment
from catalog.model import Secret

READ_ACTIONS = ("secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue")
ROTATE_ACTIONS = (
    *READ_ACTIONS,
    "secretsmanager:ListSecretVersionIds",
    "secretsmanager:PutSecretValue",
    "secretsmanager:UpdateSecretVersionStage",
)
DECRYPT = ("kms:Decrypt",)
ENCRYPT_AND_DECRYPT = ("kms:Decrypt", "kms:GenerateDataKey")


def on_secrets(environment: Environment, sid: str, actions: Sequence[str], secrets: Sequence[Secret]) -> Statement:
    """Allows `actions` on exactly these secrets."""
    return allow(sid, actions, [derive.secret_arn(environment, secret) for secret in secrets])


def through_secrets_manager(
    environment: Environment, sid: str, actions: Sequence[str], secrets: Sequence[Secret]
) -> Statement:
    """Allows the use of the keys of these secrets, by Secrets Manager and for these secrets alone.

    A key's id is not known before the key exists, so the key is named by its alias, as a condition on any key of this
    account: docs.aws.amazon.com/kms/latest/developerguide/alias-authorization.html
    """
    aliases = sorted({derive.key_alias(environment, derive.key_purpose(secret)) for secret in secrets})
    keys = f"arn:aws:kms:{environment.region}:{environment.account}:key/*"
    return allow(
        sid,
        actions,
        [keys],
        {
            "StringEquals": {"kms:ViaService": via_secrets_manager(environment)},
            "StringLike": {
                "kms:EncryptionContext:SecretARN": [derive.secret_arn(environment, secret) for secret in secrets]
            },
            "ForAnyValue:StringEquals": {"kms:ResourceAliases": aliases},
        },
    )


def via_secrets_manager(environment: Environment) -> str:
    """What KMS sees when Secrets Manager calls it for someone."""
    return f"secretsmanager.{environment.region}.amazonaws.com"
