"""A bench on a real PostgreSQL: roles of its own for each test, so that tests do not see each other."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

from pg8000.native import Connection  # type: ignore[import-untyped]

from rotation.errors import LoginRefusedError
from rotation.targets.postgres_role import PostgresRole
from rotation.targets.postgres_session import Login, connect
from rotation.targets.postgres_superuser import PostgresSuperuser
from sandbox.servers.server import Server
from tests.lambdas.workbench import ADMIN, PREFIX, Bench, tapped
from tests.servers import INITIAL_PASSWORD

_names = itertools.count()


class PostgresBench(Bench):
    """Knows the server's admin; `tap` sees every call to Secrets Manager, every login and every statement."""

    def __init__(self, server: Server) -> None:
        connect_tapped = tapped(connect, lambda: self.tap)
        super().__init__(
            "postgres",
            {
                "postgres-role": PostgresRole(server.ca_pem, connect=connect_tapped),
                "postgres-superuser": PostgresSuperuser(server.ca_pem, connect=connect_tapped),
            },
            admin=ADMIN,
        )
        self.server = server
        self.constants = {"engine": "postgres", "host": server.host, "port": server.port, "dbname": "llm_observatory"}
        admin = {**self.constants, "username": "postgres"}
        self.secret(ADMIN, "postgres-superuser", admin)
        self.give(ADMIN, {**admin, "password": INITIAL_PASSWORD})

    @property
    def tap(self) -> Callable[[str], Any]:
        return self.fake.around

    @tap.setter
    def tap(self, tap: Callable[[str], Any]) -> None:
        self.fake.around = tap

    def role(
        self,
        group: str = "llm_observatory_app",
        *,
        names: list[str] | None = None,
        replication: bool = False,
        **more: Any,
    ) -> str:
        """A secret of two roles that do not exist yet, as Pulumi leaves it. Returns its name."""
        number = next(_names)
        names = names or [f"user{number}", f"user{number}_b"]
        name = f"{PREFIX}db-{names[0]}-password"
        document = {**self.constants, "username": names[0], "usernames": names, "member_of": group}
        self.secret(name, "postgres-role", {**document, "replication": replication}, **more)
        return name

    def superuser(self, **more: Any) -> str:
        """A secret of a superuser that exists, with its first password given. Returns its name."""
        role = f"root{next(_names)}"
        name = f"{PREFIX}db-{role}-password"
        document = {**self.constants, "username": role}
        self.sql(f"CREATE ROLE {role} LOGIN SUPERUSER PASSWORD '{role}-first'")
        self.secret(name, "postgres-superuser", document, **more)
        self.give(name, {**document, "password": f"{role}-first"})
        return name

    def sql(self, statement: str, document: dict[str, Any] | None = None) -> list[list[Any]]:
        """Run a statement as the user of a document, or as the admin, outside of the bench's counting."""
        login = Login.of(document or self.value(ADMIN))
        with connect(login, self.server.ca_pem) as session:
            return session.run(statement)

    def logs_in(self, document: dict[str, Any]) -> bool:
        """Whether a consumer with this document gets in at the first attempt."""
        try:
            return self.sql("SELECT 1", document) == [[1]]
        except LoginRefusedError:
            return False

    def log(self) -> str:
        """The server's log."""
        return self.server.log.read_text(encoding="utf-8")


def replication_connection(document: dict[str, Any], context: Any) -> Connection:
    """A physical replication connection, as a standby makes one."""
    return Connection(
        document["username"],
        host=document["host"],
        port=document["port"],
        password=document["password"],
        ssl_context=context,
        replication="true",
    )
