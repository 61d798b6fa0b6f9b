"""The emergency's machine on a simulated clock: its pace, its stages, the service's quotas, and what takes time.

What the simulation has of the real thing: the stages of catalog/emergency/scope.py, the pace of pace.py (so many at
once, a look every few seconds), the states of rotation.py, labels that move as in Secrets Manager, the bucket of 50
writes a second with the refusals and retries of boto3, ListSecretVersionIds at 50 a second, and that a rotation goes on
without the machine. What it assumes is `Times`: AWS states none of it.

Quotas: docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html. A bucket of 50 tokens that fills with
50 a second is our reading of "50 per second" (unverified).
"""

from __future__ import annotations

import heapq
import itertools
import random
from collections import Counter
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field

from catalog.emergency.pace import Pace

QUOTA = 50
"""Writes a second of PutSecretValue and UpdateSecretVersionStage together; as many ListSecretVersionIds."""
Steps = Generator[float, None, None]


@dataclass(frozen=True, kw_only=True)
class Times:
    """Seconds, each between two bounds: a call of AWS, one step of a rotation function, and the function `retire`."""

    call: tuple[float, float] = (0.02, 0.08)
    step: tuple[float, float] = (0.15, 0.45)
    retire: tuple[float, float] = (0.3, 1.5)
    slow: float = 0.02
    """How many steps are slow, as at a cold start or a busy server."""
    slow_seconds: tuple[float, float] = (1.0, 3.0)


class Bucket:
    """Tokens that come back with time."""

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._tokens = float(rate)
        self._at = 0.0

    def take(self, now: float) -> bool:
        """One token, if there is one."""
        self._tokens = min(self._rate, self._tokens + (now - self._at) * self._rate)
        self._at = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True


@dataclass
class Item:
    """One secret. `current` counts how often a version of the incident became current."""

    name: str
    stage: int
    pending: bool = False
    is_current: bool = False
    rotations: int = 0
    retirements: int = 0
    label_gone: bool = False
    rotated_at: float = 0.0
    retired_at: float = 0.0


@dataclass
class World:
    """Everything that happens, in order of its time."""

    pace: Pace
    items: Sequence[Item]
    random: random.Random
    times: Times = field(default_factory=Times)
    now: float = 0.0
    calls: Counter[str] = field(default_factory=Counter)
    refusals: int = 0
    kills: int = 0

    def __post_init__(self) -> None:
        self._queue: list[tuple[float, int, Steps, int | None]] = []
        self._number = itertools.count()
        self._writes, self._lists = Bucket(QUOTA), Bucket(QUOTA)
        self._run: int | None = None
        self._left: dict[int, list[Item]] = {}
        self._open = 0

    def run(self, kills: Sequence[float] = (), pause: float = 5.0) -> None:
        """The machine to its end; at each of `kills` it dies, and is started again `pause` seconds later."""
        pending = sorted(kills)
        self._begin(0)
        while self._queue:
            at, _, steps, run = heapq.heappop(self._queue)
            while pending and pending[0] <= at and self._run is not None:
                # What the machine's children would have done next is not done; rotations go on in the service.
                self.now, self.kills = pending.pop(0), self.kills + 1
                dead, self._run = self._run, None
                self._schedule(self.now + pause, self._again(dead + 1), None)
            if run is not None and run != self._run:
                continue
            self.now = max(self.now, at)
            self._go_on(steps, run)

    def write(self) -> Steps:
        """One write within a function: boto3 tries four times, then the function fails and is tried again."""
        while True:
            for attempt in range(4):
                yield self._time(self.times.call)
                self.calls["write"] += 1
                if self._writes.take(self.now):
                    return
                self.refusals += 1
                # botocore's mode `standard`: a random part of 2^attempt seconds, at most 20.
                yield self.random.random() * 2**attempt
            yield self.random.uniform(1, 5)  # the service tries the rotation again, the machine the retirement

    def _again(self, run: int) -> Steps:
        self._begin(run)
        yield 0

    def _begin(self, run: int) -> None:
        self._run = run
        self._left = {}
        for item in self.items:
            self._left.setdefault(item.stage, []).append(item)
        self._left = {stage: found[::-1] for stage, found in sorted(self._left.items())}
        self._open = 0
        self._fill(run)

    def _fill(self, run: int) -> None:
        """Start children up to the bound; a stage begins when the one before is done."""
        while self._left:
            stage = next(iter(self._left))
            while self._left[stage] and self._open < self.pace.at_once:
                self._open += 1
                self._schedule(self.now, self._child(self._left[stage].pop(), run), run)
            if self._open or self._left[stage]:
                return
            del self._left[stage]

    def _child(self, item: Item, run: int) -> Steps:
        """One child execution: catalog/emergency/rotation.py, state by state."""
        asked = False
        while True:
            yield self._time(self.times.call)  # Look
            self.calls["describe"] += 1
            if item.is_current:
                break
            if not asked:
                yield from self._listed()
                asked = True
                if not item.pending:
                    yield self._time(self.times.call)  # Rotate
                    self.calls["rotate"] += 1
                    if not item.pending and not item.is_current:
                        item.pending = True
                        self._schedule(self.now, self._rotation(item), None)
            yield self.pace.seconds
        if not item.label_gone:
            yield self._time(self.times.retire)
            item.retirements += 1
            item.retired_at = item.retired_at or self.now
            if not self.pace.label_later:
                yield from self.write()
                item.label_gone = True
        self._open -= 1
        self._fill(run)

    def _listed(self) -> Steps:
        while True:
            yield self._time(self.times.call)
            self.calls["list"] += 1
            if self._lists.take(self.now):
                return
            yield self.random.random() * 2

    def _rotation(self, item: Item) -> Steps:
        """The service's side: four steps, a put in the first and the move of AWSCURRENT in the last."""
        for step in range(4):
            yield self._time(self.times.step)
            if self.random.random() < self.times.slow:
                yield self._time(self.times.slow_seconds)
            if step in (0, 3):
                yield from self.write()
        item.pending, item.is_current = False, True
        item.rotations += 1
        item.rotated_at = self.now

    def _time(self, bounds: tuple[float, float]) -> float:
        return self.random.uniform(*bounds)

    def _schedule(self, at: float, steps: Steps, run: int | None) -> None:
        heapq.heappush(self._queue, (at, next(self._number), steps, run))

    def _go_on(self, steps: Steps, run: int | None) -> None:
        try:
            wait = next(steps)
        except StopIteration:
            return
        self._schedule(self.now + wait, steps, run)


def moments(chance: random.Random, number: int, until: float) -> list[float]:
    """When the machine is killed."""
    return [chance.uniform(0, until) for _ in range(number)]
