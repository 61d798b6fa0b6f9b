"""Alarms at work: evaluated when their metric changes and as time passes; a change of state is told.

Sources: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/AlarmThatSendsEmail.html and
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html. AWS evaluates once a
period; here an alarm looks at the periods that end with the current minute, as soon as something is put.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, Protocol

from moto.cloudwatch.models import Alarm, cloudwatch_backends

from sandbox.aws.clock.source import Ran
from sandbox.aws.events.event import Event
from sandbox.aws.memory.memory import Memory
from sandbox.aws.monitoring.alarm import Rule, State, evaluate
from sandbox.aws.monitoring.metrics import MINUTE, Metric, Metrics

_log = logging.getLogger(__name__)
_EVERY_SECONDS = 5.0


class Actions(Protocol):
    """What an alarm does."""

    def notify(self, target: str, *, alarm_arn: str, subject: str, message: str) -> None:
        """Tell a topic or a function, if its policy lets CloudWatch."""


class Alarms:
    """Every alarm of the account; state lives in moto's backend, which is durable."""

    def __init__(
        self,
        *,
        account: str,
        memory: Memory,
        metrics: Metrics,
        actions: Actions,
        publish: Callable[[Event], None],
    ) -> None:
        """`publish` takes events for the default bus."""
        self._account = account
        self._memory = memory
        self._metrics = metrics
        self._actions = actions
        self._publish = publish
        self._changed = threading.Event()
        self._stopped = False
        self._working = threading.Lock()
        self._thread = threading.Thread(target=self._loop, name="alarms", daemon=True)
        metrics.listen(lambda _metric: self._changed.set())

    def start(self) -> None:
        """Evaluate in the background from now on."""
        self._thread.start()

    def stop(self) -> None:
        """Evaluate no more."""
        self._stopped = True
        self._changed.set()

    def join(self) -> None:
        """Wait until an evaluation that was under way has ended."""
        if self._thread.is_alive():
            self._thread.join()

    def evaluate_all(self, now: float) -> Sequence[Ran]:
        """Bring every alarm up to date; what changed."""
        with self._working:
            changed = [(alarm, *moved) for alarm in self._all() if (moved := self._moved(alarm, now)) is not None]
            for alarm, state, reason in changed:
                self._change(alarm, state, reason, now)
        return [Ran(at=now, kind="alarm", name=alarm.name, outcome=state.value) for alarm, state, _ in changed]

    def _loop(self) -> None:
        while not self._stopped:
            self._changed.wait(_EVERY_SECONDS)
            self._changed.clear()
            if self._stopped:
                return
            try:
                self.evaluate_all(time.time())
                self._metrics.prune(time.time())
            except Exception:  # noqa: BLE001 - a dead thread would silence every alarm
                _log.exception("the evaluation of alarms stopped by an error of the sandbox")

    def _all(self) -> Iterator[Alarm]:
        with self._memory.read():
            for backend in list(cloudwatch_backends[self._account].values()):
                yield from [alarm for alarm in list(backend.alarms.values()) if alarm.metric_name]

    def _moved(self, alarm: Alarm, now: float) -> tuple[State, str] | None:
        period, periods = int(alarm.period), int(alarm.evaluation_periods)
        metric = Metric(
            region=alarm.region_name,
            namespace=alarm.namespace,
            name=alarm.metric_name,
            dimensions={str(one.name): str(one.value) for one in alarm.dimensions},
        )
        end = int(now) // MINUTE * MINUTE + MINUTE
        start = end - period * periods
        by_start = {found.start: found for found in self._metrics.query(metric, start, end, period)}
        rule = Rule(
            comparison=alarm.comparison_operator,
            threshold=float(alarm.threshold),
            periods=periods,
            needed=int(alarm.datapoints_to_alarm or periods),
            missing=alarm.treat_missing_data or "missing",
        )
        datapoints = [
            by_start[at].value(alarm.statistic) if at in by_start else None for at in range(start, end, period)
        ]
        before = State(alarm.state_value)
        state, reason = evaluate(rule, datapoints, before)
        return (state, reason) if state is not before else None

    def _change(self, alarm: Alarm, state: State, reason: str, now: float) -> None:
        before = alarm.state_value
        with self._memory.change():
            cloudwatch_backends[self._account][alarm.region_name]
            alarm.update_state(reason, json.dumps({"version": "1.0"}), state.value)
        self._publish(self._event(alarm, before, reason, now))
        if not alarm.actions_enabled:
            return
        subject = f'{state.value}: "{alarm.name}" in {alarm.region_name}'
        targets = {
            State.ALARM: alarm.alarm_actions,
            State.OK: alarm.ok_actions,
            State.INSUFFICIENT_DATA: alarm.insufficient_data_actions,
        }
        message = json.dumps(self._message(alarm, before, reason, now))
        for target in targets[state]:
            self._actions.notify(target, alarm_arn=alarm.alarm_arn, subject=subject, message=message)

    def _event(self, alarm: Alarm, before: str, reason: str, now: float) -> Event:
        at = f"{datetime.fromtimestamp(now, UTC):%Y-%m-%dT%H:%M:%S.000+0000}"
        detail = {
            "alarmName": alarm.name,
            "configuration": {"description": alarm.description, "actionsEnabled": alarm.actions_enabled},
            "previousState": {"value": before},
            "state": {"value": alarm.state_value, "reason": reason, "timestamp": at},
        }
        return Event(
            source="aws.cloudwatch",
            detail_type="CloudWatch Alarm State Change",
            detail=detail,
            account=self._account,
            region=alarm.region_name,
            time=now,
            resources=(alarm.alarm_arn,),
        )

    def _message(self, alarm: Alarm, before: str, reason: str, now: float) -> dict[str, Any]:
        at = f"{datetime.fromtimestamp(now, UTC):%Y-%m-%dT%H:%M:%S.000+0000}"
        return {
            "AlarmName": alarm.name,
            "AlarmDescription": alarm.description,
            "AWSAccountId": self._account,
            "NewStateValue": alarm.state_value,
            "NewStateReason": reason,
            "StateChangeTime": at,
            "Region": alarm.region_name,
            "AlarmArn": alarm.alarm_arn,
            "OldStateValue": before,
            "OKActions": alarm.ok_actions,
            "AlarmActions": alarm.alarm_actions,
            "InsufficientDataActions": alarm.insufficient_data_actions,
            "Trigger": {
                "MetricName": alarm.metric_name,
                "Namespace": alarm.namespace,
                "StatisticType": "Statistic",
                "Statistic": alarm.statistic.upper(),
                "Unit": alarm.unit,
                "Dimensions": [{"name": one.name, "value": one.value} for one in alarm.dimensions],
                "Period": alarm.period,
                "EvaluationPeriods": alarm.evaluation_periods,
                "ComparisonOperator": alarm.comparison_operator,
                "Threshold": alarm.threshold,
                "TreatMissingData": alarm.treat_missing_data or "",
            },
        }
