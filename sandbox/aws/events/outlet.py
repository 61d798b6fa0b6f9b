"""Targets of rules: functions, queues, topics, log groups by their own policies, the others as the target's role.

Sources: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html and
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-identity-based.html.
"""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from moto.core.exceptions import ServiceException
from moto.logs.models import logs_backends
from moto.sns.models import sns_backends
from moto.sqs.models import sqs_backends

from sandbox.aws.errors import AwsError
from sandbox.aws.events.as_role import AsRole
from sandbox.aws.events.courier import arguments_of
from sandbox.aws.events.deliveries import Delivery
from sandbox.aws.events.event import Event
from sandbox.aws.events.log_policies import LogPolicies
from sandbox.aws.functions.dispatcher import Dispatcher
from sandbox.aws.memory.memory import Memory
from sandbox.aws.service_may import ServiceMay

_PRINCIPAL = "events.amazonaws.com"
_REMEMBERED = 20


class RuleOutlet:
    """Delivers for rules of one account."""

    def __init__(
        self,
        *,
        account: str,
        memory: Memory,
        service_may: ServiceMay,
        dispatcher: Dispatcher,
        function_exists: Callable[[str, str], object],
        as_role: AsRole,
        publish: Callable[[Event], None],
        has_bus: Callable[[str, str], bool],
    ) -> None:
        """`function_exists` takes region and ARN, and raises for a function that does not exist."""
        self._account = account
        self._memory = memory
        self._service_may = service_may
        self._dispatcher = dispatcher
        self._function_exists = function_exists
        self._as_role = as_role
        self._publish = publish
        self._has_bus = has_bus
        self._log_policies = LogPolicies(account=account, memory=memory)

    def deliver(self, delivery: Delivery) -> None:
        """Hand over by the target's service."""
        arn = str(delivery.target["Arn"])
        service = arn.split(":")[2]
        ways: Mapping[str, Callable[[Delivery, str], None]] = {
            "lambda": self._invoke,
            "sqs": self._send,
            "sns": self._notify,
            "logs": self._log,
            "events": self._forward,
            "states": lambda one, _arn: self._as_role.deliver(one),
        }
        way = ways.get(service)
        if way is None:
            raise AwsError("ValidationException", f"The local AWS has no target of service '{service}'.")
        if delivery.target.get("RoleArn") and service in ("lambda", "sqs", "sns"):
            self._as_role.deliver(delivery)
            return
        with _documented():
            way(delivery, arn)

    def bury(self, delivery: Delivery, queue_arn: str, attributes: Mapping[str, str]) -> None:
        """Send to a dead-letter queue, if its policy lets this rule."""
        self._check("sqs:SendMessage", queue_arn, delivery)
        told = {name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()}
        with _documented():
            self._queue(queue_arn, delivery, None, told)

    def _invoke(self, delivery: Delivery, arn: str) -> None:
        region = arn.split(":")[3]
        self._function_exists(region, arn)
        self._check("lambda:InvokeFunction", arn, delivery)
        # The same id again, after a kill between this line and the removal of the delivery, is the same invocation.
        self._dispatcher.accept(
            region=region, function=arn, qualifier=None, payload=delivery.payload.encode(), event_id=delivery.id
        )

    def _send(self, delivery: Delivery, arn: str) -> None:
        self._check("sqs:SendMessage", arn, delivery)
        group = arguments_of(delivery.target, "SqsParameters").get("MessageGroupId")
        self._queue(arn, delivery, group, None)

    def _notify(self, delivery: Delivery, arn: str) -> None:
        self._check("sns:Publish", arn, delivery)
        _, _, _, region, account, _ = arn.split(":", 5)
        with self._memory.change():
            backend = sns_backends[account][region]
            if _is_first(backend.get_topic(arn), delivery):
                backend.publish(message=delivery.payload, arn=arn)

    def _log(self, delivery: Delivery, arn: str) -> None:
        name = arn.split(":", 6)[6].removesuffix(":*")
        region, stream = arn.split(":")[3], delivery.id
        if not self._log_policies.allow(arn, stream, source_arn=delivery.origin):
            raise AwsError("AccessDeniedException", f"No resource policy lets EventBridge write to log group {name}.")
        with self._memory.change():
            logs = logs_backends[self._account][region]
            if name not in logs.groups:
                raise AwsError("ResourceNotFoundException", f"The log group {name} does not exist.")
            logs.ensure_log_stream(name, stream)
            logs.put_log_events(
                name, stream, [{"timestamp": int(time.time() * 1000), "message": _message(delivery.payload)}]
            )

    def _forward(self, delivery: Delivery, arn: str) -> None:
        """To another bus: as the target's role where one is given, else by the bus's policy."""
        region, bus = arn.split(":")[3], arn.rpartition("/")[2]
        if not self._has_bus(region, bus):
            raise AwsError("ResourceNotFoundException", f"Event bus {bus} does not exist.")
        if delivery.target.get("RoleArn"):
            self._as_role.check(delivery, "events:PutEvents", arn)
        else:
            self._check("events:PutEvents", arn, delivery)
        found = json.loads(delivery.payload)
        self._publish(Event.from_envelope(found, region=region, bus=bus))

    def _queue(
        self, arn: str, delivery: Delivery, group: str | None, attributes: dict[str, dict[str, str]] | None
    ) -> None:
        _, _, _, region, account, name = arn.split(":", 5)
        with self._memory.change():
            backend = sqs_backends[account][region]
            if _is_first(backend.get_queue(name), delivery):
                body = delivery.payload or "{}"
                backend.send_message(name, body, message_attributes=attributes, group_id=group)

    def _check(self, action: str, arn: str, delivery: Delivery) -> None:
        if not self._service_may(_PRINCIPAL, action, arn, source_arn=delivery.origin):
            raise AwsError("AccessDeniedException", f"The policy of {arn} does not let {_PRINCIPAL} {action}.")


@contextmanager
def _documented() -> Iterator[None]:
    """moto's own errors as AWS's."""
    try:
        yield
    except ServiceException as exc:
        raise AwsError(str(exc.code), str(exc.message)) from exc


def _is_first(holder: Any, delivery: Delivery) -> bool:
    """Whether a queue or topic has not had this delivery; it is noted on it, in the transaction that sends.

    So a kill between sending and forgetting the delivery does not send twice.
    """
    had: list[str] = getattr(holder, "sandbox_deliveries", [])
    if delivery.id in had:
        return False
    holder.sandbox_deliveries = [*had, delivery.id][-_REMEMBERED:]
    return True


def _message(payload: str) -> str:
    """What a log group gets: the text, or of {"timestamp", "message"} the message."""
    try:
        found = json.loads(payload)
    except ValueError:
        return payload
    template = isinstance(found, dict) and set(found) == {"timestamp", "message"}
    return str(found["message"]) if template else payload
