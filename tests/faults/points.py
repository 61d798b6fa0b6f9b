"""The deaths of a run: before and after each of its calls."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import NamedTuple

from tests.lambdas.workbench import Crash


@dataclass
class Fuse:
    """Counts the calls of a run and dies at a point; without one it only counts.

    After a call means after its answer, and an error is an answer.
    """

    point: Point | None = None
    names: list[str] = field(default_factory=list)

    @contextmanager
    def __call__(self, name: str) -> Iterator[None]:
        self.names.append(name)
        here = len(self.names)
        if self.point == (here, False):
            raise Crash(name)
        try:
            yield
        finally:
            if self.point == (here, True):
                raise Crash(name)


class Point(NamedTuple):
    """Before or after the n-th call, from 1."""

    at: int
    after: bool

    def place(self, names: list[str]) -> str:
        """Where that is, for a person."""
        return f"{'after' if self.after else 'before'} call {self.at} of {len(names)} ({names[self.at - 1]})"


def points(calls: int) -> Iterator[Point]:
    """Every point of a run of so many calls."""
    for at in range(1, calls + 1):
        yield Point(at, after=False)
        yield Point(at, after=True)
