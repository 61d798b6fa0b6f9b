"""How many messages the queues hold that alarms watch: a gauge, sampled when alarms are evaluated.

Source: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html.
AWS samples every queue once a minute; here a minute holds the last sample, of queues with an alarm only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from moto.cloudwatch.models import Alarm
from moto.sqs.models import Queue, sqs_backends

from sandbox.aws.monitoring.metrics import Metric, Metrics

_NAMESPACE = "AWS/SQS"
_GAUGES: Mapping[str, Callable[[Queue], int]] = {
    "ApproximateNumberOfMessagesVisible": lambda queue: queue.approximate_number_of_messages,
    "ApproximateNumberOfMessagesNotVisible": lambda queue: queue.approximate_number_of_messages_not_visible,
    "ApproximateNumberOfMessagesDelayed": lambda queue: queue.approximate_number_of_messages_delayed,
}


def sample_queues(account: str, alarms: Iterable[Alarm], metrics: Metrics, now: float) -> None:
    """Write the gauges that `alarms` watch; a queue that is gone has none."""
    for alarm in alarms:
        gauge = _GAUGES.get(alarm.metric_name)
        dimensions: dict[str, Any] = {str(one.name): str(one.value) for one in alarm.dimensions}
        if alarm.namespace != _NAMESPACE or gauge is None or set(dimensions) != {"QueueName"}:
            continue
        queue = sqs_backends[account][alarm.region_name].queues.get(dimensions["QueueName"])
        if queue is not None:
            metric = Metric(
                region=alarm.region_name, namespace=_NAMESPACE, name=alarm.metric_name, dimensions=dimensions
            )
            metrics.gauge(metric, float(gauge(queue)), at=now)
