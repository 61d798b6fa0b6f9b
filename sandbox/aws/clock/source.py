"""What comes due on the clock, and what is told of it when it ran."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, kw_only=True)
class Ran:
    """One thing that came due and ran. `at` is its due time in epoch seconds; `outcome` never holds a value."""

    at: float
    kind: str
    name: str
    outcome: str


class Source(Protocol):
    """Work of one kind that comes due; the agenda runs it, in real time and in an advance."""

    def due(self) -> float | None:
        """The earliest due time, which may have passed; None when nothing waits. Cheap: it is asked often."""

    def run(self, at: float) -> Sequence[Ran]:
        """Do the earliest of what is due at or before `at` to its end, and remember on disk that it is done.

        One thread at a time; the clock is at `at` or later. Afterwards `due` is later, or another item's.
        """
