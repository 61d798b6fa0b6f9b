"""The bench that the tests of secretsctl work on: a fake AWS and ways to run the command line against it."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass

from typer.testing import CliRunner, Result

from catalog import load
from secretsctl.app import app
from tests.secretsctl.fake_aws import FakeAws
from tests.secretsctl.fake_secret import FakeSecret

CANARY = "C4n4ry+9s8d7f6g5h4j3k2l1q0w9e8r7t6y5u4i3o2p1aZ="
REQUIRED = f"DB_PASSWORD={CANARY}db\nREDIS_PASSWORD={CANARY}redis\n"


@dataclass(frozen=True)
class Bench:
    """A fake AWS and the environment variables that lead to it."""

    aws: FakeAws
    variables: dict[str, str]

    def secret(self, name: str) -> FakeSecret:
        return self.aws.secrets[f"llm-observatory/staging/{name}"]

    def run(self, *args: str, stdin: str | bytes = "") -> Result:
        """In this process."""
        return CliRunner().invoke(app, list(args), input=stdin, env=self.variables, prog_name="secretsctl")

    def process(self, *args: str, stdin: str = "", **extra: str) -> subprocess.CompletedProcess[str]:
        """In a process of its own."""
        return subprocess.run(
            [sys.executable, "-W", "error", "-m", "secretsctl", *args],
            input=stdin,
            env=self.variables | extra,
            cwd=load.ROOT,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
