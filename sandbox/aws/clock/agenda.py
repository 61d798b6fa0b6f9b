"""All that comes due on the clock: run by a thread in real time, and by `advance` in order of due time.

An advance sets the clock to the earliest due time, runs that item to its end, and goes on until nothing is due at or
before the target; then the clock is at the target. Real time passes meanwhile, so it may end a little later.
"""

import logging
import math
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from sandbox.aws.clock.clock import Clock, iso
from sandbox.aws.clock.due_queue import DueQueue
from sandbox.aws.clock.source import Ran, Source
from sandbox.aws.control import Control
from sandbox.aws.errors import SandboxError

_log = logging.getLogger(__name__)
_LOOK_SECONDS = 2.0
# Of one source and moment, without anything told: more than that is a source that moves nothing.
_MOST_SILENT = 1000
LONGEST_SECONDS = 10 * 365.25 * 24 * 3600

StepEnd = Callable[[float], Sequence[Ran]]


class Agenda:
    """The sources of due work of one local AWS."""

    def __init__(self, clock: Clock) -> None:
        """Nothing runs before `start`."""
        self._clock = clock
        self._sources: list[Source] = []
        self._queues: list[DueQueue[Any]] = []
        self._step_ends: list[StepEnd] = []
        self._turn = threading.Lock()
        self._advancing = threading.Lock()
        self._changed = threading.Condition()
        self._woken = False
        self._stopping = False
        self._thread = threading.Thread(target=self._loop, name="agenda", daemon=True)

    def add(self, source: Source) -> None:
        """Run a source when it is due; before `start`."""
        self._sources.append(source)

    def add_queue(self, queue: DueQueue[Any]) -> None:
        """A queue has threads of its own, started and stopped here; an advance holds it and runs it in order."""
        self._queues.append(queue)

    def at_step_end(self, callback: StepEnd) -> None:
        """Call back with the current time after each item of an advance, and at its end."""
        self._step_ends.append(callback)

    def start(self) -> None:
        """Begin, with what came due while no process ran."""
        for queue in self._queues:
            queue.start()
        self._thread.start()

    def wake(self) -> None:
        """Look now: something may be due earlier than it seemed."""
        with self._changed:
            self._woken = True
            self._changed.notify()

    def stop(self) -> None:
        """Start nothing new; an advance under way ends with an error after its present item."""
        with self._changed:
            self._stopping = True
            self._changed.notify()
        for queue in self._queues:
            queue.stop()

    def join(self) -> None:
        """Wait until what ran has ended."""
        with self._turn:
            for queue in self._queues:
                queue.join()

    def serve(self, control: Control) -> None:
        """Answer GET and POST /_sandbox/clock."""
        control.add("GET", "clock", self.show)
        control.add("POST", "clock", self.advance)

    def show(self, _given: Mapping[str, Any]) -> dict[str, Any]:
        """The time, by how much it is ahead, and when the next thing is due."""
        dues = [due for source in (*self._sources, *self._queues) if (due := source.due()) is not None]
        return {**self._now(), "next": [{"at": iso(min(dues))}] if dues else []}

    def advance(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Move the clock by `advance_seconds` and run what comes due on the way; what ran, in that order."""
        target = time.time() + _seconds(given)
        if not self._advancing.acquire(blocking=False):
            raise SandboxError("the clock is being advanced by another request; wait for its end")
        try:
            with self._turn, self._held():
                ran = self._run_until(target)
        finally:
            self._advancing.release()
        self.wake()
        told = [{"at": iso(item.at), "kind": item.kind, "name": item.name, "outcome": item.outcome} for item in ran]
        return {**self._now(), "ran": told}

    def _now(self) -> dict[str, Any]:
        return {"now": iso(time.time()), "offset_seconds": self._clock.offset}

    @contextmanager
    def _held(self) -> Iterator[None]:
        for queue in self._queues:
            queue.hold()
        try:
            yield
        finally:
            for queue in self._queues:
                queue.release()

    def _run_until(self, target: float) -> list[Ran]:
        ran: list[Ran] = []
        progress = _Progress()
        while True:
            if self._stopping:
                raise SandboxError(f"the local AWS stops; its clock is at {iso(time.time())}, and goes on from there")
            first = self._earliest(progress)
            if first is None or first[0] > target:
                break
            at, source = first
            self._clock.reach(at)
            items = self._run_safely(source, at, progress)
            ran += [*items, *self._end_step()]
        self._clock.reach(target)
        return [*ran, *self._end_step()]

    def _earliest(self, progress: "_Progress") -> tuple[float, Source] | None:
        best: tuple[float, Source] | None = None
        for source in (*self._sources, *self._queues):
            due = source.due() if progress.is_possible(source) else None
            if due is not None and (best is None or due < best[0]):
                best = due, source
        return best

    def _end_step(self) -> list[Ran]:
        return [item for callback in self._step_ends for item in callback(time.time())]

    def _run_safely(self, source: Source, at: float, progress: "_Progress") -> Sequence[Ran]:
        try:
            items = source.run(at)
        except Exception:  # noqa: BLE001 - one broken source must not end the others
            name = type(source).__name__
            _log.exception("%s at %s", name, iso(at))
            progress.give_up(source)
            return (Ran(at=at, kind="sandbox", name=name, outcome="failed: the log of the local AWS says why"),)
        progress.note(source, at, items)
        return items

    def _loop(self) -> None:
        while True:
            with self._turn:
                waiting = self._run_due()
            with self._changed:
                if self._stopping:
                    return
                if not self._woken:
                    self._changed.wait(waiting)
                self._woken = False

    def _run_due(self) -> float:
        """Run what is due now; the seconds until the next look."""
        progress = _Progress()
        while not self._stopping:
            dues = [(due, source) for source in self._sources if (due := source.due()) is not None]
            now = time.time()
            ready = [(due, source) for due, source in dues if due <= now and progress.is_possible(source)]
            if not ready:
                return min([_LOOK_SECONDS, *(due - now for due, _ in dues if due > now)])
            at, source = min(ready, key=lambda item: item[0])
            self._run_safely(source, at, progress)
        return 0.0


class _Progress:
    """Which sources move: one that stays at a moment without telling of anything would be asked for ever."""

    def __init__(self) -> None:
        self._silent: dict[int, tuple[float, int]] = {}

    def is_possible(self, source: Source) -> bool:
        """False for a source that was asked too often in vain."""
        return self._silent.get(id(source), (0.0, 0))[1] < _MOST_SILENT

    def give_up(self, source: Source) -> None:
        """Leave a source out."""
        self._silent[id(source)] = (0.0, _MOST_SILENT)

    def note(self, source: Source, at: float, items: Sequence[Ran]) -> None:
        """What a source did at a moment."""
        moment, count = self._silent.get(id(source), (at, 0))
        count = count + 1 if moment == at and not items else 0
        self._silent[id(source)] = (at, count)
        if count == _MOST_SILENT:
            _log.error("%s does not move what is due at %s", type(source).__name__, iso(at))


def _seconds(given: Mapping[str, Any]) -> float:
    amount = given.get("advance_seconds")
    if isinstance(amount, bool) or not isinstance(amount, int | float) or not math.isfinite(amount):
        raise SandboxError(f"advance_seconds is {amount!r}; give a number of seconds")
    if amount <= 0:
        raise SandboxError(f"advance_seconds is {amount}; the clock only goes forward, so give a number above 0")
    if amount > LONGEST_SECONDS:
        raise SandboxError(f"advance_seconds is {amount}; at most {LONGEST_SECONDS:.0f} (ten years) at a time")
    return float(amount)
