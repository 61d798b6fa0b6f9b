"""SNS's deliveries: to functions and queues whose policy lets the topic, to mail and web hooks through the outbox.

Sources: https://docs.aws.amazon.com/sns/latest/dg/sns-lambda-as-subscriber.html and
subscribe-sqs-queue-to-sns-topic.html (the queue's and the function's policy must allow sns.amazonaws.com).
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from typing import Any

from moto.core.exceptions import JsonRESTError, ServiceException
from moto.sns.models import Subscription, sns_backends
from moto.sqs.models import sqs_backends

from sandbox.aws.memory.memory import Memory
from sandbox.aws.monitoring.metrics import Metric, Metrics
from sandbox.aws.monitoring.outbox import Outbox
from sandbox.aws.service_may import ServiceMay

_log = logging.getLogger(__name__)
_SNS = "sns.amazonaws.com"
_ACTIONS = {"lambda": "lambda:InvokeFunction", "sqs": "sqs:SendMessage"}


def dead_letter_queue(redrive: str | None) -> str | None:
    """The queue of a subscription's RedrivePolicy, by ARN.

    Source: https://docs.aws.amazon.com/sns/latest/dg/sns-dead-letter-queues.html.
    """
    return json.loads(redrive).get("deadLetterTargetArn") if redrive else None


def install_notifications(outbox: Outbox, service_may: ServiceMay, metrics: Metrics) -> None:
    """Change moto's subscriptions for the life of the process; `metrics` counts what they deliver."""
    original = Subscription.publish

    def publish(subscription: Any, message: str, message_id: str, **rest: Any) -> None:
        matcher = subscription._filter_policy_matcher
        if matcher is not None and not matcher.matches(rest.get("message_attributes"), message):
            return
        to, protocol, topic = subscription.endpoint, subscription.protocol, subscription.topic.arn
        if protocol in _ACTIONS:
            why = _undelivered(protocol, to, topic, lambda: original(subscription, message, message_id, **rest))
            _counted(topic, "NumberOfNotificationsDelivered" if why is None else "NumberOfNotificationsFailed")
            if why is not None:
                _log.warning("a notification of %s did not reach %s: %s", topic, to, why)
                outbox.failed(topic=topic, protocol=protocol, to=to, message=message, why=why)
                data = subscription.get_post_data(message, message_id, rest.get("subject"))
                _redriven(subscription, json.dumps(data), topic)
            return
        text = message
        if rest.get("message_structure") == "json":
            text = subscription._parse_message_structure(message, protocol)
        subject = rest.get("subject")
        body = json.dumps(subscription.get_post_data(text, message_id, subject)) if "http" in protocol else ""
        outbox.add(topic=topic, protocol=protocol, to=to, subject=subject, message=text, body=body)

    def _counted(topic: str, name: str) -> None:
        region, topic_name = topic.split(":")[3], topic.rsplit(":", 1)[-1]
        metrics.put(Metric(region=region, namespace="AWS/SNS", name=name, dimensions={"TopicName": topic_name}), 1.0)

    def _redriven(subscription: Any, body: str, topic: str) -> None:
        # A recipient that is gone or does not let the topic is not tried again: its message goes there at once.
        queue = dead_letter_queue(subscription.attributes.get("RedrivePolicy"))
        if queue is None:
            return
        _, _, _, region, account, name = queue.split(":", 5)
        may = service_may(_SNS, "sqs:SendMessage", queue, source_arn=topic)
        if not may or name not in sqs_backends[account][region].queues:
            _log.warning("the dead-letter queue %s does not take a notification of %s", queue, topic)
            _counted(topic, "NumberOfNotificationsFailedToRedriveToDlq")
            return
        sqs_backends[account][region].send_message(name, body)
        _counted(topic, "NumberOfNotificationsRedrivenToDlq")

    def _undelivered(protocol: str, to: str, topic: str, deliver: Callable[[], None]) -> str | None:
        if not service_may(_SNS, _ACTIONS[protocol], to, source_arn=topic):
            return f"its policy does not let {_SNS} {_ACTIONS[protocol]} for this topic"
        try:
            deliver()
        except (JsonRESTError, ServiceException, KeyError) as exc:
            return type(exc).__name__
        return None

    Subscription.publish = publish  # type: ignore[method-assign, assignment]


class AlarmActions:
    """What alarms do: they publish to topics and invoke functions that let them."""

    def __init__(
        self, *, memory: Memory, service_may: ServiceMay, invoke_later: Callable[[str, str, str | None, bytes], None]
    ) -> None:
        """`invoke_later` takes region, function, qualifier and payload."""
        self._memory = memory
        self._service_may = service_may
        self._invoke_later = invoke_later

    def notify(self, target: str, *, alarm_arn: str, subject: str, message: str) -> None:
        """Tell a topic or a function; a target that does not let CloudWatch is said in the log.

        Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-actions-Lambda.html.
        """
        _, _, service, region, account, name = target.split(":", 5)
        may = self._service_may
        if service == "sns" and may("cloudwatch.amazonaws.com", "sns:Publish", target, source_arn=alarm_arn):
            with self._memory.change():
                sns_backends[account][region].publish(message=message, arn=target, subject=subject[:100])
        elif service == "lambda" and may(
            "lambda.alarms.cloudwatch.amazonaws.com", "lambda:InvokeFunction", target, source_arn=alarm_arn
        ):
            self._invoke_later(region, name.removeprefix("function:"), None, message.encode())
        else:
            _log.warning("alarm %s could not tell %s: its policy does not let CloudWatch", alarm_arn, target)
