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


def on_secrets(
    environment: Environment, sid: str, actions: Sequence[str], secrets: Sequence[Secret], *, replicas: bool = False
) -> Statement:
    """Allows `actions` on exactly these secrets, and with `replicas` on their copies in the second region."""
    return allow(sid, actions, _arns(environment, secrets, replicas=replicas))


def through_secrets_manager(
    environment: Environment, sid: str, actions: Sequence[str], secrets: Sequence[Secret], *, replicas: bool = False
) -> Statement:
    """Allows the use of the keys of these secrets, by Secrets Manager and for these secrets alone.

    A key's id is not known before the key exists, so the key is named by its alias, as a condition on any key of this
    account: docs.aws.amazon.com/kms/latest/developerguide/alias-authorization.html. With `replicas` that holds of the
    second region too, where a key of its own encrypts the copy (that its context names the copy's ARN is unverified).
    """
    aliases = sorted({derive.key_alias(environment, derive.key_purpose(secret)) for secret in secrets})
    among = regions(environment) if replicas else (environment.region,)
    via = [via_secrets_manager(region) for region in among]
    return allow(
        sid,
        actions,
        [f"arn:aws:kms:{region}:{environment.account}:key/*" for region in among],
        {
            "StringEquals": {"kms:ViaService": via if len(via) > 1 else via[0]},
            "StringLike": {"kms:EncryptionContext:SecretARN": _arns(environment, secrets, replicas=replicas)},
            "ForAnyValue:StringEquals": {"kms:ResourceAliases": aliases},
        },
    )


def regions(environment: Environment) -> tuple[str, ...]:
    """The regions that hold the secrets: the environment's own first, then that of the copies, if there is one."""
    second = environment.replica_region
    return (environment.region, second) if second else (environment.region,)


def via_secrets_manager(region: str) -> str:
    """What KMS sees when Secrets Manager calls it for someone."""
    return f"secretsmanager.{region}.amazonaws.com"


def _arns(environment: Environment, secrets: Sequence[Secret], *, replicas: bool) -> list[str]:
    among = regions(environment) if replicas else (environment.region,)
    return [derive.secret_arn(environment, secret, region) for region in among for secret in secrets]
