"""Sentry's client keys API, as documented: pages by the Link header, keys switched on and off, deletion for admins.

Sources: docs.sentry.io/api/projects/ (client keys), docs.sentry.io/api/pagination/, and for the fields of a key
getsentry/sentry, api/serializers/models/project_key.py.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tests.lambdas.fake_http_api import Call, FakeHttpApi, Reply

ORGANIZATION, PROJECT = "observatory", "api"
TOKEN = "sntryu_CANARYtoken00000000000000000000"
PAGE = 2
INGEST = "o4504765715316736.ingest.us.sentry.io"


@dataclass
class Key:
    public: str
    label: str
    created: datetime
    active: bool = True

    @property
    def dsn(self) -> str:
        return f"https://{self.public}@{INGEST}/4505281256090153"


class FakeSentry(FakeHttpApi):
    """`stubborn` holds ids of keys that stay on whatever one asks."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        super().__init__()
        self.keys: list[Key] = []
        self.tokens = {TOKEN}
        self.stubborn: set[str] = set()
        self._clock = clock
        self._ids = itertools.count(1)

    def make(self, label: str) -> Key:
        """A key, as the API or a person in the console makes one. Newest first, as the API lists them."""
        made = Key(public=f"{next(self._ids):032x}", label=label, created=self._clock())
        self.keys.insert(0, made)
        return made

    def works(self, dsn: str) -> bool:
        """Whether an application with this DSN has its events accepted."""
        return any(key.dsn == dsn and key.active for key in self.keys)

    def answer(self, call: Call) -> Reply:
        if call.bearer not in self.tokens:
            return Reply(status=401, body={"detail": f"Invalid token {call.bearer}"})
        if call.path == "/api/0/projects/":
            return Reply(body=[{"slug": PROJECT}])
        if call.parts[:6] != ("api", "0", "projects", ORGANIZATION, PROJECT, "keys") or not call.path.endswith("/"):
            return Reply(status=404, body={"detail": "The requested resource does not exist"})
        match (call.method, *call.parts[6:]):
            case ("GET",):
                return self._page(call)
            case ("POST",):
                return Reply(status=201, body=self._shown(self.make(call.body.get("name") or "Liked Pegasus")))
            case (method, public):
                found = next((key for key in self.keys if key.public == public), None)
                if found is None:
                    return Reply(status=404, body={"detail": "The requested resource does not exist"})
                return self._one(method, found, call.body)
        return Reply(status=405, body={"detail": "Method not allowed"})

    def _one(self, method: str, key: Key, body: Any) -> Reply:
        if method == "DELETE":
            self.keys.remove(key)
            return Reply(status=204)
        if method == "PUT" and key.public not in self.stubborn:
            key.active = body.get("isActive", key.active)
        return Reply(body=self._shown(key))

    def _page(self, call: Call) -> Reply:
        start = int(call.query.get("cursor", "0:0:0").split(":")[1])
        page = self.keys[start : start + PAGE]
        more = str(start + PAGE < len(self.keys)).lower()
        # sentry.io answers for its regions, and names them in its links.
        url = f"https://us.sentry.io{call.path}"
        link = (
            f'<{url}?cursor=0:{max(0, start - PAGE)}:1>; rel="previous"; results="false"; cursor="0:0:1", '
            f'<{url}?cursor=0:{start + PAGE}:0>; rel="next"; results="{more}"; cursor="0:{start + PAGE}:0"'
        )
        return Reply(body=[self._shown(key) for key in page], headers={"Link": link})

    def _shown(self, key: Key) -> dict[str, Any]:
        return {
            "id": key.public,
            "public": key.public,
            "secret": "0" * 32,
            "name": key.label,
            "label": key.label,
            "isActive": key.active,
            "dateCreated": key.created.isoformat().replace("+00:00", "Z"),
            "dsn": {"public": key.dsn, "secret": key.dsn.replace("@", ":" + "0" * 32 + "@")},
        }
