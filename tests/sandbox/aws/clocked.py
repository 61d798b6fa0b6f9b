"""A local AWS of a test's own whose clock is advanced, and which can be killed."""

import os
import signal
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sandbox.aws import process
from tests.contract.aws.harness import ContractAws

ACCOUNT, REGION = "222233334444", "us-east-1"
DAY = 24 * 3600.0

ROTATES = """
import boto3
from datetime import datetime, UTC

def handle(event, context):
    print("step", event["Step"], event["ClientRequestToken"], datetime.now(UTC).isoformat())
    secret, token = event["SecretId"], event["ClientRequestToken"]
    sm = boto3.client("secretsmanager")
    if event["Step"] == "createSecret":
        sm.put_secret_value(
            SecretId=secret, ClientRequestToken=token, SecretString=token, VersionStages=["AWSPENDING"])
    if event["Step"] == "finishSecret":
        stages = sm.describe_secret(SecretId=secret)["VersionIdsToStages"]
        current = next(version for version, labels in stages.items() if "AWSCURRENT" in labels)
        if current != token:
            sm.update_secret_version_stage(
                SecretId=secret, VersionStage="AWSCURRENT", MoveToVersionId=token, RemoveFromVersionId=current)
"""


class Clocked:
    """One local AWS; `aws` makes clients and resources."""

    def __init__(self, state: Path, *, retry_delays: Sequence[float] = (60.0, 120.0)) -> None:
        """Start it on `state`."""
        self.state = state
        self._delays = retry_delays
        self.local: process.LocalAws
        self.aws = ContractAws(kind="sandbox", endpoint=None, account=ACCOUNT, region=REGION)
        self.start()

    def start(self) -> None:
        """Start it again."""
        self.local = process.start(self.state, ACCOUNT, REGION, retry_delays=self._delays)
        self.aws.endpoint = self.local.endpoint

    def kill(self) -> None:
        """SIGKILL; `start` brings it back."""
        os.kill(self.local.pid, signal.SIGKILL)
        os.waitpid(self.local.pid, 0)

    def advance(self, seconds: float) -> list[dict[str, Any]]:
        """Advance the clock; what ran."""
        ran: list[dict[str, Any]] = self.local.ask("POST", "clock", {"advance_seconds": seconds})["ran"]
        return ran

    def now(self) -> datetime:
        """The local AWS's time."""
        return datetime.strptime(self.local.ask("GET", "clock")["now"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)

    def rotated(self, days: int, code: str = ROTATES, **rules: Any) -> str:
        """A secret that rotates every `days`, or as `rules` say; it has not been rotated yet."""
        secret = self.aws.secret()
        function = self.aws.function(code)
        self.aws.sm.rotate_secret(
            SecretId=secret,
            RotationLambdaARN=function,
            RotationRules=rules or {"AutomaticallyAfterDays": days},
            RotateImmediately=False,
        )
        return secret

    def current(self, secret: str) -> str:
        """The version with AWSCURRENT."""
        found = self.aws.holder(secret, "AWSCURRENT")
        assert found is not None
        return found
