"""One run: clients log in while rotators rotate, and then everybody's counts are laid beside each other."""

from __future__ import annotations

import bisect
import statistics
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from proofs.login_clients import ENGINES, Clients, Done, Failure, Orders
from proofs.login_log import Logs, Told
from proofs.login_place import Place
from proofs.login_rotators import Record, Rotator
from secretsctl.talk import progress

_LOOK_SECONDS = 0.2


@dataclass(frozen=True, kw_only=True)
class Shape:
    """How much: logins, rotations and secrets are of each engine. `overlap` in whole seconds, as the tag has it.

    Half of the overlap, less a second, has to be well above what a login takes on a busy machine: retirement ends a
    Redis connection that may be from before, and Redis tells ages in whole seconds.
    """

    logins: int
    rotations: int
    clients: int = 4
    secrets: int = 4
    overlap: int = 6
    longest_gap: float = 30.0
    most_seconds: float = 2400.0
    seed: int = 1

    @property
    def longest_cache(self) -> float:
        """The longest that a consumer may keep a value: the catalogue refuses an overlap under twice that."""
        return self.overlap / 2


@dataclass(frozen=True, kw_only=True)
class Ran:
    """What came of a run."""

    seconds: float
    done: Sequence[Done]
    records: Sequence[Record]
    told: Told

    def logins(self, engine: str) -> int:
        """Logins, failed ones too."""
        return sum(len(one.started[engine]) for one in self.done)

    def total(self, engine: str, what: str) -> int:
        """One count of the rotators, of one engine."""
        return sum(int(getattr(one, what)) for one in self.records if one.engine == engine)

    @property
    def failures(self) -> Sequence[Failure]:
        """First attempts that did not get in."""
        return [failure for one in self.done for failure in one.failures]

    def failed(self, secrets: Mapping[str, str]) -> Counter[str]:
        """How many of them, by engine."""
        return Counter(secrets[failure.secret] for failure in self.failures)

    @property
    def problems(self) -> Sequence[str]:
        """What the rotators met."""
        return [problem for one in self.records for problem in one.problems]

    @property
    def ages(self) -> tuple[float, float]:
        """Median and greatest age of a value at its login, in seconds."""
        ages = [age for one in self.done for age in one.ages]
        return (statistics.median(ages), max(ages)) if ages else (0.0, 0.0)

    def ratio(self, engine: str, percent: int) -> float:
        """A percentile of the logins during a rotation or a retirement, over that of the others."""
        during, else_ = self._split(engine)
        return _percentile(during, percent) / _percentile(else_, percent) if during and else_ else float("nan")

    def _split(self, engine: str) -> tuple[list[float], list[float]]:
        windows = sorted(window for one in self.records if one.engine == engine for window in one.windows)
        ends = list(_running_maximum([end for _, end in windows]))
        begins = [begin for begin, _ in windows]
        during: list[float] = []
        else_: list[float] = []
        for one in self.done:
            for started, took in zip(one.started[engine], one.took[engine], strict=True):
                before = bisect.bisect_right(begins, started + took)  # windows that began before it ended
                (during if before and ends[before - 1] >= started else else_).append(took)
        return during, else_


def run(place: Place, orders: Orders, rotators: Sequence[Rotator], shape: Shape) -> Ran:
    """Log in until there were enough logins and rotations of each engine, or the time is over."""
    logs = Logs(place)
    began = time.monotonic()
    clients = Clients(shape.clients, orders)
    for rotator in rotators:
        rotator.start()
    engines = sorted({rotator.record.engine for rotator in rotators}, key=ENGINES.index)
    with progress() as bar:
        tasks = {engine: bar.add_task(f"{engine} logins", total=shape.logins) for engine in engines}
        while time.monotonic() - began < shape.most_seconds:
            for engine in engines:
                bar.update(tasks[engine], completed=clients.count(engine))
            if all(_is_enough(engine, clients, rotators, shape) for engine in engines):
                break
            if any(rotator.record.problems for rotator in rotators):
                break
            time.sleep(_LOOK_SECONDS)
    for rotator in rotators:
        rotator.ask_to_stop()
    for rotator in rotators:
        rotator.join()
    # The clients go on to the end, so that the last retirement has its logins too.
    done = clients.stop()
    seconds = time.monotonic() - began
    return Ran(seconds=seconds, done=done, records=[rotator.record for rotator in rotators], told=logs.read())


def _is_enough(engine: str, clients: Clients, rotators: Sequence[Rotator], shape: Shape) -> bool:
    rotations = sum(rotator.record.rotations for rotator in rotators if rotator.record.engine == engine)
    return clients.count(engine) >= shape.logins and rotations >= shape.rotations


def _running_maximum(values: Sequence[float]) -> Sequence[float]:
    greatest, result = float("-inf"), []
    for value in values:
        greatest = max(greatest, value)
        result.append(greatest)
    return result


def _percentile(values: Sequence[float], percent: int) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)]
