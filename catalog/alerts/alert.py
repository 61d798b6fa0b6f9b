"""What an alert is: how it is noticed, how bad it is, and what whoever is told does about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias


class Severity(StrEnum):
    """How soon somebody looks."""

    CRITICAL = "critical"  # now, at night too
    HIGH = "high"  # today
    MEDIUM = "medium"  # this week


@dataclass(frozen=True, kw_only=True)
class OnEvent:
    """A rule of EventBridge on what CloudTrail recorded in the environment's region, seconds ago; says who and where.

    `reads` asks for read-only calls too, which a rule gets only in the state that its `state` names:
    docs.aws.amazon.com/eventbridge/latest/userguide/eb-service-event-cloudtrail-management.html
    `judged` leaves the last word to the function, because it takes a table that a pattern has no room for.
    """

    pattern: Mapping[str, object]
    reads: bool = False
    judged: bool = False

    @property
    def state(self) -> str:
        """The rule's state."""
        return "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS" if self.reads else "ENABLED"


@dataclass(frozen=True, kw_only=True)
class OnRecord:
    """A metric filter on the log of the trail, which holds every region, and an alarm on how often it matches.

    Some minutes late, and it says only that something happened; but it counts, and sees what happens elsewhere.
    """

    pattern: str
    threshold: int = 1
    seconds: int = 300


Detection: TypeAlias = OnEvent | OnRecord


@dataclass(frozen=True, kw_only=True)
class Alert:
    """One thing that somebody is told.

    `stands_for` are the controls that it answers to, such as `CIS 4.5`; `why_so` says why it takes its route.
    """

    name: str
    title: str
    severity: Severity
    detection: Detection
    to_do: str
    why_so: str
    stands_for: tuple[str, ...] = ()
