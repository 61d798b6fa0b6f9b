"""When each schedule is next due, kept on disk, so that each time is met once, and one missed is met late, once."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from sandbox.aws.events.deliveries import DeliveryStore, Entry


class Plan(Protocol):
    """One schedule's times."""

    @property
    def definition(self) -> str:
        """Changes whenever the schedule does: then its times begin anew."""

    @property
    def since(self) -> float | None:
        """When it was made or changed, where that is known: its times begin then."""

    def next_after(self, moment: float, anchor: float) -> float | None:
        """The first time after `moment`, None when there is none any more; `anchor` is when it was seen first."""


@dataclass(frozen=True, kw_only=True)
class Timetable:
    """The entries whose ARN begins with `prefix`."""

    store: DeliveryStore
    prefix: str

    def due(self, plans: Mapping[str, Plan]) -> float | None:
        """The earliest time of all plans, after new ones were entered and others taken out."""
        times = [entry.next for entry in self._current(plans).values() if entry.next is not None]
        return min(times, default=None)

    def take(self, plans: Mapping[str, Plan], at: float) -> tuple[Entry, float | None] | None:
        """The earliest entry due at `at` with the time after it, for the caller to write with `advance`."""
        due = [entry for entry in self._current(plans).values() if entry.next is not None and entry.next <= at]
        if not due:
            return None
        first = min(due, key=lambda entry: (entry.next or 0.0, entry.arn))
        # What was missed while no process ran is met once, not once for each missed time.
        return first, plans[first.arn].next_after(max(first.next or at, time.time()), first.anchor)

    def advance(self, entry: Entry, following: float | None) -> None:
        """Write the next time."""
        self.store.put_entry(Entry(arn=entry.arn, definition=entry.definition, anchor=entry.anchor, next=following))

    def _current(self, plans: Mapping[str, Plan]) -> dict[str, Entry]:
        with self.store.change():  # alone: an entry written from an older look would be met twice
            return self._reconciled(plans)

    def _reconciled(self, plans: Mapping[str, Plan]) -> dict[str, Entry]:
        known = {arn: entry for arn, entry in self.store.entries().items() if arn.startswith(self.prefix)}
        for arn in known.keys() - plans.keys():
            self.store.drop_entry(arn)
        found: dict[str, Entry] = {}
        for arn, plan in plans.items():
            entry = known.get(arn)
            if entry is None or entry.definition != plan.definition:
                since = time.time() if plan.since is None else plan.since
                entry = Entry(arn=arn, definition=plan.definition, anchor=since, next=plan.next_after(since, since))
                self.store.put_entry(entry)
            found[arn] = entry
        return found
