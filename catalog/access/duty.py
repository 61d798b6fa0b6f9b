"""What people may do, by duty: who rotates does not read, who audits does not write, who manages keys does neither."""

from __future__ import annotations

from catalog import names
from catalog.access.audit import LOOK_UP_ACTIONS, read_the_record, via_s3
from catalog.access.function import dead_letters_arn, use_key_of_queues
from catalog.access.schedule import SCHEDULED
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
USE_KEY_ACTIONS = ("kms:CreateGrant", "kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*")
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
    "secretsmanager:ValidateResourcePolicy",
)
PUT_POLICY = ("secretsmanager:PutResourcePolicy",)
READ_ROLE_ACTIONS = (
    "iam:GetPolicy",
    "iam:GetPolicyVersion",
    "iam:GetRole",
    "iam:GetRolePolicy",
    "iam:ListAttachedRolePolicies",
    "iam:ListPolicyVersions",
    "iam:ListRolePolicies",
)
READ_KEY_ACTIONS = ("kms:DescribeKey", "kms:GetKeyPolicy", "kms:GetKeyRotationStatus", "kms:ListGrants")
WATCH_ACTIONS = (
    "cloudwatch:DescribeAlarmHistory",
    "cloudwatch:DescribeAlarms",
    "cloudwatch:GetDashboard",
    "cloudwatch:GetMetricData",
    "cloudwatch:ListDashboards",
    "cloudwatch:ListMetrics",
)
EMERGENCY_ACTIONS = (
    "states:DescribeExecution",
    "states:DescribeMapRun",
    "states:DescribeStateMachine",
    "states:GetExecutionHistory",
    "states:ListExecutions",
    "states:ListMapRuns",
    "states:RedriveExecution",
    "states:StartExecution",
    "states:StopExecution",
)
DEAD_LETTER_ACTIONS = ("sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:PurgeQueue", "sqs:ReceiveMessage")
EVERYTHING = ("*",)


def duty_policy(environment: Environment, catalog: Catalog, duty: Duty) -> Policy:
    """What `duty` may do."""
    match duty:
        case Duty.OPERATOR:
            return policy(
                on_secrets(environment, "RotateAndSet", OPERATE_ACTIONS, catalog.secrets),
                through_secrets_manager(
                    environment, "EncryptWhatIsSet", ENCRYPT_AND_DECRYPT, catalog.secrets, replicas=True
                ),
                _list_secrets(),
                _read_logs(environment),
                # "You also need lambda:InvokeFunction permissions on the rotation function":
                # docs.aws.amazon.com/secretsmanager/latest/apireference/API_RotateSecret.html
                allow(
                    "StartFunctions",
                    ("lambda:InvokeFunction",),
                    [
                        *names.rotators(environment, catalog),
                        *(names.function_arn(environment, what) for what in SCHEDULED),
                    ],
                ),
                allow("ReadDeadLetters", DEAD_LETTER_ACTIONS, [dead_letters_arn(environment, "*")]),
                use_key_of_queues(environment),
                allow("RotateInAnEmergency", EMERGENCY_ACTIONS, names.emergency_arns(environment)),
                _watch(),
                _reads_no_value(),
            )
        case Duty.AUDITOR:
            return policy(
                on_secrets(environment, "ReadMetadata", METADATA_ACTIONS, catalog.secrets),
                _list_secrets(),
                allow("LookUp", LOOK_UP_ACTIONS, EVERYTHING),
                _read_logs(environment),
                allow("ReadKeys", READ_KEY_ACTIONS, [names.keys_arn(environment)]),
                allow("ReadRoles", READ_ROLE_ACTIONS, _roles_and_policies(environment)),
                *read_the_record(environment),
                _watch(),
                _reads_no_value(),
                # The files of the record are read with a key, and so are the answers to queries.
                deny(
                    "UseKeysThroughS3Only",
                    USE_KEY_ACTIONS,
                    EVERYTHING,
                    {"StringNotEquals": {"kms:ViaService": via_s3(environment)}},
                ),
            )
        case Duty.SECURITY_ADMIN:
            return policy(
                on_secrets(environment, "GuardSecrets", GUARD_ACTIONS, catalog.secrets),
                # AWS refuses a policy that lets everybody in only where the call asks for it:
                # docs.aws.amazon.com/secretsmanager/latest/apireference/API_PutResourcePolicy.html (BlockPublicPolicy)
                on_secrets(environment, "PutPoliciesThatAreNotPublic", PUT_POLICY, catalog.secrets)
                | {"Condition": {"Bool": {"secretsmanager:BlockPublicPolicy": "true"}}},
                _list_secrets(),
                # Managing the keys is allowed by their own policies: catalog/access/key.py.
                _reads_no_value(),
                _uses_no_key(),
            )
        case Duty.BREAK_GLASS:
            return policy(
                on_secrets(environment, "ReadEverything", READ_ACTIONS, catalog.secrets, replicas=True),
                through_secrets_manager(environment, "DecryptEverything", DECRYPT, catalog.secrets, replicas=True),
                _list_secrets(),
            )


def session_seconds(duty: Duty) -> int:
    """How long a session of `duty` lives: an hour for the one that reads everything, a working day for the others."""
    return 3600 if duty is Duty.BREAK_GLASS else 8 * 3600


def _list_secrets() -> Statement:
    # ListSecrets knows no resource; names and tags are no secret.
    # docs.aws.amazon.com/service-authorization/latest/reference/list_awssecretsmanager.html
    return allow("ListSecrets", ("secretsmanager:ListSecrets",), EVERYTHING)


def _read_logs(environment: Environment) -> Statement:
    return allow(
        "ReadLogs",
        ("logs:FilterLogEvents",),
        [names.log_group_arn(environment, names.function_log(environment, "*"))],
    )


def _watch() -> Statement:
    # Metrics know no resource, and dashboards are shown whole:
    # docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncloudwatch.html
    return allow("Watch", WATCH_ACTIONS, EVERYTHING)


def _roles_and_policies(environment: Environment) -> list[str]:
    return [names.role_arn(environment, "*"), names.policy_arn(environment, "*")]


def _reads_no_value() -> Statement:
    return deny("ReadNoValue", READ_VALUE_ACTIONS, EVERYTHING)


def _uses_no_key() -> Statement:
    return deny("UseNoKey", USE_KEY_ACTIONS, EVERYTHING)
