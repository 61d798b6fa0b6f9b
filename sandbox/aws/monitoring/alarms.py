"""Alarms at work: evaluated when their metric changes and as time passes; a change of state is told.

Sources: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/AlarmThatSendsEmail.html and
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html. AWS evaluates once a
period; here an alarm looks at the periods that end with the current minute, as soon as something is put.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Sequence
from typing import Protocol

from moto.cloudwatch.models import Alarm, cloudwatch_backends

from sandbox.aws.background import Background
from sandbox.aws.clock.source import Ran
from sandbox.aws.errors import AwsError
from sandbox.aws.events.event import Event
from sandbox.aws.memory.memory import Memory
from sandbox.aws.monitoring.alarm import Rule, State, evaluate
from sandbox.aws.monitoring.alarm_told import alarm_event, alarm_message, function_event, moment
from sandbox.aws.monitoring.composite import composite
from sandbox.aws.monitoring.metrics import MINUTE, Metric, Metrics
from sandbox.aws.monitoring.queues import sample_queues

_EVERY_SECONDS = 5.0

Moved = tuple[State, str, str]
"""A new state, its reason in words, and as JSON."""


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
        self._working = threading.Lock()
        self.background = Background("alarms", self._look)
        metrics.listen(lambda _metric: self.background.wake())

    def evaluate_all(self, now: float) -> Sequence[Ran]:
        """Bring every alarm up to date; what changed. Composite ones follow the alarms that they look at."""
        with self._working:
            plain = [alarm for alarm in self._all() if alarm.metric_name]
            with self._memory.read():
                sample_queues(self._account, plain, self._metrics, now)
            return [*self._brought(plain, self._moved, now), *self._follow(now)]

    def force(self, region: str, name: str, state: State, reason: str, data: str | None) -> None:
        """SetAlarmState: told and acted on like any other change; the next evaluation may undo it."""
        with self._working:
            with self._memory.read():
                alarm = cloudwatch_backends[self._account][region].alarms.get(name)
            if alarm is None:
                raise AwsError("ResourceNotFound", f"Unknown: alarm '{name}'", status=404)
            self._change(alarm, state, reason, data or "{}", time.time(), is_new=state != alarm.state_value)
            self._follow(time.time())

    def _follow(self, now: float) -> list[Ran]:
        composites = [alarm for alarm in self._all() if alarm.rule is not None]
        ran: list[Ran] = []
        for _ in composites:
            # A composite alarm may look at another one; a cycle ends here.
            moved = self._brought(composites, self._composed, now)
            ran += moved
            if not moved:
                break
        return ran

    def _brought(self, alarms: Sequence[Alarm], moved: Callable[[Alarm, float], Moved | None], now: float) -> list[Ran]:
        changed = [(alarm, *to) for alarm in alarms if (to := moved(alarm, now)) is not None]
        for alarm, state, reason, data in changed:
            self._change(alarm, state, reason, data, now)
        return [Ran(at=now, kind="alarm", name=alarm.name, outcome=state.value) for alarm, state, *_ in changed]

    def _look(self) -> float:
        self.evaluate_all(time.time())
        self._metrics.prune(time.time())
        return _EVERY_SECONDS

    def _all(self) -> list[Alarm]:
        with self._memory.read():
            backends = cloudwatch_backends[self._account]
            return [alarm for region in list(backends) for alarm in list(backends[region].alarms.values())]

    def _composed(self, alarm: Alarm, _now: float) -> Moved | None:
        with self._memory.read():
            others = cloudwatch_backends[self._account][alarm.region_name].alarms

            def state_of(name: str) -> State | None:
                return State(others[name].state_value) if name in others else None

            holds = composite(str(alarm.rule)).holds(state_of)
        state = State.ALARM if holds else State.OK
        if state == alarm.state_value:
            return None
        return state, f"{alarm.alarm_arn}: the alarm rule evaluates to {str(holds).lower()}", "{}"

    def _moved(self, alarm: Alarm, now: float) -> Moved | None:
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
        if state is before:
            return None
        known = [value for value in datapoints if value is not None]
        data = {
            "version": "1.0",
            "queryDate": moment(now),
            "startDate": moment(start),
            "statistic": alarm.statistic,
            "period": period,
            "recentDatapoints": known,
            "threshold": float(alarm.threshold),
        }
        return state, reason, json.dumps(data)

    def _change(self, alarm: Alarm, state: State, reason: str, data: str, now: float, *, is_new: bool = True) -> None:
        before = alarm.state_value
        with self._memory.change():
            cloudwatch_backends[self._account][alarm.region_name]
            alarm.update_state(reason, data, state.value)
        if not is_new:
            return
        self._publish(alarm_event(alarm, before, self._account, now))
        if not alarm.actions_enabled:
            return
        targets = {
            State.ALARM: alarm.alarm_actions,
            State.OK: alarm.ok_actions,
            State.INSUFFICIENT_DATA: alarm.insufficient_data_actions,
        }
        subject = f'{state.value}: "{alarm.name}" in {alarm.region_name}'
        for target in targets[state]:
            told = function_event if target.split(":")[2] == "lambda" else alarm_message
            message = told(alarm, before, self._account, now)
            self._actions.notify(target, alarm_arn=alarm.alarm_arn, subject=subject, message=message)
