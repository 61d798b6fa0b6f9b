"""Rules of EventBridge that run on a schedule.

Source: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-rule-schedule.html. A rate counts from when
the rule was made or enabled; cron fields are UTC.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sandbox.aws.clock.source import Ran
from sandbox.aws.events.bus import Bus
from sandbox.aws.events.deliveries import DeliveryStore
from sandbox.aws.events.event import Event
from sandbox.aws.events.rules import Rule, Rules
from sandbox.aws.schedules.expression import Expression, ExpressionError, parse_expression
from sandbox.aws.schedules.timetable import Plan, Timetable


@dataclass(frozen=True, kw_only=True)
class _RulePlan:
    expression: Expression
    definition: str
    since: float | None = None

    def next_after(self, moment: float, anchor: float) -> float | None:
        return self.expression.next_after(moment, anchor=anchor)


class RuleTimes:
    """Fires scheduled rules: each of their times makes one event for the rule's targets."""

    def __init__(self, *, account: str, rules: Rules, bus: Bus, store: DeliveryStore, wake: Callable[[], None]) -> None:
        """`wake` tells the courier."""
        self._account = account
        self._rules = rules
        self._bus = bus
        self._store = store
        self._wake = wake
        self._timetable = Timetable(store=store, prefix="arn:aws:events:")

    def due(self) -> float | None:
        """The earliest time of all enabled rules."""
        return self._timetable.due(self._plans(list(self._rules.scheduled())))

    def run(self, at: float) -> Sequence[Ran]:
        """Fire the earliest; its deliveries and its next time are one transaction."""
        rules = {rule.arn: rule for rule in self._rules.scheduled()}
        taken = self._timetable.take(self._plans(list(rules.values())), at)
        if taken is None:
            return ()
        entry, following = taken
        rule, moment = rules[entry.arn], entry.next or at
        event = Event(
            source="aws.events",
            detail_type="Scheduled Event",
            detail={},
            account=self._account,
            region=rule.region,
            time=moment,
            resources=(rule.arn,),
        )
        with self._store.change():
            self._store.put(self._bus.deliveries(rule, event.envelope()))
            self._timetable.advance(entry, following)
        self._wake()
        return (Ran(at=moment, kind="rule", name=rule.arn, outcome=f"fired for {len(rule.targets)} targets"),)

    def _plans(self, rules: Sequence[Rule]) -> dict[str, Plan]:
        plans: dict[str, Plan] = {}
        for rule in rules:
            text = rule.schedule or ""
            try:
                plans[rule.arn] = _RulePlan(expression=parse_expression(text), definition=text)
            except ExpressionError:
                continue  # stored before expressions were checked: it never fires
        return plans
