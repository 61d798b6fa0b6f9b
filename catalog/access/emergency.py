"""What the emergency's state machine may do, and who may act as it. Operators start it: catalog/access/duty.py.

Sources: docs.aws.amazon.com/step-functions/latest/dg/iam-policies-eg-dist-map.html (distributed maps, results in S3),
cw-logs.html, xray-iam.html, procedure-create-iam-role.html (confused deputy).
"""

from __future__ import annotations

from catalog import derive, names
from catalog.access.secrets import on_secrets
from catalog.access.statement import Condition, Policy, Statement, allow, policy
from catalog.emergency.outcome import RESULTS_PREFIX
from catalog.emergency.scope import rotated
from catalog.environment import Environment
from catalog.model import Catalog

ROTATE_ACTIONS = (
    "secretsmanager:DescribeSecret",
    "secretsmanager:ListSecretVersionIds",
    "secretsmanager:RotateSecret",
)
RESULT_ACTIONS = (
    "s3:AbortMultipartUpload",
    "s3:GetObject",
    "s3:ListMultipartUploadParts",
    "s3:PutObject",
)
DELIVERY_ACTIONS = (
    "logs:CreateLogDelivery",
    "logs:DeleteLogDelivery",
    "logs:DescribeLogGroups",
    "logs:DescribeResourcePolicies",
    "logs:GetLogDelivery",
    "logs:ListLogDeliveries",
    "logs:PutResourcePolicy",
    "logs:UpdateLogDelivery",
)
TRACE_ACTIONS = (
    "xray:GetSamplingRules",
    "xray:GetSamplingTargets",
    "xray:PutTelemetryRecords",
    "xray:PutTraceSegments",
)
BOUND_ACTIONS = ("logs:*LogDeliver*", "logs:*ResourcePolic*", "logs:DescribeLogGroups", "xray:GetSampling*")
"""Within the boundary: the above in short, as a boundary holds 6,144 characters; what is granted is the above."""
_EVERYTHING = ("*",)


def emergency_policy(environment: Environment, catalog: Catalog) -> Policy:
    """Rotates and retires what functions can rotate, and reads no value: it sees labels and version ids only."""
    machine, executions, map_runs = names.emergency_arns(environment)
    secrets = rotated(catalog)
    functions = sorted({names.function_arn(environment, names.rotator(secret.spec.target)) for secret in secrets})
    return policy(
        on_secrets(environment, "RotateAndWatch", ROTATE_ACTIONS, secrets),
        # RotateSecret asks for it: docs.aws.amazon.com/secretsmanager/latest/apireference/API_RotateSecret.html
        allow("LetThemBeRotated", ("lambda:InvokeFunction",), functions),
        allow("RetireThem", ("lambda:InvokeFunction",), [names.function_arn(environment, names.RETIRE)]),
        # A distributed map starts the machine itself once for each secret.
        allow("StartOneForEachSecret", ("states:StartExecution",), [machine]),
        allow("FollowThem", ("states:DescribeExecution", "states:StopExecution"), [executions]),
        allow("CountThem", ("states:DescribeMapRun",), [map_runs]),
        allow("TellTheTopic", ("sns:Publish",), [names.topic_arn(environment)]),
        allow("KeepResults", RESULT_ACTIONS, [results_arn(environment)]),
        _use_of_the_logs_key(environment),
        *unbound(),
    )


def emergency_trust(environment: Environment) -> Policy:
    """Lets Step Functions act as the role, for this machine of this account alone."""
    machine, *_ = names.emergency_arns(environment)
    condition = {
        "ArnLike": {"aws:SourceArn": machine},
        "StringEquals": {"aws:SourceAccount": environment.account},
    }
    service = {"Service": "states.amazonaws.com"}
    return policy(
        {
            "Sid": "StateMachine",
            "Effect": "Allow",
            "Principal": service,
            "Action": "sts:AssumeRole",
            "Condition": condition,
        }
    )


def unbound() -> tuple[Statement, ...]:
    """What names no resource: deliveries of logs and traces know none.

    docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncloudwatchlogs.html and list_awsx-ray.html
    """
    return (allow("DeliverOwnLog", DELIVERY_ACTIONS, _EVERYTHING), allow("Trace", TRACE_ACTIONS, _EVERYTHING))


def results_arn(environment: Environment) -> str:
    """The objects that hold the results: names, versions and errors, no value."""
    return f"{names.bucket_arn(environment, 'audit-queries')}/{RESULTS_PREFIX}/*"


def _use_of_the_logs_key(environment: Environment) -> Statement:
    """Topic and bucket are encrypted with the key for logs; the key is named by its alias, since its id is not known.

    docs.aws.amazon.com/sns/latest/dg/sns-key-management.html and AmazonS3/latest/userguide/UsingKMSEncryption.html
    """
    services = [f"{service}.{environment.region}.amazonaws.com" for service in ("s3", "sns")]
    condition: Condition = {
        "StringEquals": {"kms:ViaService": services},
        "ForAnyValue:StringEquals": {"kms:ResourceAliases": derive.key_alias(environment, "logs")},
    }
    keys = f"arn:aws:kms:{environment.region}:{environment.account}:key/*"
    return allow("UseTheLogsKey", ("kms:Decrypt", "kms:GenerateDataKey"), [keys], condition)
