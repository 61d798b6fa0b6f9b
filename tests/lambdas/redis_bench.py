"""A bench on a real Redis: ACL users of its own for each test."""

from __future__ import annotations

import hashlib
import itertools
from typing import Any

from rotation.errors import LoginRefusedError
from rotation.targets.redis_session import Login, connect
from rotation.targets.redis_user import RedisUser
from sandbox.servers.server import Server
from tests.lambdas.workbench import PREFIX, Bench, tapped
from tests.servers import INITIAL_PASSWORD

_names = itertools.count()


class RedisBench(Bench):
    """Sees every call to Secrets Manager, every login and every command through `fake.around`."""

    def __init__(self, server: Server) -> None:
        target = RedisUser(server.ca_pem, connect=tapped(connect, lambda: self.fake.around))
        super().__init__("redis", {"redis": target})
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


def digest(document: dict[str, Any]) -> str:
    """What Redis stores for a password."""
    return hashlib.sha256(document["password"].encode()).hexdigest()
