"""moto's alarms, changed where a new or a changed one begins with a state that AWS would not give it."""

from __future__ import annotations

from typing import Any

from moto.cloudwatch.models import Alarm, CloudWatchBackend

from sandbox.aws.monitoring.alarm import State


def install_alarm_patches() -> None:
    """A new alarm has no data yet, and a changed one keeps its state; for the life of the process."""
    original, put = Alarm.__init__, CloudWatchBackend.put_metric_alarm

    def init(alarm: Any, *arguments: Any, **named: Any) -> None:
        original(alarm, *arguments, **named)
        alarm.state_value = State.INSUFFICIENT_DATA.value

    def put_metric_alarm(backend: Any, name: str, *arguments: Any, **named: Any) -> Alarm:
        before = backend.alarms.get(name)
        made = put(backend, name, *arguments, **named)
        if before is not None:
            # "When you update an existing alarm, its state is left unchanged" (API_PutMetricAlarm).
            for kept in ("history", "state_reason", "state_reason_data", "state_value", "state_updated_timestamp"):
                setattr(made, kept, getattr(before, kept))
        return made

    Alarm.__init__ = init  # type: ignore[method-assign, assignment]
    CloudWatchBackend.put_metric_alarm = put_metric_alarm  # type: ignore[method-assign, assignment]
