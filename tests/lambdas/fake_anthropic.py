"""Anthropic's Admin API and its list of models, as documented: keys are listed with a hint and updated, never made.

Sources: platform.claude.com/docs/en/api/admin/api_keys (list, retrieve, update) and /docs/en/api/errors.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

from tests.lambdas.fake_http_api import Call, FakeHttpApi, Reply

ADMIN_KEY = "sk-ant-admin01-CANARYadmin000000000000"
PAGE = 2


@dataclass
class Key:
    id: str
    name: str
    value: str
    status: str = "active"

    @property
    def hint(self) -> str:
        return f"{self.value[:16]}...{self.value[-4:]}"


class FakeAnthropic(FakeHttpApi):
    """`stubborn`: values that are accepted whatever their status says. `shut`: every key is refused."""

    def __init__(self) -> None:
        super().__init__()
        self.keys: list[Key] = []
        self.admin_keys = {ADMIN_KEY}
        self.stubborn: set[str] = set()
        self.shut = False
        self._ids = itertools.count()

    def make(self, value: str | None = None) -> Key:
        """What a person does in the console: the only way to a key."""
        number = next(self._ids)
        value = value or f"sk-ant-api03-{number:03}-CANARYvalue{number:06}"
        made = Key(id=f"apikey_{number:04}", name="llm-observatory", value=value)
        self.keys.append(made)
        return made

    def works(self, value: str) -> bool:
        return any(key.value == value and key.status == "active" for key in self.keys)

    def answer(self, call: Call) -> Reply:
        key = call.headers.get("x-api-key", "")
        if call.headers.get("anthropic-version") != "2023-06-01":
            return _error(400, "invalid_request_error", "anthropic-version: header is required")
        if call.path == "/v1/models":
            if (self.works(key) or key in self.stubborn) and not self.shut:
                return Reply(body={"data": [{"id": "claude-sonnet-4-5", "type": "model"}], "has_more": False})
            return _error(401, "authentication_error", f"invalid x-api-key {key}")
        if key not in self.admin_keys:
            return _error(401, "authentication_error", f"invalid x-api-key {key}")
        match (call.method, *call.parts):
            case ("GET", "v1", "organizations", "api_keys"):
                return self._page(call)
            case ("POST", "v1", "organizations", "api_keys", id_):
                found = next((key for key in self.keys if key.id == id_), None)
                if found is None:
                    return _error(404, "not_found_error", "no such key")
                found.status = call.body.get("status", found.status)
                return Reply(body=self._listed(found))
        return _error(405, "invalid_request_error", "Method Not Allowed")

    def _page(self, call: Call) -> Reply:
        after = call.query.get("after_id")
        start = next((place + 1 for place, key in enumerate(self.keys) if key.id == after), 0)
        page = self.keys[start : start + min(PAGE, int(call.query.get("limit", 20)))]
        more = start + len(page) < len(self.keys)
        last = page[-1].id if page else None
        return Reply(body={"data": [self._listed(key) for key in page], "has_more": more, "last_id": last})

    def _listed(self, key: Key) -> dict[str, object]:
        return {
            "type": "api_key",
            "id": key.id,
            "name": key.name,
            "created_at": "2026-01-01T00:00:00.000000Z",
            "partial_key_hint": key.hint,
            "status": key.status,
            "workspace_id": None,
        }


def _error(status: int, kind: str, message: str) -> Reply:
    return Reply(status=status, body={"type": "error", "error": {"type": kind, "message": message}})
