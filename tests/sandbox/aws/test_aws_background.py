"""Work in the background, what the log says of failures, and the files that are kept."""

import io
import logging
import stat
import threading
from pathlib import Path

import pytest

from sandbox.aws.background import Background
from sandbox.aws.database import open_database
from sandbox.aws.log import WithoutTexts
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


def test_work_that_fails_is_told_and_goes_on(caplog: pytest.LogCaptureFixture) -> None:
    runs: list[int] = []

    def work() -> float | None:
        runs.append(len(runs))
        if len(runs) == 1:
            raise ValueError(VALUE)
        return None

    background = Background("the work", work, after_failure=0.01)
    background.start()
    eventually(lambda: len(runs) == 2)
    background.stop()
    background.join()
    assert "the work failed" in caplog.text


def test_the_log_has_the_places_and_types_of_errors_and_not_their_texts() -> None:
    log = logging.getLogger("a log of its own")
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(WithoutTexts())
    log.addHandler(handler)
    log.propagate = False
    try:
        try:
            raise KeyError(VALUE)
        except KeyError as exc:
            raise ValueError(VALUE) from exc
    except ValueError:
        log.exception("it failed")
    said = written.getvalue()
    assert "it failed" in said
    assert "test_aws_background.py" in said
    assert said.index("ValueError") < said.index("caused by KeyError")
    assert VALUE not in said


def test_a_database_is_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "some.sqlite"
    connection = open_database(path, "CREATE TABLE IF NOT EXISTS t (x);")
    connection.execute("INSERT INTO t VALUES (1)")
    files = sorted(tmp_path.glob("some.sqlite*"))
    assert len(files) > 1
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    assert connection.execute("PRAGMA synchronous").fetchone() == (2,)
    connection.close()
