"""Who goes on at each call: a scheduler that lets one actor run at a time and draws the next one from a seed.

An actor is a thread. It stops before every call to Secrets Manager, every login and every statement, and goes on when
it is drawn. So a seed is an interleaving, and the same seed is the same interleaving again. The one thing that the seed
does not decide is a wait for a lock of the server: whoever waits there is left alone until the server lets it go on.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

OUTSIDE = "outside"
"""The call of an actor that stands between two invocations of the function, where it may stay for long."""
STUCK_SECONDS = 30.0
"""Above every time limit of a session, so whoever is not back by then waits for somebody who waits for it."""
_LOOK_SECONDS = 0.005


class StuckError(RuntimeError):
    """Actors wait for each other and no time limit ends it."""


class Turns:
    """Runs actors to their ends, one at a time. `tap` goes around their calls; other threads pass it freely."""

    def __init__(self, seed: int, waiting: Callable[[], int] = lambda: 0) -> None:
        """`waiting` counts the actors' sessions that wait for a lock of the server at this moment."""
        self._random = random.Random(seed)
        # Some seeds change hands at every call, others let one go on for a while; and some actors are a hundred times
        # slower than others, so that they stand still in the middle of a step while others come to their ends.
        self._goes_on = self._random.choice((0.0, 0.5, 0.8, 0.95))
        self._speeds: dict[str, float] = {}
        self._last = ""
        self._waiting = waiting
        self._changed = threading.Condition()
        self._self = threading.local()
        self._ready: dict[str, str] = {}
        self._running: set[str] = set()
        self._drawn: str | None = None
        self._jump: Callable[[], None] | None = None
        self.trace: list[tuple[str, str]] = []
        self.waits = 0

    @contextmanager
    def tap(self, call: str) -> Iterator[None]:
        """Let others go first, as the seed wants it."""
        name = getattr(self._self, "name", None)
        if name is not None:
            self._pause(name, call)
        yield

    def pause(self, call: str = OUTSIDE) -> None:
        """A place in an actor's own work where others may go first."""
        with self.tap(call):
            pass

    def when_nobody_is_inside(self, jump: Callable[[], None]) -> None:
        """Have `jump` happen when every invocation that is under way has ended: none lasts as long as time may jump."""
        self._jump = jump

    def run(self, actors: Mapping[str, Callable[[], None]], after: Callable[[str, str], None]) -> None:
        """Run all to their ends; `after` is told who made which call, when everybody stands still.

        StuckError when nobody can go on.
        """
        # Daemons: an actor that is stuck for good must not keep the verdict from being told.
        threads = [threading.Thread(target=self._act, args=item, daemon=True) for item in actors.items()]
        self._running = set(actors)
        self._speeds = {name: 10 ** self._random.uniform(-2, 0) for name in actors}
        for thread in threads:
            thread.start()
        while True:
            self._settle()
            names = self._drawable()
            if names:
                name = self._draw(names)
                call = self._release(name)
                self._settle()
                after(name, call)
            elif self._running:
                self._settle(until_somebody_is_back=True)
            else:
                break
        for thread in threads:
            thread.join()

    def _drawable(self) -> list[str]:
        with self._changed:
            names = sorted(self._ready)
            inside = [name for name in names if self._ready[name] != OUTSIDE]
            jump = self._jump
        if jump is None:
            return names
        if not inside and not self._running:
            self._jump = None
            jump()
            return names
        return inside

    def _draw(self, names: list[str]) -> str:
        if self._last not in names or self._random.random() >= self._goes_on:
            (self._last,) = self._random.choices(names, [self._speeds[name] for name in names])
        return self._last

    def _act(self, name: str, work: Callable[[], None]) -> None:
        self._self.name = name
        self._pause(name, OUTSIDE)
        try:
            work()
        finally:
            with self._changed:
                self._running.discard(name)
                self._changed.notify_all()

    def _pause(self, name: str, call: str) -> None:
        with self._changed:
            self._ready[name] = call
            self._running.discard(name)
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._drawn == name)
            self._drawn = None

    def _release(self, name: str) -> str:
        with self._changed:
            call = self._ready.pop(name)
            self._running.add(name)
            self._drawn = name
            self.trace.append((name, call))
            self._changed.notify_all()
            return call

    def _settle(self, *, until_somebody_is_back: bool = False) -> None:
        """Wait until everybody has stopped or ended, or waits for a lock that somebody who has stopped holds."""
        deadline = time.monotonic() + STUCK_SECONDS
        with self._changed:
            before = len(self._running)
            while self._running:
                if self._changed.wait_for(lambda: not self._running, _LOOK_SECONDS):
                    return
                if until_somebody_is_back:
                    if len(self._running) < before:
                        return
                elif self._all_wait():
                    self.waits += 1
                    return
                if time.monotonic() > deadline:
                    raise StuckError(f"{', '.join(sorted(self._running))} did not come back")

    def _all_wait(self) -> bool:
        running = len(self._running)
        self._changed.release()
        try:
            waiting = self._waiting()
        finally:
            self._changed.acquire()
        return waiting == running == len(self._running)
