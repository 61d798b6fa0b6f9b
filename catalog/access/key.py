"""Key policies: who manages a key, and through which service it is used."""

from __future__ import annotations

from catalog import names
from catalog.access.secrets import via_secrets_manager
from catalog.access.statement import Policy, Statement, allow, held_by, policy
from catalog.environment import Environment
from catalog.names import Duty

# Managing a key without using it. AWS's own list for administrators has kms:Create*, which lets them grant themselves
# the use of the key: docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html. So CreateGrant is left out.
# Whoever may put a key policy can still rewrite this one: that has to be watched, it cannot be prevented here.
ADMIN_ACTIONS = (
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
_ITSELF = ("*",)  # in a key policy this is the key itself and nothing else


def key_policy(environment: Environment, purpose: str) -> Policy:
    """The policy of the key for `purpose`: administrators manage it and cannot decrypt; its service uses it.

    The account's root may manage the key too, else the loss of a role would lock everyone out:
    docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html
    """
    admins = {"AWS": [names.account_root(environment), names.role_arn(environment, Duty.SECURITY_ADMIN)]}
    return policy(held_by(admins, allow("Administer", ADMIN_ACTIONS, _ITSELF)), _use(environment, purpose))


def _use(environment: Environment, purpose: str) -> Statement:
    match purpose:
        case "logs":
            return _encrypt_log_groups(environment)
        case "backup":
            # docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html
            return _use_through(environment, "UseThroughS3", f"s3.{environment.region}.amazonaws.com")
        case _:
            # docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html
            return _use_through(environment, "UseThroughSecretsManager", via_secrets_manager(environment))


def _encrypt_log_groups(environment: Environment) -> Statement:
    # docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
    actions = ("kms:Decrypt*", "kms:Describe*", "kms:Encrypt*", "kms:GenerateDataKey*", "kms:ReEncrypt*")
    groups = f"arn:aws:logs:{environment.region}:{environment.account}:log-group:*"
    condition = {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": groups}}
    service = {"Service": f"logs.{environment.region}.amazonaws.com"}
    return held_by(service, allow("EncryptLogGroups", actions, _ITSELF, condition))


def _use_through(environment: Environment, sid: str, service: str) -> Statement:
    """Hands the decision to IAM policies, but only for calls that `service` makes for this account."""
    condition = {"StringEquals": {"kms:CallerAccount": environment.account, "kms:ViaService": service}}
    actions = ("kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey")
    return held_by({"AWS": names.account_root(environment)}, allow(sid, actions, _ITSELF, condition))
