"""What a function's process writes, cut into log events."""

import threading
import time


class Output:
    """Lines of stdout and stderr with the milliseconds of their arrival, taken away in batches."""

    def __init__(self) -> None:
        """Hold nothing."""
        self._lock = threading.Lock()
        self._lines: list[tuple[int, str]] = []

    def add(self, line: str) -> None:
        """Append what arrived now; empty lines are dropped, as the service drops them."""
        text = line.rstrip("\n").replace("\r", "\n")
        if text.strip():
            with self._lock:
                self._lines.append((int(time.time() * 1000), text))

    def take(self) -> list[tuple[int, str]]:
        """Everything since the last time."""
        with self._lock:
            lines, self._lines = self._lines, []
        return lines
