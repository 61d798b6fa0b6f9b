"""Secrets of a real PostgreSQL: two roles that take turns, the superuser, the second admin role."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from pg8000.native import identifier, literal  # type: ignore[import-untyped]

from rotation.steps import STEPS
from rotation.targets import postgres_activity, postgres_sql
from rotation.targets.postgres_session import Login, PostgresSession, connect
from sandbox.servers.server import Server
from tests.faults.case import OVERLAP, documents_of
from tests.lambdas.postgres_bench import PostgresBench
from tests.lambdas.workbench import ADMIN
from tests.servers import INITIAL_PASSWORD

OVERLAP_SECONDS = int(OVERLAP.total_seconds())
_OBSERVER = "observer"
_ROLE = (
    "rolcanlogin, rolsuper, rolreplication, rolcreatedb, rolcreaterole, rolbypassrls, rolpassword, "
    "shobj_description(r.oid, 'pg_authid'), "
    "(SELECT setconfig FROM pg_db_role_setting WHERE setrole = r.oid AND setdatabase = 0), "
    "ARRAY(SELECT g.rolname::text FROM pg_auth_members m JOIN pg_roles g ON g.oid = m.roleid WHERE m.member = r.oid "
    "ORDER BY 1)"
)
_CAN_LOG_IN, _STORED = 0, 6
Facts = Mapping[str, Sequence[Any]]


class PostgresServer:
    """A server and a session of our own in it, which sees and sets what no rotation does."""

    def __init__(self, server: Server) -> None:
        self.server = server
        # The pause is for sessions that the server does not list yet; here every login is over when a step begins.
        postgres_activity._PAUSE_SECONDS = 0.0
        login = Login(
            host=server.host, port=server.port, dbname="llm_observatory", username="postgres", password=INITIAL_PASSWORD
        )
        with connect(login, server.ca_pem) as session:
            session.run(f"CREATE ROLE {_OBSERVER} LOGIN SUPERUSER PASSWORD {literal(INITIAL_PASSWORD)}")
            session.run("ALTER SYSTEM SET synchronous_commit = off")
            session.run("SELECT pg_reload_conf()")
        observer = {"host": server.host, "port": server.port, "dbname": "llm_observatory", "username": _OBSERVER}
        self.session: PostgresSession = connect(Login.of({**observer, "password": INITIAL_PASSWORD}), server.ca_pem)

    def close(self) -> None:
        """End our session."""
        self.session.__exit__(None, None, None)

    def new_bench(self) -> PostgresBench:
        """A bench whose admin has its first password again."""
        self.session.run(f"ALTER ROLE postgres PASSWORD {literal(INITIAL_PASSWORD)}")
        return PostgresBench(self.server)

    def roles(self, names: Sequence[str]) -> Facts:
        """All that makes up a login role, for those that exist."""
        listed = ", ".join(map(literal, names))
        rows = self.session.run(f"SELECT rolname, {_ROLE} FROM pg_authid r WHERE rolname IN ({listed})")
        return {name: facts for name, *facts in rows}

    def set_roles(self, names: Sequence[str], wanted: Facts) -> None:
        """Make these roles as they were, and drop those that were not there."""
        there = self.roles(names)
        statements = [
            statement
            for name in names
            if there.get(name) != wanted.get(name)
            for statement in _as_it_was(name, there.get(name), wanted.get(name))
        ]
        if statements:
            self.session.run("; ".join(["BEGIN", *statements, "COMMIT"]))


class PostgresSubject:
    """A secret whose credential is one or two roles, and another secret through which it is set."""

    revokes = True
    restorable = True
    restarts = False

    def __init__(
        self,
        server: PostgresServer,
        bench: PostgresBench,
        name: str,
        roles: Sequence[str],
        *,
        admin: str | None,
        cached: bool,
    ) -> None:
        self.cached = cached
        self.bench = bench
        self.name = name
        self.target = bench.rotator._targets[bench.fake.secrets[name].tags["Kind"]]
        self.starts_empty = bench.value(name).get("password") is None
        self._server = server
        self._roles = roles
        self._admin = admin

    def logs_in(self, document: Mapping[str, Any]) -> bool:
        return self.bench.logs_in(dict(document))

    def snapshot(self) -> Facts:
        return self._server.roles(self._roles)

    def restore(self, state: Facts) -> None:
        self._server.set_roles(self._roles, state)

    def restart(self) -> None:
        """Every commit is in the log, so nothing is lost."""

    def close(self) -> None:
        """The server and the session in it are for all."""

    def rotate_admin(self) -> None:
        if self._admin is not None:
            token = self.bench.fake.rotate(self._admin)
            for step in STEPS:
                self.bench.step(self._admin, token, step)

    def shape(self, state: Facts, documents: Mapping[str, Mapping[str, Any]]) -> object:
        return {
            name: [_known_as(name, fact, documents) if at == _STORED else fact for at, fact in enumerate(facts)]
            for name, facts in state.items()
        }

    def working(self) -> set[str]:
        facts = self.snapshot()
        return {
            id_
            for id_, document in documents_of(self.bench.fake.secrets[self.name]).items()
            if (role := facts.get(document["username"])) is not None
            and role[_CAN_LOG_IN]
            and _matches(role[_STORED], document["password"])
        }


def role(server: PostgresServer) -> PostgresSubject:
    """Two roles that take turns."""
    bench = server.new_bench()
    name = bench.role(overlap=OVERLAP_SECONDS)
    roles = [*bench.value(name)["usernames"], "postgres"]
    return PostgresSubject(server, bench, name, roles, admin=ADMIN, cached=True)


def superuser(server: PostgresServer) -> PostgresSubject:
    """A superuser, healed through a second admin role."""
    bench = server.new_bench()
    second = bench.recovery()
    bench.rotate(second)
    name = bench.superuser(overlap=OVERLAP_SECONDS)
    roles = [bench.value(name)["username"], bench.value(second)["username"]]
    return PostgresSubject(server, bench, name, roles, admin=None, cached=False)


def recovery(server: PostgresServer) -> PostgresSubject:
    """The second admin role itself."""
    bench = server.new_bench()
    name = bench.recovery()
    return PostgresSubject(server, bench, name, [bench.value(name)["username"], "postgres"], admin=ADMIN, cached=False)


def _as_it_was(name: str, there: Sequence[Any] | None, wanted: Sequence[Any] | None) -> list[str]:
    if wanted is None:
        return [f"DROP ROLE {identifier(name)}"]
    *rights, stored, description, settings, groups = wanted
    words = ["LOGIN", "SUPERUSER", "REPLICATION", "CREATEDB", "CREATEROLE", "BYPASSRLS"]
    attributes = " ".join(word if has else f"NO{word}" for word, has in zip(words, rights, strict=True))
    role = identifier(name)
    verb, password = "CREATE" if there is None else "ALTER", literal(stored) if stored else "NULL"
    statements = [
        f"{verb} ROLE {role} {attributes} PASSWORD {password}",
        f"ALTER ROLE {role} RESET ALL",
        f"COMMENT ON ROLE {role} IS {literal(description) if description else 'NULL'}",
    ]
    for setting in settings or []:
        variable, _, value = setting.partition("=")
        statements.append(f"ALTER ROLE {role} SET {identifier(variable)} = {literal(value)}")
    held = set(there[-1]) if there else set()
    statements += [f"REVOKE {identifier(group)} FROM {role}" for group in held - set(groups)]
    statements += [f"GRANT {identifier(group)} TO {role}" for group in set(groups) - held]
    return statements


def _known_as(name: str, stored: str | None, documents: Mapping[str, Mapping[str, Any]]) -> object:
    if stored is None:
        return None
    return [
        id_
        for id_, document in documents.items()
        if document.get("username") == name and _matches(stored, document["password"])
    ]


@cache
def _matches(stored: str | None, password: str) -> bool:
    return postgres_sql.matches(stored, password)
