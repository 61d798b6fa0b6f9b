"""Durable items run by a pool of threads when they are due; during an advance of the clock, one by one in order."""

import threading
import time
from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Generic, TypeVar

from sandbox.aws.clock.source import Ran

_IDLE_SECONDS = 30.0

Item = TypeVar("Item")


@dataclass(frozen=True, kw_only=True)
class Work(Generic[Item]):
    """How a queue reads and runs its items.

    `waiting` gives all items, the most urgent first; `key` and `due` (epoch seconds) of one; `run` does one to its end,
    changes or removes its row, and does not raise.
    """

    waiting: Callable[[], Sequence[Item]]
    key: Callable[[Item], Hashable]
    due: Callable[[Item], float]
    run: Callable[[Item], Ran | None]


class DueQueue(Generic[Item]):
    """Runs what is due in the background; items left by an earlier process are resumed."""

    def __init__(self, name: str, work: Work[Item], *, workers: int) -> None:
        """Nothing runs before `start`; `name` is of the threads."""
        self._work = work
        self._changed = threading.Condition()
        self._in_flight: set[Hashable] = set()
        self._stopping = False
        self._held = False
        self._pool = ThreadPoolExecutor(max_workers=workers, thread_name_prefix=name)
        self._thread = threading.Thread(target=self._loop, name=f"{name}-queue", daemon=True)

    @property
    def is_stopping(self) -> bool:
        """True once `stop` was called: what runs should leave its row for the next process."""
        return self._stopping

    def start(self) -> None:
        """Begin, with whatever is due."""
        self._thread.start()

    def wake(self) -> None:
        """Look for due items now."""
        with self._changed:
            self._changed.notify_all()

    def stop(self) -> None:
        """Start nothing new."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        self._pool.shutdown(wait=False, cancel_futures=True)

    def join(self) -> None:
        """Wait until what ran has ended."""
        self._pool.shutdown(wait=True)

    def hold(self) -> None:
        """Start nothing by itself until `release`; returns when what ran has ended."""
        with self._changed:
            self._held = True
            self._changed.wait_for(lambda: not self._in_flight or self._stopping)

    def release(self) -> None:
        """Go on by itself."""
        with self._changed:
            self._held = False
            self._changed.notify_all()

    def due(self) -> float | None:
        """When the most urgent item is due."""
        first = next(iter(self._work.waiting()), None)
        return None if first is None else self._work.due(first)

    def run(self, at: float) -> Sequence[Ran]:
        """Run the most urgent item in this thread if it is due at `at`; only while held."""
        first = next(iter(self._work.waiting()), None)
        if first is None or self._work.due(first) > at:
            return ()
        ran = self._work.run(first)
        return () if ran is None else (ran,)

    def _loop(self) -> None:
        while True:
            with self._changed:
                if self._stopping:
                    return
                if self._held:
                    self._changed.wait(_IDLE_SECONDS)
                    continue
                now = time.time()
                items = [item for item in self._work.waiting() if self._work.key(item) not in self._in_flight]
                for item in items:
                    if self._work.due(item) <= now:
                        self._in_flight.add(self._work.key(item))
                        self._pool.submit(self._run, item)
                later = [self._work.due(item) - now for item in items if self._work.due(item) > now]
                self._changed.wait(min([*later, _IDLE_SECONDS]))

    def _run(self, item: Item) -> None:
        try:
            self._work.run(item)
        finally:
            with self._changed:
                self._in_flight.discard(self._work.key(item))
                self._changed.notify_all()
