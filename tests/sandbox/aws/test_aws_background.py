"""Work in the background, the log of what fails in it, and the files that it keeps."""

import logging
import stat
import threading
from pathlib import Path

import pytest

from sandbox.aws.background import Background
from sandbox.aws.database import open_database
from tests.contract.aws.harness import eventually

VALUE = "hunter2"


def test_work_runs_at_once_when_woken_and_after_a_while() -> None:
    runs: list[int] = []

    def work() -> float | None:
        runs.append(len(runs))
        return 0.01 if len(runs) < 3 else None

    background = Background("work", work)
    background.start()
    eventually(lambda: len(runs) == 3)
    background.wake()
    eventually(lambda: len(runs) == 4)
    background.stop()
    background.join()
    assert len(runs) == 4


def test_a_wake_while_work_runs_is_not_lost() -> None:
    runs: list[int] = []
    running, go_on = threading.Event(), threading.Event()

    def work() -> None:
        runs.append(len(runs))
        running.set()
        go_on.wait(5)

    background = Background("work", work)
    background.start()
    running.wait(5)
    background.wake()
    go_on.set()
    eventually(lambda: len(runs) == 2)
    background.stop()
    background.join()


def test_work_that_fails_goes_on_and_its_log_has_the_place_and_no_text(caplog: pytest.LogCaptureFixture) -> None:
    runs: list[int] = []

    def work() -> None:
        runs.append(len(runs))
        if len(runs) == 1:
            raise ValueError("hunter2 is no number")

    background = Background("the work", work, after_failure=0.01)
    with caplog.at_level(logging.ERROR):
        background.start()
        eventually(lambda: len(runs) == 2)
        background.stop()
        background.join()
    assert "the work: ValueError" in caplog.text
    assert "test_aws_background.py" in caplog.text
    assert VALUE not in caplog.text


def test_a_database_is_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "some.sqlite"
    connection = open_database(path, "CREATE TABLE IF NOT EXISTS t (x);")
    connection.execute("INSERT INTO t VALUES (1)")
    files = sorted(tmp_path.glob("some.sqlite*"))
    assert len(files) > 1
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    assert connection.execute("PRAGMA synchronous").fetchone() == (2,)
    connection.close()
