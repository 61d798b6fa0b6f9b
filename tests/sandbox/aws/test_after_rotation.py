"""The command that a sandbox runs when a secret of its was rotated."""

from __future__ import annotations

import json
import logging
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from sandbox.aws.after_rotation import FILE, AfterRotation


class Bench:
    """`events` are those that were handled; `ran` says whether the command was."""

    def __init__(self, state: Path, code: int = 0) -> None:
        self.events: list[str] = []
        self.mark = state / "ran"
        told = f"import pathlib, sys; pathlib.Path({str(self.mark)!r}).touch(); sys.exit({code} and 'what is wrong')"
        (state / FILE).write_text(json.dumps({"a/secret": [sys.executable, "-c", told]}), encoding="utf-8")
        self.after = AfterRotation(state, lambda name, _secret, _detail: self.events.append(name))

    def tell(self, event: str, name: str = "a/secret") -> None:
        secret: Any = SimpleNamespace(name=name)
        self.after.told(event, secret, "")

    @property
    def ran(self) -> bool:
        return self.mark.exists()


def test_it_runs_after_a_rotation_that_succeeded(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.tell("RotationSucceeded")
    assert (bench.ran, bench.events) == (True, ["RotationSucceeded"])


@pytest.mark.parametrize(
    ("event", "name"), [("RotationStarted", "a/secret"), ("RotationFailed", "a/secret"), ("RotationSucceeded", "other")]
)
def test_it_runs_for_no_other_event_and_no_other_secret(tmp_path: Path, event: str, name: str) -> None:
    bench = Bench(tmp_path)
    bench.tell(event, name)
    assert (bench.ran, bench.events) == (False, [event])


def test_a_failure_is_a_line_of_the_log_and_nothing_else(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    bench = Bench(tmp_path, code=1)
    with caplog.at_level(logging.WARNING):
        bench.tell("RotationSucceeded")
    assert bench.ran
    assert [record.getMessage() for record in caplog.records] == ["after the rotation of a/secret: what is wrong"]


def test_a_sandbox_without_servers_runs_nothing(tmp_path: Path) -> None:
    events: list[str] = []
    after = AfterRotation(tmp_path, lambda name, _secret, _detail: events.append(name))
    secret: Any = SimpleNamespace(name="a/secret")
    after.told("RotationSucceeded", secret, "")
    assert events == ["RotationSucceeded"]
