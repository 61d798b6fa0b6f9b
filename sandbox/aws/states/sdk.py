"""Calls of a task through an SDK integration: what comes back is JSON, and errors have the service's name.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/supported-services-awssdk.html: errors begin with the name
that the service has in the AWS SDK for Java 2. That times are ISO 8601 with milliseconds is unverified.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from moto.stepfunctions.parser.asl.component.state.exec.state_task.service import state_task_service_aws_sdk as sdk

_NAMES = {
    "cloudwatch": "CloudWatch",
    "cloudwatchlogs": "CloudWatchLogs",
    "ec2": "Ec2",
    "eventbridge": "EventBridge",
    "iam": "Iam",
    "kms": "Kms",
    "lambda": "Lambda",
    "rds": "Rds",
    "s3": "S3",
    "scheduler": "Scheduler",
    "secretsmanager": "SecretsManager",
    "sns": "Sns",
    "sqs": "Sqs",
    "ssm": "Ssm",
    "sts": "Sts",
}
_BOTO = {"cloudwatchlogs": "logs", "eventbridge": "events"}


def install_sdk_calls() -> None:
    """Change moto's SDK integrations for the life of the process."""
    original = sdk.StateTaskServiceAwsSdk._eval_service_task

    def evaluated(task: Any, env: Any, *given: Any, **named: Any) -> None:
        original(task, env, *given, **named)
        env.stack[-1] = as_json(env.stack[-1])

    sdk._SERVICE_ERROR_NAMES.update(_NAMES)
    sdk.StateTaskServiceAwsSdk._SERVICE_NAME_SFN_TO_BOTO_OVERRIDES.update(_BOTO)
    sdk.StateTaskServiceAwsSdk._eval_service_task = evaluated  # type: ignore[method-assign, assignment]


def as_json(value: Any) -> Any:
    """An answer of boto3 as JSON can hold it."""
    if isinstance(value, dict):
        return {name: as_json(item) for name, item in value.items()}
    if isinstance(value, list):
        return [as_json(item) for item in value]
    if isinstance(value, datetime):
        return f"{value.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}"[:-3] + "Z"
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return value
