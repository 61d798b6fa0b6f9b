"""A bench on a real Redis: ACL users of its own for each test."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from rotation.errors import LoginRefusedError, RotationError
from rotation.targets.redis_session import Login, RedisSession, connect
from rotation.targets.redis_user import RedisUser
from rotation.targets.target import Fallbacks
from sandbox.servers.server import Server
from tests.lambdas.workbench import PREFIX, Bench, tapped
from tests.servers import INITIAL_PASSWORD

_names = itertools.count()


class RedisBench(Bench):
    """Sees every call to Secrets Manager, every login and every command through `fake.around`.

    Its clock starts at the real time and then runs ahead of it, as PostgresBench's.
    """

    def __init__(self, server: Server) -> None:
        target = RedisUser(
            server.ca_pem, connect=tapped(connect, lambda: self.fake.around), clock=lambda: self.fake.now
        )
        super().__init__("redis", {"redis": target})
        self.fake.now = datetime.now(UTC)
        self.server = server
        self.constants = {"engine": "redis", "host": server.host, "port": server.port, "db": 0}

    def user(self, username: str | None = None, **more: Any) -> str:
        """A secret of a user that exists, with its first password given. Returns its name."""
        password = INITIAL_PASSWORD
        if username is None:
            username = f"user{next(_names)}"
            self.command("ACL", "SETUSER", username, "on", f">{username}-first", "~*", "&*", "+@all")
            password = f"{username}-first"
        name = f"{PREFIX}redis-{username}-password"
        document = {**self.constants, "username": username}
        self.secret(name, "redis", document, **more)
        self.give(name, {**document, "password": password})
        return name

    def retire_directly(
        self, name: str, quiet_since: datetime | None, unchanged: Callable[[], None] = lambda: None
    ) -> Sequence[str]:
        """The target's retire() with a moment of the test's choice and no other version to fall back to."""
        fallbacks = Fallbacks(own=lambda: iter([]), admin=lambda: iter([]), supplied=lambda: None, unchanged=unchanged)
        target = self.rotator._targets["redis"]
        return target.retire(self.value(name), self.value(name, "AWSPREVIOUS"), fallbacks, quiet_since)

    def session(self, document: dict[str, Any]) -> RedisSession:
        """A consumer's open connection; the test closes it."""
        return connect(Login.of(document), self.server.ca_pem)

    def command(self, *words: str, document: dict[str, Any] | None = None) -> Any:
        """Run a command as the user of a document, or as the default user, outside of the bench's counting."""
        login = {**self.constants, "username": "default", "password": INITIAL_PASSWORD}
        with connect(Login.of(document or login), self.server.ca_pem) as session:
            return session.run(*words)

    def logs_in(self, document: dict[str, Any]) -> bool:
        """Whether a consumer with this document gets in at the first attempt."""
        try:
            return bool(self.command("PING", document=document) == "PONG")
        except LoginRefusedError:
            return False

    def hashes(self, name: str) -> list[str]:
        """The hashes that the server holds for the secret's user."""
        answer = self.command("ACL", "GETUSER", self.value(name)["username"], document=self.value(name))
        return sorted(dict(zip(answer[::2], answer[1::2], strict=True))["passwords"])


def alive(session: RedisSession) -> bool:
    """Whether the server has left a connection open."""
    try:
        return bool(session.run("PING") in ("PONG", "QUEUED"))
    except RotationError:
        return False


def digest(document: dict[str, Any]) -> str:
    """What Redis stores for a password."""
    return hashlib.sha256(document["password"].encode()).hexdigest()
