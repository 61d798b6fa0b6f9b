"""Calls of a task through an SDK integration: what comes back is JSON, and errors have the service's name.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/supported-services-awssdk.html: errors begin with the name
that the service has in the AWS SDK for Java 2, and the names of parameters and of what comes back are in PascalCase,
whatever the service's own are. That times are ISO 8601 with milliseconds is unverified.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any

import botocore.session
from botocore.model import ListShape, MapShape, OperationModel, Shape, StructureShape
from botocore.response import StreamingBody
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
        operation = _operation(task._get_boto_service_name(), task.resource.api_action)
        env.stack[-1] = as_json(in_pascal_case(env.stack[-1], operation.output_shape))

    def normalised(task: Any, parameters: dict[str, Any], *_given: Any) -> None:
        operation = _operation(task._get_boto_service_name(), task.resource.api_action)
        made = in_the_services_case(dict(parameters), operation.input_shape)
        parameters.clear()
        parameters.update(made)

    sdk._SERVICE_ERROR_NAMES.update(_NAMES)
    sdk.StateTaskServiceAwsSdk._SERVICE_NAME_SFN_TO_BOTO_OVERRIDES.update(_BOTO)
    sdk.StateTaskServiceAwsSdk._eval_service_task = evaluated  # type: ignore[method-assign, assignment]
    sdk.StateTaskServiceAwsSdk._normalise_parameters = normalised  # type: ignore[method-assign, assignment]


def in_pascal_case(value: Any, shape: Shape | None) -> Any:
    """An answer with the names of its members as a definition reads them, such as MapRunArn for mapRunArn."""
    return _renamed(value, shape, lambda name, _members: _pascal(name))


def in_the_services_case(value: Any, shape: Shape | None) -> Any:
    """Parameters with their names as the service has them."""
    return _renamed(
        value, shape, lambda name, members: next((member for member in members if _pascal(member) == name), name)
    )


def as_json(value: Any) -> Any:
    """An answer of boto3 as JSON can hold it."""
    if isinstance(value, dict):
        return {name: as_json(item) for name, item in value.items()}
    if isinstance(value, list):
        return [as_json(item) for item in value]
    if isinstance(value, datetime):
        return f"{value.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}"[:-3] + "Z"
    if isinstance(value, StreamingBody):
        value = value.read()
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return value


def _renamed(value: Any, shape: Shape | None, rename: Callable[[str, Iterable[str]], str]) -> Any:
    if isinstance(shape, StructureShape) and isinstance(value, dict):
        members = shape.members
        return {rename(name, members): _renamed(item, _member(name, members), rename) for name, item in value.items()}
    if isinstance(shape, ListShape) and isinstance(value, list):
        return [_renamed(item, shape.member, rename) for item in value]
    if isinstance(shape, MapShape) and isinstance(value, dict):
        return {key: _renamed(item, shape.value, rename) for key, item in value.items()}
    return value


def _member(name: str, members: Mapping[str, Shape]) -> Shape | None:
    return next((shape for member, shape in members.items() if _pascal(member) == _pascal(name)), None)


def _pascal(name: str) -> str:
    return name[:1].upper() + name[1:]


@cache
def _operation(service: str, action: str) -> OperationModel:
    model = botocore.session.get_session().get_service_model(service)
    return model.operation_model(_pascal(action))
