"""Targets that are called as a role: with its temporary credentials, over this local AWS's own door.

So its policies are judged, and the call is in the trail, as for anybody else. Sources:
https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-targets-templated.html and
https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-targets-universal.html.
"""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from sandbox.aws.errors import AwsError
from sandbox.aws.events.courier import arguments_of
from sandbox.aws.events.deliveries import Delivery
from sandbox.aws.functions.deployed import Credentials
from sandbox.aws.schedules.group import group_of as group_of_schedule

_UNIVERSAL = re.compile(r"arn:aws:scheduler:::aws-sdk:(?P<service>[a-z0-9-]+):(?P<operation>[A-Za-z0-9]+)")
# Services whose name in a universal target is not botocore's: those that SDK for Java 2 calls otherwise.
_SERVICES = {"sfn": "stepfunctions", "eventbridge": "events", "cloudwatchlogs": "logs"}
_READS = ("get", "describe", "list", "poll", "receive", "search", "scan", "query", "select", "read", "batchget")
_TIMEOUT_SECONDS = 30
_SCHEDULES = "arn:aws:scheduler:"

RoleSession = Callable[..., Credentials]
RoleMay = Callable[..., bool]


class AsRole:
    """Calls targets as the role that a rule's target or a schedule names."""

    def __init__(self, *, endpoint: str, role_session: RoleSession, role_may: RoleMay, service: str) -> None:
        """`service` is the principal that assumes the role; `role_session` and `role_may` are of `Access`."""
        self._endpoint = endpoint
        self._role_session = role_session
        self._role_may = role_may
        self._service = service

    def deliver(self, delivery: Delivery) -> None:
        """Call the target; AwsError with the code that it answered."""
        target, arn = delivery.target, str(delivery.target["Arn"])
        universal = _UNIVERSAL.fullmatch(arn)
        if universal is not None:
            self._universal(delivery, universal["service"], universal["operation"])
            return
        service, region = arn.split(":")[2:4]
        calls: Mapping[str, Callable[[Any], Any]] = {
            "lambda": lambda client: client.invoke(
                FunctionName=arn, InvocationType="Event", Payload=delivery.payload or "{}"
            ),
            "sqs": lambda client: client.send_message(
                QueueUrl=self._queue_url(arn), MessageBody=delivery.payload, **group_of(target)
            ),
            "sns": lambda client: client.publish(TopicArn=arn, Message=delivery.payload),
            "states": lambda client: client.start_execution(
                stateMachineArn=arn, name=delivery.id, input=delivery.payload or "{}"
            ),
            "events": lambda client: _put_event(client, delivery),
        }
        call = calls.get(service)
        if call is None:
            raise AwsError("ValidationException", f"The local AWS has no target of service '{service}'.")
        self._call({"states": "stepfunctions"}.get(service, service), region, delivery, call)

    def check(self, delivery: Delivery, action: str, resource: str) -> None:
        """Raise unless the target's role may be assumed and may do this; for what needs no request of its own."""
        role, name = delivery.target["RoleArn"], delivery.id[:32]
        self._role_session(role, service=self._service, session_name=name, source_arn=_source(delivery))
        if not self._role_may(role, action, resource, session_name=name):
            raise AwsError("AccessDeniedException", f"{role} is not authorized to perform {action} on {resource}.")

    def bury(self, delivery: Delivery, queue_arn: str, attributes: Mapping[str, str]) -> None:
        """Send to a dead-letter queue as the role."""
        told = {name: {"StringValue": value, "DataType": "String"} for name, value in attributes.items()}
        self._call(
            "sqs",
            queue_arn.split(":")[3],
            delivery,
            lambda client: client.send_message(
                QueueUrl=self._queue_url(queue_arn), MessageBody=delivery.payload or "{}", MessageAttributes=told
            ),
        )

    def _universal(self, delivery: Delivery, service: str, operation: str) -> None:
        if operation.lower().startswith(_READS):
            raise AwsError("ValidationException", f"{operation} only reads; universal targets call other operations.")
        try:
            parameters = json.loads(delivery.payload or "{}")
        except ValueError as exc:
            raise AwsError("ValidationException", "The schedule's input is not the JSON of a request.") from exc
        region = delivery.origin.split(":")[3]

        def call(client: Any) -> Any:
            names: dict[str, str] = {
                name[0].lower() + name[1:]: method for method, name in client.meta.method_to_api_mapping.items()
            }
            method = names.get(operation)
            if method is None:
                raise AwsError("ValidationException", f"{service} has no operation {operation}.")
            return getattr(client, method)(**parameters)

        self._call(_SERVICES.get(service, service), region, delivery, call)

    def _call(self, service: str, region: str, delivery: Delivery, call: Callable[[Any], Any]) -> None:
        role = delivery.target.get("RoleArn")
        if not role:
            raise AwsError("ValidationException", f"A target of {service} needs a RoleArn.")
        session = self._role_session(
            role, service=self._service, session_name=delivery.id[:32], source_arn=_source(delivery)
        )
        create: Any = boto3.client
        try:
            client = create(
                service,
                region_name=region or delivery.origin.split(":")[3],
                endpoint_url=self._endpoint,
                aws_access_key_id=session.access_key,
                aws_secret_access_key=session.secret_key,
                aws_session_token=session.token,
                config=Config(retries={"total_max_attempts": 1}, read_timeout=_TIMEOUT_SECONDS),
            )
            call(client)
        except ClientError as exc:
            if exc.response["Error"]["Code"] == "ExecutionAlreadyExists":
                return  # by this very delivery, before a kill
            raise AwsError(exc.response["Error"]["Code"], exc.response["Error"].get("Message", "")) from exc
        except BotoCoreError as exc:
            # Its text may repeat parameters, and those may hold a value.
            raise AwsError(f"{type(exc).__name__}", "The call could not be made.") from exc

    def _queue_url(self, arn: str) -> str:
        _, _, _, _, account, name = arn.split(":", 5)
        return f"{self._endpoint}/{account}/{name}"


def _source(delivery: Delivery) -> str:
    """What a role's trust is told as aws:SourceArn: the rule, or the group of the schedule."""
    return group_of_schedule(delivery.origin) if delivery.origin.startswith(_SCHEDULES) else delivery.origin


def group_of(target: Mapping[str, Any]) -> dict[str, str]:
    """The message group of a FIFO queue's target."""
    group = arguments_of(target, "SqsParameters").get("MessageGroupId")
    return {"MessageGroupId": str(group)} if group else {}


def _put_event(client: Any, delivery: Delivery) -> None:
    arguments = arguments_of(delivery.target, "EventBridgeParameters")
    answer = client.put_events(
        Entries=[
            {
                "EventBusName": delivery.target["Arn"],
                "Source": arguments["Source"],
                "DetailType": arguments["DetailType"],
                "Detail": delivery.payload or "{}",
            }
        ]
    )
    failed = answer["Entries"][0].get("ErrorCode")
    if failed:
        raise AwsError(failed, answer["Entries"][0].get("ErrorMessage", ""))
