"""Wait states and the pauses between retries, on the sandbox's clock.

In real time they end when the wall clock says so; an advance of the clock ends them in order of their due times, and
goes on once the executions that they held have come to rest.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

from moto.stepfunctions.parser.asl.component.common.retry import retrier_decl
from moto.stepfunctions.parser.asl.component.common.retry.retrier_decl import RetrierDecl
from moto.stepfunctions.parser.asl.component.state.wait.wait_function.wait_function import WaitFunction

from sandbox.aws.clock.source import Ran

_SLICE_SECONDS = 0.1
_REST_SECONDS = 30.0


class Waits:
    """What executions wait for; a source of the agenda, whose times are seconds since the epoch."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        """`clock` is shifted by an advance."""
        self._clock = clock
        self._lock = threading.Lock()
        self._pending: dict[object, tuple[float, str]] = {}
        self._running: set[str] = set()
        self._restless: set[str] = set()
        self._retrying = threading.local()

    def install(self) -> None:
        """Change moto's waiting for the life of the process."""
        waits, original = self, RetrierDecl._eval_body

        def wait_interval(_function: Any, env: Any, wait_seconds: int) -> None:
            waits.wait(_execution(env), wait_seconds, env.is_running)

        def eval_body(retrier: Any, env: Any) -> None:
            waits._retrying.env = env
            original(retrier, env)

        WaitFunction._wait_interval = wait_interval  # type: ignore[method-assign, assignment]
        RetrierDecl._eval_body = eval_body  # type: ignore[method-assign, assignment]
        vars(retrier_decl)["time"] = self

    def sleep(self, seconds: float) -> None:
        """The pause before a retry, called by moto in place of time.sleep."""
        env = self._retrying.env
        self.wait(_execution(env), seconds, env.is_running)

    def wait(self, execution: str, seconds: float, goes_on: Callable[[], bool]) -> None:
        """Return after `seconds` of the sandbox's clock, or when the execution no longer goes on."""
        key = object()
        until = self._clock() + seconds
        with self._lock:
            self._pending[key] = until, execution
        try:
            while key in self._pending and goes_on() and (left := until - self._clock()) > 0:
                time.sleep(min(left, _SLICE_SECONDS))
        finally:
            with self._lock:
                self._pending.pop(key, None)

    def begun(self, execution: str) -> None:
        """An execution runs."""
        with self._lock:
            self._running.add(execution)

    def ended(self, execution: str) -> None:
        """An execution runs no more."""
        with self._lock:
            self._running.discard(execution)
            self._restless.discard(execution)

    def due(self) -> float | None:
        """When the first wait ends."""
        with self._lock:
            return min((until for until, _ in self._pending.values()), default=None)

    def run(self, at: float) -> Sequence[Ran]:
        """End the waits that are due first; their threads go on by themselves."""
        with self._lock:
            first = min((until for until, _ in self._pending.values() if until <= at), default=None)
            ready = {key: name for key, (until, name) in self._pending.items() if until == first}
            for key in ready:
                del self._pending[key]
        return [Ran(at=first or at, kind="wait", name=name, outcome="ended") for name in ready.values()]

    def rest(self, _now: float) -> Sequence[Ran]:
        """Wait until every execution waits or has ended, for the steps of an advance; at most 30 s of real time."""
        deadline = time.monotonic() + _REST_SECONDS
        # Threads whose wait was just ended show themselves at their next look.
        time.sleep(2 * _SLICE_SECONDS if self._running else 0)
        while busy := self._busy():
            if time.monotonic() > deadline:
                # One that waits for a task's token, say: it is not waited for again.
                self._restless |= busy
                break
            time.sleep(_SLICE_SECONDS)
        return ()

    def _busy(self) -> set[str]:
        with self._lock:
            return self._running - {name for _, name in self._pending.values()} - self._restless


def _execution(env: Any) -> str:
    return str(env.states.context_object.context_object_data["Execution"]["Id"])
