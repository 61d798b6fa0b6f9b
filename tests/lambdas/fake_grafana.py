"""Grafana's user API over HTTPS with its real limits, as docs/sources/developers/http_api and pkg/api have them.

Basic authentication only, five wrong passwords in five minutes lock a name out, nobody logs himself out, sessions
survive a new password, and a password cannot be read back.
"""

from __future__ import annotations

import base64
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from tests.lambdas.fake_http_api import Call, FakeHttpApi, Reply

WINDOW, MOST = timedelta(minutes=5), 5


@dataclass
class GrafanaUser:
    id: int
    login: str
    password: str = field(repr=False)
    is_admin: bool = False
    is_disabled: bool = False
    email: str = ""
    seen: datetime | None = None
    tokens: list[dict[str, Any]] = field(default_factory=list)


class FakeGrafana(FakeHttpApi):
    """Starts with the server admin `admin`, as a new Grafana does."""

    def __init__(self, clock: Callable[[], datetime], password: str) -> None:
        super().__init__()
        self.clock = clock
        self.users: dict[str, GrafanaUser] = {}
        self._ids = itertools.count(1)
        self._wrong: list[tuple[str, datetime]] = []
        self.add("admin", password, is_admin=True)

    def add(self, login: str, password: str, *, is_admin: bool = False) -> GrafanaUser:
        user = self.users[login] = GrafanaUser(id=next(self._ids), login=login, password=password, is_admin=is_admin)
        return user

    def open_session(self, login: str) -> None:
        """A person logs in with a browser and looks around."""
        moment = self.clock().isoformat()
        self.users[login].tokens.append(
            {"id": 7, "clientIp": "10.0.0.7", "browser": "Chrome", "os": "Linux", "createdAt": moment, "seenAt": moment}
        )

    def lets_in(self, login: str, password: str) -> bool:
        """Whether a consumer gets in, without leaving a trace."""
        user = self.users.get(login)
        return user is not None and not user.is_disabled and user.password == password and not self._locked(login)

    def answer(self, call: Call) -> Reply:
        me = self._caller(call.headers.get("authorization", ""))
        if me is None:
            return _message(401, "Invalid username or password")
        me.seen = self.clock()
        if call.method == "GET" and call.parts == ("api", "user"):
            return Reply(body=self._profile(me))
        if not me.is_admin:
            return _message(403, "Permission denied")
        if call.method == "GET" and call.parts == ("api", "users", "lookup"):
            asked = call.query["loginOrEmail"]
            found = [user for user in self.users.values() if asked in (user.login, user.email)]
            return Reply(body=self._profile(found[0])) if found else _message(404, "user not found")
        if call.method == "GET" and call.parts == ("api", "users", "search"):
            found = [user for user in self.users.values() if call.query["query"] in user.login]
            return Reply(body={"users": [self._profile(user) for user in found], "totalCount": len(found)})
        if call.method == "POST" and call.parts == ("api", "admin", "users"):
            return self._create(call.body)
        user = next((user for user in self.users.values() if call.parts[2:4] == ("users", str(user.id))), None)
        if user is None or len(call.parts) != 5:
            return _message(404, "not found")
        return self._manage(me, user, f"{call.method} {call.parts[4]}", call.body)

    def _manage(self, me: GrafanaUser, user: GrafanaUser, what: str, body: Any) -> Reply:
        if what == "PUT password":
            if len(body["password"]) < 4:
                return _message(400, "New password too short")
            user.password = body["password"]
        elif what == "PUT permissions":
            user.is_admin = body["isGrafanaAdmin"]
        elif what == "GET auth-tokens":
            return Reply(body=user.tokens)
        elif what == "POST logout":
            if user is me:
                return _message(400, "You cannot logout yourself")
            user.tokens.clear()
        else:
            return _message(404, "not found")
        return _message(200, "done")

    def _create(self, body: Any) -> Reply:
        if body["login"] in self.users:
            return _message(412, f"User with email '' or username '{body['login']}' already exists")
        user = self.add(body["login"], body["password"])
        return Reply(body={"id": user.id, "message": "User created"})

    def _caller(self, header: str) -> GrafanaUser | None:
        scheme, _, rest = header.partition(" ")
        if scheme != "Basic":
            return None
        login, _, password = base64.b64decode(rest).decode("utf-8").partition(":")
        if self.lets_in(login, password):
            return self.users[login]
        self._wrong.append((login, self.clock()))
        return None

    def _locked(self, login: str) -> bool:
        since = self.clock() - WINDOW
        return sum(name == login and at > since for name, at in self._wrong) >= MOST

    def _profile(self, user: GrafanaUser) -> dict[str, Any]:
        seen = user.seen or self.clock() - timedelta(days=3650)
        return {
            "id": user.id,
            "login": user.login,
            "email": user.email,
            "isGrafanaAdmin": user.is_admin,
            "isDisabled": user.is_disabled,
            "lastSeenAt": seen.isoformat(),
        }


def _message(status: int, text: str) -> Reply:
    return Reply(status=status, body={"message": text})
