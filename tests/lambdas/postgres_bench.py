"""A bench on a real PostgreSQL: roles of its own for each test, so that tests do not see each other."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from pg8000.native import Connection  # type: ignore[import-untyped]

from rotation.errors import LoginRefusedError, RotationError
from rotation.targets.postgres_recovery import PostgresRecovery
from rotation.targets.postgres_role import PostgresRole
from rotation.targets.postgres_session import Login, PostgresSession, connect
from rotation.targets.postgres_superuser import PostgresSuperuser
from rotation.targets.target import Fallbacks
from sandbox.servers.server import Server
from tests.lambdas.workbench import ADMIN, PREFIX, Bench, tapped
from tests.servers import INITIAL_PASSWORD

_names = itertools.count()
RECOVERY = PREFIX + "db-recovery-password"


class PostgresBench(Bench):
    """Knows the server's admin; `tap` sees every call to Secrets Manager, every login and every statement.

    Its clock starts at the real time and then runs ahead of it, one second for each version: so a session of a test is
    older than every rotation, unless a test asks with a moment of its own.
    """

    def __init__(self, server: Server) -> None:
        connect_tapped = tapped(connect, lambda: self.tap)
        super().__init__(
            "postgres",
            {
                "postgres-role": PostgresRole(server.ca_pem, connect=connect_tapped),
                "postgres-superuser": PostgresSuperuser(server.ca_pem, connect=connect_tapped),
                "postgres-recovery": PostgresRecovery(server.ca_pem, connect=connect_tapped),
            },
            admin=ADMIN,
        )
        # The superuser's own admin secret exists only in tests that make it with recovery().
        self.admins["postgres-superuser"] = RECOVERY
        self.fake.now = datetime.now(UTC)
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

    def recovery(self, username: str | None = None) -> str:
        """The secret of the second admin role, as Pulumi leaves it: the role does not exist yet."""
        username = username or f"second{next(_names)}"
        self.secret(RECOVERY, "postgres-recovery", {**self.constants, "username": username})
        return RECOVERY

    def retire_directly(
        self, name: str, quiet_since: datetime | None, unchanged: Callable[[], None] = lambda: None
    ) -> Sequence[str]:
        """The target's retire() with a moment of the test's choice and no other version to fall back to."""
        fallbacks = Fallbacks(
            own=lambda: iter([]), admin=lambda: iter([self.value(ADMIN)]), supplied=lambda: None, unchanged=unchanged
        )
        target = self.rotator._targets[self.fake.secrets[name].tags["Kind"]]
        return target.retire(self.value(name), self.value(name, "AWSPREVIOUS"), fallbacks, quiet_since)

    def session(self, document: dict[str, Any]) -> PostgresSession:
        """A consumer's open session; the test closes it."""
        return connect(Login.of(document), self.server.ca_pem)

    def now(self) -> datetime:
        """The server's time."""
        moment: datetime = self.sql("SELECT clock_timestamp()")[0][0]
        return moment

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


def alive(session: PostgresSession) -> bool:
    """Whether the server has left a session open."""
    try:
        return session.run("SELECT 1") == [[1]]
    except RotationError:
        return False


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
