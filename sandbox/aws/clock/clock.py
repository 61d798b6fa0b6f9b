"""The wall clock of this process: real time plus an offset that only grows.

time-machine changes what time.time(), datetime.now() and the like answer in the whole process, so that moto and our own
code agree; time.monotonic() and every wait keep the real pace (checked in tests/sandbox/aws/test_aws_clock_library.py).
"""

import json
import math
import os
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

import time_machine

from sandbox.aws.errors import SandboxError

CLOCK_FILE = "clock.json"
# What was due at a moment must be due once that moment is reached: more than a float's step at today's epoch seconds.
_MARGIN_SECONDS = 0.001


class Clock:
    """One a process, made before anything reads the time. The offset is on disk before anybody sees the new time."""

    def __init__(self, state: Path) -> None:
        """Take up the offset that the state folder holds; SandboxError when its file cannot be read."""
        self._path = state / CLOCK_FILE
        self._lock = threading.Lock()
        self._offset = _stored(self._path)
        self._traveller = time_machine.travel(time.time() + self._offset).start()
        # The traveller notes its start at the first question: asked here, while there is one thread.
        time.time()

    @property
    def offset(self) -> float:
        """Seconds by which this clock is ahead of real time."""
        return self._offset

    def reach(self, moment: float) -> None:
        """Be at or after `moment` (epoch seconds) when this returns; a moment that has passed changes nothing."""
        with self._lock:
            ahead = moment - time.time()
            if ahead <= 0:
                return
            fresh = self._offset + ahead + _MARGIN_SECONDS
            _store(self._path, fresh)
            self._traveller.shift(fresh - self._offset)
            self._offset = fresh


def iso(moment: float) -> str:
    """Epoch seconds as text, such as 2026-02-22T10:00:00Z; whole seconds."""
    return f"{datetime.fromtimestamp(moment, UTC):%Y-%m-%dT%H:%M:%SZ}"


def _stored(path: Path) -> float:
    try:
        offset = float(json.loads(path.read_text())["offset_seconds"])
    except FileNotFoundError:
        return 0.0
    except (ValueError, KeyError, TypeError) as exc:
        raise SandboxError(f"{path} does not hold the clock's offset; remove the state folder") from exc
    if not math.isfinite(offset) or offset < 0:
        raise SandboxError(f"{path} holds the offset {offset}, which is not a number from 0; remove the state folder")
    return offset


def _store(path: Path, offset: float) -> None:
    fresh = path.with_suffix(".new")
    with fresh.open("w") as file:
        json.dump({"offset_seconds": offset}, file)
        file.flush()
        os.fsync(file.fileno())
    fresh.rename(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
