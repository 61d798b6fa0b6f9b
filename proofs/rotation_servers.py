"""PostgreSQL and Redis in memory, as far as PostgresRole and RedisUser speak with them; each call passes a tap."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from rotation.errors import LoginRefusedError
from rotation.targets import postgres_sql

Tap = Callable[[str], Any]
ADMIN = "postgres"
_PASSWORD = re.compile(r"^(?:ALTER|CREATE) ROLE (\S+) .*PASSWORD (?:'([^']*)'|NULL)$")


class Roles:
    """A PostgreSQL: what each role's verifier is, once it was committed, and who holds the advisory lock."""

    def __init__(self, tap: Tap) -> None:
        self.tap = tap
        self.verifiers: dict[str, str | None] = {}
        self.holder: RoleSession | None = None
        self.stragglers: Callable[[str], bool] = {}.get  # type: ignore[assignment]
        self._accepted: dict[tuple[str, str], bool] = {}

    def accepts(self, document: dict[str, Any]) -> bool:
        """Whether a document's login is let in."""
        stored = self.verifiers.get(document["username"])
        if stored is None:
            return False
        key = (stored, document["password"])
        if key not in self._accepted:
            self._accepted[key] = postgres_sql.matches(stored, document["password"])
        return self._accepted[key]

    def connect(self, login: Any, ca_pem: str | None) -> RoleSession:
        """As postgres_session.connect."""
        del ca_pem
        if login.username != ADMIN and not self.accepts({"username": login.username, "password": login.password}):
            raise LoginRefusedError("refused")
        return RoleSession(self, login.username)


class RoleSession:
    """One connection; what it changes counts from COMMIT on."""

    def __init__(self, server: Roles, username: str) -> None:
        self._server, self._username = server, username
        self._changes: dict[str, str | None] = {}

    def run(self, sql: str) -> list[list[Any]]:
        """The statements that the target makes, told by their beginnings."""
        with self._server.tap("sql " + sql):
            if "pg_advisory_xact_lock" in sql:
                assert self._server.holder in (None, self)
                self._server.holder = self
                return [[None, datetime.now(UTC)]]
            if found := _PASSWORD.match(sql):
                self._changes[found[1].strip('"')] = found[2]
            elif sql == "COMMIT":
                self._server.verifiers.update(self._changes)
                self._leave()
            elif sql == "ROLLBACK":
                self._leave()
            return self._rows(sql)

    def _rows(self, sql: str) -> list[list[Any]]:
        if sql.startswith("SELECT EXISTS"):
            role = sql.split("r.rolname = '")[1].split("'")[0]
            stored = self._server.verifiers.get(role)
            return [[False, role in self._server.verifiers, False, True, stored is not None, stored]]
        if sql.startswith("SELECT session_user"):
            return [[self._username, True, True, False, False]]
        if sql.startswith("SELECT rolsuper"):
            return [[False]] if sql.split("'")[1] in self._server.verifiers else []
        if sql.startswith("SELECT a.usename"):
            role = sql.split("usename = '")[1].split("'")[0]
            return [[role, "late", "::1", datetime.now(UTC), "idle"]] if self._server.stragglers(role) else []
        return []

    def _leave(self) -> None:
        self._changes = {}
        if self._server.holder is self:
            self._server.holder = None

    def __enter__(self) -> RoleSession:
        return self

    def __exit__(self, *error: object) -> None:
        self._leave()


class Passwords:
    """A Redis with one ACL user: the hashes that it accepts."""

    def __init__(self, tap: Tap, hashes: set[str]) -> None:
        self.tap = tap
        self.hashes = hashes

    def connect(self, login: Any, ca_pem: str | None) -> PasswordSession:
        """As redis_session.connect."""
        del ca_pem
        if digest(login.password) not in self.hashes:
            raise LoginRefusedError("refused")
        return PasswordSession(self, login.username)


class PasswordSession:
    """One connection."""

    def __init__(self, server: Passwords, username: str) -> None:
        self._server, self._username = server, username

    def run(self, *words: str) -> Any:
        """The commands that the target gives."""
        with self._server.tap(" ".join(words[:2])):
            match words[:2]:
                case ("ACL", "GETUSER"):
                    return ["passwords", sorted(self._server.hashes)]
                case ("ACL", "SETUSER"):
                    added = {word[1:] for word in words[3:] if word.startswith("#")}
                    taken = {word[1:] for word in words[3:] if word.startswith("!")}
                    self._server.hashes = (self._server.hashes | added) - taken
                    return "OK"
                case ("ACL", "WHOAMI"):
                    return self._username
                case ("CONFIG", "GET"):
                    return ["aclfile", ""]
                case ("CLIENT", "ID"):
                    return 1
                case ("CLIENT", "LIST"):
                    return ""
            raise AssertionError(words[:2])

    def __enter__(self) -> PasswordSession:
        return self

    def __exit__(self, *error: object) -> None:
        return


def digest(password: str) -> str:
    """What Redis keeps of a password."""
    return hashlib.sha256(password.encode()).hexdigest()
