"""What people may do, by duty: who rotates does not read, who audits does not write, who manages keys does neither."""

from __future__ import annotations

from catalog import names
from catalog.access.secrets import (
    DECRYPT,
    ENCRYPT_AND_DECRYPT,
    READ_ACTIONS,
    on_secrets,
    through_secrets_manager,
)
from catalog.access.statement import Policy, Statement, allow, deny, policy
from catalog.environment import Environment
from catalog.model import Catalog
from catalog.names import Duty

READ_VALUE_ACTIONS = ("secretsmanager:BatchGetSecretValue", "secretsmanager:GetSecretValue")
METADATA_ACTIONS = (
    "secretsmanager:DescribeSecret",
    "secretsmanager:GetResourcePolicy",
    "secretsmanager:ListSecretVersionIds",
)
OPERATE_ACTIONS = (
    "secretsmanager:CancelRotateSecret",
    "secretsmanager:DescribeSecret",
    "secretsmanager:ListSecretVersionIds",
    "secretsmanager:PutSecretValue",
    "secretsmanager:RestoreSecret",
    "secretsmanager:RotateSecret",
    "secretsmanager:UpdateSecretVersionStage",
)
GUARD_ACTIONS = (
    *METADATA_ACTIONS,
    "secretsmanager:DeleteResourcePolicy",
    "secretsmanager:PutResourcePolicy",
    "secretsmanager:ValidateResourcePolicy",
)
EVERYTHING = ("*",)


def duty_policy(environment: Environment, catalog: Catalog, duty: Duty) -> Policy:
    """What `duty` may do."""
    match duty:
        case Duty.OPERATOR:
            return policy(
                on_secrets(environment, "RotateAndSet", OPERATE_ACTIONS, catalog.secrets),
                through_secrets_manager(environment, "EncryptWhatIsSet", ENCRYPT_AND_DECRYPT, catalog.secrets),
                _list_secrets(),
                allow("ReadRotationLogs", ("logs:FilterLogEvents",), names.rotation_logs(environment, catalog)),
                _reads_no_value(),
            )
        case Duty.AUDITOR:
            return policy(
                on_secrets(environment, "ReadMetadata", METADATA_ACTIONS, catalog.secrets),
                _list_secrets(),
                # None of these knows resources: docs.aws.amazon.com/service-authorization/latest/reference/
                allow("ReadTheRecord", ("cloudtrail:DescribeTrails", "cloudtrail:LookupEvents"), EVERYTHING),
                allow("ReadRotationLogs", ("logs:FilterLogEvents",), names.rotation_logs(environment, catalog)),
                _reads_no_value(),
            )
        case Duty.SECURITY_ADMIN:
            return policy(
                on_secrets(environment, "GuardSecrets", GUARD_ACTIONS, catalog.secrets),
                _list_secrets(),
                _reads_no_value(),
                deny("UseNoKey", ("kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"), EVERYTHING),
            )
        case Duty.BREAK_GLASS:
            return policy(
                on_secrets(environment, "ReadEverything", READ_ACTIONS, catalog.secrets),
                through_secrets_manager(environment, "DecryptEverything", DECRYPT, catalog.secrets),
                _list_secrets(),
            )


def session_seconds(duty: Duty) -> int:
    """How long a session of `duty` lives: an hour for the one that reads everything, a working day for the others."""
    return 3600 if duty is Duty.BREAK_GLASS else 8 * 3600


def _list_secrets() -> Statement:
    # ListSecrets knows no resource; names and tags are no secret.
    # docs.aws.amazon.com/service-authorization/latest/reference/list_awssecretsmanager.html
    return allow("ListSecrets", ("secretsmanager:ListSecrets",), EVERYTHING)


def _reads_no_value() -> Statement:
    return deny("ReadNoValue", READ_VALUE_ACTIONS, EVERYTHING)
