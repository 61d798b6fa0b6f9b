"""Who may do what: the IAM, key and trust policies of an environment, as plain documents. Pure.

Every document is built from account, region and names, never from the ARN of a resource, so that a policy pack can
judge it before anything exists.
"""

from __future__ import annotations

from collections.abc import Sequence

from catalog import derive
from catalog.environment import Environment
from catalog.model import Catalog, Secret

Statement = dict[str, object]
Policy = dict[str, object]

READ_ACTIONS = ("secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue")
ROTATE_ACTIONS = (
    *READ_ACTIONS,
    "secretsmanager:ListSecretVersionIds",
    "secretsmanager:PutSecretValue",
    "secretsmanager:UpdateSecretVersionStage",
)
# Managing a key without using it. AWS's own list for administrators has kms:Create*, which lets them grant themselves
# the use of the key: docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html. So CreateGrant is left out.
# Whoever may put a key policy can still rewrite this one: that has to be watched, it cannot be prevented here.
KEY_ADMIN_ACTIONS = (
    "kms:CancelKeyDeletion",
    "kms:CreateAlias",
    "kms:DeleteAlias",
    "kms:DescribeKey",
    "kms:DisableKey",
    "kms:EnableKey",
    "kms:EnableKeyRotation",
    "kms:GetKeyPolicy",
    "kms:GetKeyRotationStatus",
    "kms:ListAliases",
    "kms:ListGrants",
    "kms:ListKeyPolicies",
    "kms:ListResourceTags",
    "kms:PutKeyPolicy",
    "kms:RevokeGrant",
    "kms:ScheduleKeyDeletion",
    "kms:TagResource",
    "kms:UntagResource",
    "kms:UpdateAlias",
    "kms:UpdateKeyDescription",
)


def consumer_policy(environment: Environment, catalog: Catalog, consumer: str) -> Policy:
    """What `consumer` may do: read its own secrets and decrypt them, through Secrets Manager only."""
    secrets = catalog.read_by(consumer)
    return _policy(
        _on_secrets(environment, "ReadOwnSecrets", READ_ACTIONS, secrets),
        _through_secrets_manager(environment, "DecryptOwnSecrets", ("kms:Decrypt",), secrets),
    )


def rotation_policy(environment: Environment, catalog: Catalog, target: str) -> Policy:
    """What the rotation function of `target` may do: read, write and relabel the secrets that it rotates, and log."""
    secrets = catalog.targeting(target)
    logs = (
        f"arn:aws:logs:{environment.region}:{environment.account}:log-group:{derive.log_group(environment, target)}:*"
    )
    return _policy(
        _on_secrets(environment, "RotateOwnSecrets", ROTATE_ACTIONS, secrets),
        _through_secrets_manager(environment, "UseKeysOfOwnSecrets", ("kms:Decrypt", "kms:GenerateDataKey"), secrets),
        _allow("WriteOwnLog", ("logs:CreateLogStream", "logs:PutLogEvents"), [logs]),
    )


def function_trust() -> Policy:
    """Lets AWS Lambda, and nobody else, assume the role of a rotation function."""
    return _policy(
        {
            "Sid": "Lambda",
            "Effect": "Allow",
            "Principal": {"Service": "lambda.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    )


def key_policy(environment: Environment, purpose: str) -> Policy:
    """The policy of the key for `purpose`: administrators manage it and cannot decrypt; its service uses it.

    The account's root may manage the key too, else the loss of a role would lock everyone out:
    docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html
    """
    root = f"arn:aws:iam::{environment.account}:root"
    return _policy(
        {
            "Sid": "Administer",
            "Effect": "Allow",
            "Principal": {"AWS": [root, *environment.key_administrators]},
            "Action": list(KEY_ADMIN_ACTIONS),
            "Resource": "*",  # in a key policy this is the key itself and nothing else
        },
        *_key_use(environment, purpose, root),
    )


def _key_use(environment: Environment, purpose: str, root: str) -> list[Statement]:
    if purpose == "logs":
        logs = f"logs.{environment.region}.amazonaws.com"
        groups = f"arn:aws:logs:{environment.region}:{environment.account}:log-group:*"
        # docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
        return [
            {
                "Sid": "EncryptLogGroups",
                "Effect": "Allow",
                "Principal": {"Service": logs},
                "Action": ["kms:Decrypt*", "kms:Describe*", "kms:Encrypt*", "kms:GenerateDataKey*", "kms:ReEncrypt*"],
                "Resource": "*",
                "Condition": {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": groups}},
            }
        ]
    if purpose.startswith("tier-"):
        # docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html
        return [_use_through(environment, "UseThroughSecretsManager", _via_secrets_manager(environment), root)]
    # docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html
    return [_use_through(environment, "UseThroughS3", f"s3.{environment.region}.amazonaws.com", root)]


def _use_through(environment: Environment, sid: str, service: str, root: str) -> Statement:
    """Hands the decision to IAM policies, but only for calls that `service` makes for this account."""
    return {
        "Sid": sid,
        "Effect": "Allow",
        "Principal": {"AWS": root},
        "Action": ["kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey"],
        "Resource": "*",
        "Condition": {"StringEquals": {"kms:CallerAccount": environment.account, "kms:ViaService": service}},
    }


def _on_secrets(environment: Environment, sid: str, actions: Sequence[str], secrets: Sequence[Secret]) -> Statement:
    return _allow(sid, actions, [derive.secret_arn(environment, secret) for secret in secrets])


def _through_secrets_manager(
    environment: Environment, sid: str, actions: Sequence[str], secrets: Sequence[Secret]
) -> Statement:
    # A key's id is not known before the key exists, so the key is named by its alias, as a condition on any key of
    # this account: docs.aws.amazon.com/kms/latest/developerguide/alias-authorization.html
    aliases = sorted({derive.key_alias(environment, derive.key_purpose(secret)) for secret in secrets})
    keys = f"arn:aws:kms:{environment.region}:{environment.account}:key/*"
    arns = [derive.secret_arn(environment, secret) for secret in secrets]
    return _allow(sid, actions, [keys]) | {
        "Condition": {
            "StringEquals": {"kms:ViaService": _via_secrets_manager(environment)},
            "StringLike": {"kms:EncryptionContext:SecretARN": arns},
            "ForAnyValue:StringEquals": {"kms:ResourceAliases": aliases},
        }
    }


def _via_secrets_manager(environment: Environment) -> str:
    return f"secretsmanager.{environment.region}.amazonaws.com"


def _allow(sid: str, actions: Sequence[str], resources: list[str]) -> Statement:
    return {"Sid": sid, "Effect": "Allow", "Action": list(actions), "Resource": resources}


def _policy(*statements: Statement) -> Policy:
    return {"Version": "2012-10-17", "Statement": list(statements)}
