"""What the clock needs of time-machine: the wall clock moves in the whole process, waits and monotonic time do not."""

import logging
import subprocess
import sys
from pathlib import Path

import pytest

from sandbox.aws.clock.agenda import Agenda
from sandbox.aws.clock.clock import CLOCK_FILE, Clock
from sandbox.aws.clock.source import Ran
from sandbox.aws.errors import SandboxError

PROBE = """
import sys, threading, time, queue
from datetime import datetime, UTC, date
from pathlib import Path
from sandbox.aws.clock.clock import Clock

started, real = time.monotonic(), time.time()
clock = Clock(Path(sys.argv[1]))
ticks = []
def wait():
    begun = time.monotonic()
    threading.Event().wait(0.3)
    try:
        queue.Queue().get(timeout=0.3)
    except queue.Empty:
        pass
    ticks.append(time.monotonic() - begun)
thread = threading.Thread(target=wait)
thread.start()
time.sleep(0.1)
clock.reach(time.time() + 1000 * 86400)
thread.join()
assert 0.55 < ticks[0] < 5, ticks
assert time.monotonic() - started < 10
day = 86400
seen_as = [time.time(), time.time_ns() / 1e9, time.mktime(time.localtime()), time.clock_gettime(time.CLOCK_REALTIME)]
seen_as += [datetime.now(UTC).timestamp(), datetime.utcnow().replace(tzinfo=UTC).timestamp()]
for seen in seen_as:
    assert 1000 * day <= seen - real + 1 < 1000 * day + 60, seen
assert (date.today() - date.fromtimestamp(real)).days in (1000, 1001)
"""


def test_the_wall_clock_moves_and_waits_keep_their_pace(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", PROBE, str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("text", ["{", "{}", '{"offset_seconds": -5}', '{"offset_seconds": "NaN"}'])
def test_a_stored_offset_that_makes_no_sense_keeps_the_local_aws_from_starting(tmp_path: Path, text: str) -> None:
    (tmp_path / CLOCK_FILE).write_text(text)
    with pytest.raises(SandboxError, match="remove the state folder"):
        Clock(tmp_path)


class _Never:
    """A clock that is moved by nobody."""

    offset = 0.0

    def reach(self, moment: float) -> None:
        """Nothing."""


class _Broken:
    """A source that fails."""

    def due(self) -> float | None:
        """Always."""
        return 1.0

    def run(self, at: float) -> list[Ran]:
        """Fail."""
        raise ValueError(at)


class _Stuck(_Broken):
    """A source that does nothing."""

    def run(self, at: float) -> list[Ran]:
        """Nothing."""
        return []


def test_a_source_that_fails_or_does_not_move_is_left_out_and_told(caplog: pytest.LogCaptureFixture) -> None:
    agenda = Agenda(_Never())  # type: ignore[arg-type]
    agenda.add(_Broken())
    agenda.add(_Stuck())
    with caplog.at_level(logging.ERROR):
        ran = agenda.advance({"advance_seconds": 1})["ran"]
    assert [(item["kind"], item["name"]) for item in ran] == [("sandbox", "_Broken")]
    assert "_Stuck does not move what is due" in caplog.text
