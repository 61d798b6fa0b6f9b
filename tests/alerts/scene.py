"""Where alerts are provoked: a local AWS in which they are deployed, and things that the acts may harm."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from catalog import names
from catalog.environment import Environment
from catalog.model import Catalog
from catalog.names import SERVICE
from sandbox.aws.process import LocalAws
from tests.contract.aws.actors import Actor
from tests.contract.aws.harness import ContractAws

ELSEWHERE = "eu-west-1"


@dataclass
class Scene:
    """Secrets made here have names of the environment, so that they are watched, and are no secret of the catalogue."""

    local: LocalAws
    aws: ContractAws
    environment: Environment
    catalog: Catalog
    regions: list[str] = field(default_factory=list)

    def secret(self, region: str | None = None) -> str:
        """A new secret of the environment; its name."""
        name = f"{SERVICE}/{self.environment.name}/spare-{uuid.uuid4()}"
        self.aws.client("secretsmanager", region).create_secret(Name=name, SecretString="first")
        (self.aws.secrets if region is None else self.regions).append(name)
        return name

    @classmethod
    def on(cls, local: LocalAws, environment: Environment, catalog: Catalog) -> Scene:
        """The scene on a local AWS."""
        aws = ContractAws(kind="sandbox", endpoint=local.endpoint, account=local.account, region=local.region)
        return cls(local=local, aws=aws, environment=environment, catalog=catalog)

    def advance(self, seconds: int) -> None:
        """Move the clock of the local AWS forward."""
        self.local.ask("POST", "clock", {"advance_seconds": seconds})

    @cached_property
    def nobody(self) -> Actor:
        """A role that may do nothing."""
        return self.aws.as_role()

    @property
    def other_key(self) -> str:
        """A new key; its ARN."""
        return self.aws.key()

    def record(self, event: dict[str, Any]) -> None:
        """Put an event into the log of the trail, as CloudTrail does: for what a local AWS has no call for."""
        logs = self.aws.client("logs")
        stream = f"spare-{uuid.uuid4()}"
        logs.create_log_stream(logGroupName=names.TRAIL_LOG, logStreamName=stream)
        now = datetime.fromisoformat(self.local.ask("GET", "clock")["now"]).timestamp()
        told = [{"timestamp": int(now * 1000), "message": json.dumps(event)}]
        logs.put_log_events(logGroupName=names.TRAIL_LOG, logStreamName=stream, logEvents=told)

    def clean_up(self) -> None:
        """Remove what the acts made."""
        for name in self.regions:
            self.aws.client("secretsmanager", ELSEWHERE).delete_secret(SecretId=name, ForceDeleteWithoutRecovery=True)
        self.aws.clean_up()
