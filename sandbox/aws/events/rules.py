"""The rules that moto stores, as the bus and the schedules read them."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from moto.events.models import events_backends

from sandbox.aws.events.pattern import Pattern, PatternError, parse_pattern
from sandbox.aws.memory.memory import Memory

_DISABLED = "DISABLED"
_ALL_MANAGEMENT = "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"
_BY_CLOUDTRAIL = "AWS API Call via CloudTrail"


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One enabled rule; `pattern` None never matches, `schedule` None never fires."""

    arn: str
    name: str
    region: str
    state: str
    pattern: Pattern | None
    schedule: str | None
    stored: Any

    @property
    def targets(self) -> list[Mapping[str, Any]]:
        """The targets as PutTargets took them; a copy, read only when an event matched."""
        copied: list[Mapping[str, Any]] = json.loads(json.dumps(self.stored.targets))
        return copied

    def matches(self, envelope: Mapping[str, Any]) -> bool:
        """Whether an event matches; CloudTrail's read-only ones only where the rule asks for all management events.

        Source: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-service-event-cloudtrail.html.
        """
        if self.pattern is None:
            return False
        reads = envelope["detail-type"] == _BY_CLOUDTRAIL and envelope["detail"].get("readOnly") is True
        if reads and self.state != _ALL_MANAGEMENT:
            return False
        return self.pattern.matches(envelope)


class Rules:
    """Reads the rules of one account."""

    def __init__(self, *, account: str, memory: Memory) -> None:
        """Rules are moto's."""
        self._account = account
        self._memory = memory

    def on(self, region: str, bus: str) -> list[Rule]:
        """The enabled rules of a bus; none when there is no such bus."""
        with self._memory.read():
            found = events_backends[self._account][region].event_buses.get(bus)
            stored = list(found.rules.values()) if found is not None else []
            return [_rule(one) for one in stored if one.state != _DISABLED]

    def has_bus(self, region: str, bus: str) -> bool:
        """Whether a bus exists."""
        with self._memory.read():
            return bus in events_backends[self._account][region].event_buses

    def bus_of(self, rule_arn: str) -> str:
        """The bus that a rule's ARN names."""
        path = rule_arn.rpartition(":")[2].split("/")
        return path[1] if len(path) == 3 else "default"

    def scheduled(self) -> Iterator[Rule]:
        """Every enabled rule with a schedule, in all regions; they are on default buses only."""
        for region in list(events_backends[self._account]):
            yield from (rule for rule in self.on(region, "default") if rule.schedule is not None)


def _rule(stored: Any) -> Rule:
    text = stored.event_pattern.dump()
    return Rule(
        arn=stored.arn,
        name=stored.name,
        region=stored.region_name,
        state=stored.state,
        pattern=_pattern(text) if text else None,
        schedule=stored.scheduled_expression or None,
        stored=stored,
    )


@lru_cache(maxsize=1024)
def _pattern(text: str) -> Pattern | None:
    try:
        return parse_pattern(text)
    except PatternError:
        return None  # stored before patterns were checked
