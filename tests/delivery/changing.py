"""A real PostgreSQL or Redis whose certificate is delivered, and the clients that trust its CA."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from delivery.certificate import deliver
from delivery.certificate_folder import Folder
from delivery.certificate_pair import Pair
from delivery.certificate_server import Door, Postgres, Redis
from delivery.certificate_server import Server as Reloaded
from rotation.targets import postgres_session, redis_session
from rotation.targets.certificate import Certificate
from rotation.targets.certificate_authority import Authority
from sandbox.servers import process
from sandbox.servers.server import Server
from tests.lambdas.fake_private_ca import ARN, FakePrivateCa
from tests.servers import INITIAL_PASSWORD


class Changing(ABC):
    """`server` is the running one, `folder` where its pairs are, `reloaded` how a delivery sees it."""

    kind = ""
    reloaded: Reloaded

    def __init__(self, root: Path, server: Server, account: str) -> None:
        self.server = server
        self.ca = FakePrivateCa()
        self.path = root / "tls"
        process.private_folder(self.path, process.account(account))
        self.folder = Folder(self.path)
        # Before the first delivery the server presents a certificate of the sandbox's own CA.
        trusted = f"{self.ca.root_pem}\n{server.ca_pem}"
        self.door = Door(host=server.host, port=server.port, ca_pem=trusted, address=server.host)

    def document(self, **changes: Any) -> dict[str, Any]:
        """A new certificate of the private CA, as a rotation publishes it."""
        marker = {"server": self.kind, "host": self.server.host, "port": self.server.port}
        marker |= {"issuer_arn": ARN, "validity_days": 90, **changes}
        target = Certificate(None, authority=Authority(self.ca.client), clock=lambda: datetime.now(UTC))
        return dict(target.generate("a", marker, None, urgent=False))  # type: ignore[arg-type]

    def pair(self, **changes: Any) -> Pair:
        """The same, as a delivery reads it."""
        return replace(Pair.read(json.dumps(self.document())), **changes)

    def start_over(self) -> str:
        """Deliver a new pair; its serial."""
        pair = self.pair()
        deliver(pair, self.folder, self.reloaded)
        return pair.serial

    @abstractmethod
    def connect(self) -> Any:
        """A login of a client that trusts the private CA's root and nothing else."""

    @abstractmethod
    def ask(self, session: Any) -> Any:
        """One statement."""

    @abstractmethod
    def spoil(self) -> None:
        """Make the linked pair one that the server refuses to load."""


class ChangingPostgres(Changing):
    kind = "postgres"

    def __init__(self, root: Path, server: Server) -> None:
        super().__init__(root, server, "postgres")
        self.reloaded = Postgres(door=self.door, data=root / "data")
        login = postgres_session.Login.of(self._login())
        with postgres_session.connect(login, server.ca_pem) as session:
            for name in ("cert", "key"):
                file = self.path / "current" / {"cert": "server.pem", "key": "server.key"}[name]
                session.run(f"ALTER SYSTEM SET ssl_{name}_file = '{file}'")  # in force at the next reload

    def _login(self) -> dict[str, Any]:
        return {
            "host": self.server.host,
            "port": self.server.port,
            "dbname": "llm_observatory",
            "username": "postgres",
            "password": INITIAL_PASSWORD,
        }

    def connect(self) -> Any:
        return postgres_session.connect(postgres_session.Login.of(self._login()), self.ca.root_pem)

    def ask(self, session: Any) -> Any:
        return session.run("SELECT pg_backend_pid()")

    def spoil(self) -> None:
        (self.path / "current" / "server.key").chmod(0o644)  # PostgreSQL loads no key that others may read


class ChangingRedis(Changing):
    kind = "redis"

    def __init__(self, root: Path, server: Server) -> None:
        super().__init__(root, server, "redis")
        self.reloaded = Redis(
            door=self.door, current=self.path / "current", username="default", password=INITIAL_PASSWORD
        )

    def connect(self) -> Any:
        login = {
            "host": self.server.host,
            "port": self.server.port,
            "db": 0,
            "username": "default",
            "password": INITIAL_PASSWORD,
        }
        return redis_session.connect(redis_session.Login.of(login), self.ca.root_pem)

    def ask(self, session: Any) -> Any:
        return session.run("PING")

    def spoil(self) -> None:
        (self.path / "current" / "server.key").write_text("no key\n")
