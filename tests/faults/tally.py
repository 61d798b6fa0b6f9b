"""What was tried and what came of it, by subject, act and recovery."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from tests.faults.yardstick import Breach

ONCE, TWICE, RAN, SAME, CHECKED = "one death", "two deaths", "ran", "same world", "checked again"


@dataclass
class Tally:
    """Counts, and one sentence for each breach.

    one death, two deaths: points tried. ran: recoveries run to their end and looked at. same world: points whose world
    differs from one that was recovered from already in random values only. checked again: those of them that ran all
    the same. run 1, run 2: recovered with that run.
    """

    counts: Counter[tuple[str, str, str, str]] = field(default_factory=Counter)
    breaches: list[str] = field(default_factory=list)

    def count(self, place: tuple[str, str, str], what: str, number: int = 1) -> None:
        """Count something of subject, act and recovery."""
        self.counts[(*place, what)] += number

    def breach(self, place: tuple[str, str, str], where: str, breach: Breach) -> None:
        """Note a breach, with the way to it."""
        self.count(place, breach.sort)
        self.breaches.append(f"{' / '.join(place)}: {where}: {breach.sort}: {breach.text}")

    def add(self, other: Tally) -> None:
        """Take another tally in."""
        self.counts.update(other.counts)
        self.breaches += other.breaches

    def total(self, what: str, *, subject: str | None = None, recovery: str | None = None) -> int:
        """A sum over acts, and over what is not given."""
        return sum(
            number
            for (of, _, by, kind), number in self.counts.items()
            if kind == what and subject in (None, of) and recovery in (None, by)
        )
