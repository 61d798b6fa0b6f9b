"""Work that a thread of its own does again and again: when it is woken, and after a while."""

import logging
import threading
from collections.abc import Callable

_log = logging.getLogger(__name__)


class Background:
    """Runs `work`, which says after how many seconds it wants to run again, None for not before it is woken."""

    def __init__(self, name: str, work: Callable[[], float | None], *, after_failure: float = 5.0) -> None:
        """`name` is of the thread; nothing runs before `start`. Work that fails is logged and tried again later."""
        self._name = name
        self._work = work
        self._after_failure = after_failure
        self._woken = threading.Event()
        self._is_stopping = False
        self._thread = threading.Thread(target=self._loop, name=name, daemon=True)

    def start(self) -> None:
        """Begin now."""
        self._thread.start()

    def wake(self) -> None:
        """Run soon."""
        self._woken.set()

    def stop(self) -> None:
        """Begin nothing new."""
        self._is_stopping = True
        self._woken.set()

    @property
    def is_stopping(self) -> bool:
        """For work in several pieces: whether to leave the rest to the next process."""
        return self._is_stopping

    def join(self) -> None:
        """Wait until what ran has ended."""
        if self._thread.is_alive():
            self._thread.join()

    def _loop(self) -> None:
        while not self._is_stopping:
            self._woken.clear()
            wait = self._run()
            if not self._is_stopping:
                self._woken.wait(wait)

    def _run(self) -> float | None:
        try:
            return self._work()
        except Exception:  # noqa: BLE001 - a dead thread would stop the work silently
            _log.exception("%s failed", self._name)
            return self._after_failure
