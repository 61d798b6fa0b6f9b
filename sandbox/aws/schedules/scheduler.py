"""Schedules of EventBridge Scheduler: when they are due, and what becomes of them afterwards.

Source: https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html and managing-schedule.html. Within a
flexible window AWS picks a time; the local AWS always takes its start. A rate counts from StartDate, else from when the
schedule was made (that its first time is one interval later is unverified).
"""

import json
import logging
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from moto.scheduler.models import scheduler_backends

from sandbox.aws.clock.clock import iso
from sandbox.aws.clock.source import Ran
from sandbox.aws.events.deliveries import Delivery, DeliveryStore
from sandbox.aws.memory.memory import Memory
from sandbox.aws.schedules.expression import Expression, ExpressionError, parse_expression
from sandbox.aws.schedules.timetable import Plan, Timetable

_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class _Schedule:
    """One enabled schedule; times are seconds since the epoch."""

    arn: str
    expression: Expression
    definition: str
    since: float
    start: float | None
    end: float | None
    target: Mapping[str, Any]

    def next_after(self, moment: float, anchor: float) -> float | None:
        """The next time within start and end, which one-time schedules ignore."""
        if self.expression.at is not None:
            return self.expression.next_after(moment, anchor=anchor)
        # A time on StartDate itself counts, hence a moment before it.
        after = moment if self.start is None else max(moment, self.start - 1.0)
        found = self.expression.next_after(after, anchor=self._anchor(anchor))
        return found if found is None or self.end is None or found <= self.end else None

    def _anchor(self, anchor: float) -> float:
        if self.start is None or self.expression.rate is None:
            return anchor
        return self.start - self.expression.rate if self.start >= anchor else self.start


class Schedules:
    """Invokes the targets of schedules, each of their times once."""

    def __init__(self, *, account: str, memory: Memory, store: DeliveryStore, wake: Callable[[], None]) -> None:
        """Schedules are moto's; `wake` tells the courier."""
        self._account = account
        self._memory = memory
        self._store = store
        self._wake = wake
        self._timetable = Timetable(store=store, prefix="arn:aws:scheduler:")

    def due(self) -> float | None:
        """The earliest time of all enabled schedules."""
        return self._timetable.due(self._plans())

    def run(self, at: float) -> Sequence[Ran]:
        """Invoke the earliest; its delivery and its next time are one transaction."""
        schedules = {one.arn: one for one in self._all()}
        taken = self._timetable.take({**schedules}, at)
        if taken is None:
            return ()
        entry, following = taken
        schedule, moment, now = schedules[entry.arn], entry.next or at, time.time()
        delivery = Delivery(
            id=str(uuid.uuid4()),
            origin=schedule.arn,
            target=schedule.target,
            payload=_payload(schedule, moment),
            due=now,
            accepted=now,
            completes=following is None,
        )
        with self._store.change():
            self._store.put([delivery])
            self._timetable.advance(entry, following)
        self._wake()
        return (Ran(at=moment, kind="schedule", name=schedule.arn, outcome="invoked"),)

    def completed(self, arn: str) -> None:
        """After the last invocation: the schedule goes, if it says so."""
        region, path = arn.split(":")[3], arn.rpartition(":")[2]
        _, group, name = path.split("/", 2)
        with self._memory.change():
            found = scheduler_backends[self._account][region].schedule_groups.get(group)
            stored = found.schedules.get(name) if found is not None else None
            if found is not None and stored is not None and stored.action_after_completion == "DELETE":
                found.delete_schedule(name)

    def _plans(self) -> dict[str, Plan]:
        return {one.arn: one for one in self._all()}

    def _all(self) -> Iterator[_Schedule]:
        with self._memory.read():
            stored = [
                schedule
                for backend in list(scheduler_backends[self._account].values())
                for group in list(backend.schedule_groups.values())
                for schedule in list(group.schedules.values())
                if schedule.state != "DISABLED"
            ]
        for schedule in stored:
            try:
                yield _read(schedule)
            except ExpressionError:
                _log.warning("schedule %s was stored with an expression that AWS refuses", schedule.arn)


def _read(stored: Any) -> _Schedule:
    zone = stored.schedule_expression_timezone
    what = [stored.schedule_expression, zone, stored.start_date, stored.end_date, stored.last_modified_date]
    return _Schedule(
        arn=stored.arn,
        expression=parse_expression(stored.schedule_expression, zone=zone, once=True),
        definition=json.dumps(what),
        since=float(stored.last_modified_date),
        start=None if stored.start_date is None else float(stored.start_date),
        end=None if stored.end_date is None else float(stored.end_date),
        target=json.loads(json.dumps(stored.target)),
    )


def _payload(schedule: _Schedule, moment: float) -> str:
    """The input with its context attributes; without one, the notification that AWS sends."""
    text = schedule.target.get("Input")
    if text is None:
        return json.dumps(
            {
                "version": "0",
                "id": str(uuid.uuid4()),
                "detail-type": "Scheduled Event",
                "source": "aws.scheduler",
                "account": schedule.arn.split(":")[4],
                "time": iso(moment),
                "region": schedule.arn.split(":")[3],
                "resources": [schedule.arn],
                "detail": "{}",
            }
        )
    given = {
        "<aws.scheduler.schedule-arn>": schedule.arn,
        "<aws.scheduler.scheduled-time>": iso(moment),
        "<aws.scheduler.execution-id>": str(uuid.uuid4()),
        "<aws.scheduler.attempt-number>": "1",
    }
    for name, value in given.items():
        text = text.replace(name, value)
    return str(text)
