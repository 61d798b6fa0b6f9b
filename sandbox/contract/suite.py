"""The contract suite, run or only collected in a process of its own, with its record."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from catalog import load
from sandbox.contract.behaviour import Behaviour, read
from sandbox.contract.recorder import RECORD

SUITE = "tests/contract/aws"


class ContractError(RuntimeError):
    """The suite could not be run; pytest's own words were shown before."""


def run(kind: str) -> dict[str, Behaviour]:
    """Every behaviour with its verdict on `kind`: sandbox, moto or real. What pytest says goes to stderr.

    Raises:
        ContractError: pytest did not come as far as running the tests.
    """
    return _pytest("-q", "--tb=short", "-rNfE", kind=kind)


def collect() -> dict[str, Behaviour]:
    """Every behaviour without a verdict; nothing runs."""
    return _pytest("-qq", "--collect-only", kind="sandbox")


def _pytest(*options: str, kind: str) -> dict[str, Behaviour]:
    with tempfile.TemporaryDirectory() as folder:
        record = Path(folder) / "record"
        done = subprocess.run(  # noqa: S603
            [sys.executable, "-m", "pytest", *options, "-p", "sandbox.contract.recorder", SUITE],
            cwd=load.ROOT,
            env={**os.environ, "AWS_CONTRACT": kind, RECORD: str(record), "PYTHONPATH": str(load.ROOT)},
            stdout=subprocess.DEVNULL if "--collect-only" in options else sys.stderr,
            check=False,
        )
        if done.returncode not in {0, 1} or not record.exists():  # 1: some tests failed
            raise ContractError(f"pytest ended with code {done.returncode} on {SUITE} with AWS_CONTRACT={kind}")
        return read(record.read_text(encoding="utf-8").splitlines(), stock=kind == "moto")
