"""`make up` that is interrupted goes on from there."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from catalog import load
from sandbox import consumer, up
from sandbox.place import Place
from tests.servers import reachable_folder

pytestmark = [pytest.mark.e2e, pytest.mark.servers]


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_an_interrupted_up_goes_on_when_it_is_run_again(how: signal.Signals) -> None:
    with reachable_folder() as folder:
        place = Place(name="staging", base=folder)
        environment = {**os.environ, "LLMOBS_SANDBOX": str(folder)}
        command = [sys.executable, "-m", "sandbox", "up"]
        try:
            first = subprocess.Popen(
                command,
                cwd=load.ROOT,
                env=environment,
                stderr=subprocess.PIPE,
                text=True,
                start_new_session=True,
            )
            assert first.stderr is not None
            created = 0
            said = []
            for line in first.stderr:
                said.append(line)
                created += "created" in line
                if created == 25:
                    os.killpg(first.pid, how)
                    break
            said += first.stderr.readlines()
            first.stderr.close()
            assert first.wait(120) != 0
            assert created >= 25
            assert "Traceback" not in "".join(said)
            deadline = time.monotonic() + 30
            while engines_of(place) and time.monotonic() < deadline:
                time.sleep(0.2)
            again = subprocess.run(command, cwd=load.ROOT, env=environment, capture_output=True, text=True, check=False)
            assert again.returncode == 0, again.stderr
            # After Ctrl-C the engine finished what it was at, so nothing is made twice.
            assert how is not signal.SIGINT or "deploying from the start" not in again.stderr
            assert consumer.database_user(place) == "app_b"
        finally:
            up.stop(place)


def engines_of(place: Place) -> list[str]:
    """Processes of the engine that still work on this sandbox."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            line = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            if "pulumi" in line and str(place.root) in line:
                found.append(line)
    return found
