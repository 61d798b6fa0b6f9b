"""The pytest plugin `-p sandbox.contract.recorder`: writes down what each test of the contract says and how it ended.

The lines go to the file that the variable CONTRACT_RECORD names, one JSON object a test. With --collect-only the
outcome is missing.
"""

from __future__ import annotations

import inspect
import json
import os
from pathlib import Path
from typing import Any

import pytest

RECORD = "CONTRACT_RECORD"
_outcomes: dict[str, str] = {}
_items: list[pytest.Item] = []


def pytest_collection_finish(session: pytest.Session) -> None:
    """Keep what will run."""
    _items[:] = session.items


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Keep how a test ended; a failure of its fixtures counts as its own."""
    if report.skipped and hasattr(report, "wasxfail"):
        _outcomes[report.nodeid] = "xfailed"
    elif report.skipped:
        _outcomes[report.nodeid] = "skipped"
    elif report.failed:
        _outcomes[report.nodeid] = "xpassed" if "[XPASS(strict)]" in report.longreprtext else "failed"
    elif report.when == "call":
        _outcomes.setdefault(report.nodeid, "passed")


def pytest_sessionfinish() -> None:
    """Write the record."""
    lines = [json.dumps(_described(item)) for item in _items]
    Path(os.environ[RECORD]).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def _described(item: pytest.Item) -> dict[str, Any]:
    function: Any = getattr(item, "function", None)
    module: Any = inspect.getmodule(function)
    return {
        "test": item.nodeid.split("[")[0],
        "area": item.path.stem.removeprefix("test_aws_"),
        "about": inspect.getdoc(module) or "",
        "said": inspect.getdoc(function) or "",
        "diverges": item.get_closest_marker("diverges") is not None,
        "executes": item.get_closest_marker("executes") is not None,
        "outcome": _outcomes.get(item.nodeid),
    }
