"""OpenAI's admin API and its list of models, as documented: a key is shown once, pages turn with `after`, admins only.

Sources: developers.openai.com/api/reference, organization > projects > service_accounts and api_keys.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tests.lambdas.fake_http_api import Call, FakeHttpApi, Reply

PROJECT = "proj_observatory"
ADMIN_KEY = "sk-admin-CANARYadmin0000000000000000"
PAGE = 2  # so that every reader has to turn pages


@dataclass
class Account:
    id: str
    name: str
    role: str


@dataclass
class Key:
    id: str
    name: str
    value: str
    created: int
    account: Account | None
    used: int | None = None
    unknown_for: int = 0

    @property
    def redacted(self) -> str:
        return f"{self.value[:8]}...{self.value[-4:]}"


class FakeOpenAi(FakeHttpApi):
    """`slow` is how many requests of a new key are refused before it is known. `lose` makes a deleted key live on."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        super().__init__()
        self.accounts: list[Account] = []
        self.keys: list[Key] = []
        self.admin_keys = {ADMIN_KEY}
        self.slow = 0
        self.lose: set[str] = set()
        self._clock = clock
        self._ids = itertools.count()

    def make(self, name: str, account: Account | None) -> Key:
        """A key, as the API or a person in the console makes one."""
        number = next(self._ids)
        made = Key(
            id=f"key_{number:04}",
            name=name,
            value=f"sk-svcacct-CANARYvalue{number:012}",
            created=int(self._clock().timestamp()),
            account=account,
            unknown_for=self.slow,
        )
        self.keys.append(made)
        return made

    def account(self, name: str, role: str = "member") -> Account:
        """A service account that a person made."""
        made = Account(id=f"user-{len(self.accounts):04}", name=name, role=role)
        self.accounts.append(made)
        return made

    def works(self, value: str) -> bool:
        """Whether a consumer with this key gets an answer."""
        return any(key.value == value for key in self.keys)

    def answer(self, call: Call) -> Reply:
        if call.path == "/v1/models":
            return self._models(call)
        if call.bearer not in self.admin_keys:
            return _error(401, "invalid_api_key", f"Incorrect API key provided: {call.bearer}")
        if call.path == "/v1/organization/projects":
            return _page(call, [{"id": PROJECT, "object": "organization.project"}])
        if call.parts[:4] != ("v1", "organization", "projects", PROJECT):
            return _error(404, "not_found", "no such project")
        return self._administer(call, call.parts[4:])

    def _models(self, call: Call) -> Reply:
        key = next((key for key in self.keys if key.value == call.bearer), None)
        if call.bearer in self.lose:
            return Reply(body={"object": "list", "data": []})
        if key is None or key.unknown_for > 0:
            if key is not None:
                key.unknown_for -= 1
            return _error(401, "invalid_api_key", f"Incorrect API key provided: {call.bearer}")
        if key.account is not None and key.account.role == "none":
            return _error(403, "missing_scope", "You have insufficient permissions for this operation.")
        key.used = int(self._clock().timestamp())
        return Reply(body={"object": "list", "data": [{"id": "gpt-4o", "object": "model"}]})

    def _administer(self, call: Call, parts: tuple[str, ...]) -> Reply:
        match (call.method, *parts):
            case ("GET", "service_accounts"):
                return _page(call, [vars(account) for account in self.accounts])
            case ("POST", "service_accounts"):
                made = self.account(
                    call.body["name"], "none" if call.body.get("create_service_account_only") else "member"
                )
                key = None if made.role == "none" else self._shown(self.make("Secret Key", made))
                return Reply(body={**vars(made), "object": "organization.project.service_account", "api_key": key})
            case ("POST", "service_accounts", id_):
                found = next(account for account in self.accounts if account.id == id_)
                found.role = call.body.get("role", found.role)
                return Reply(body=vars(found))
            case ("POST", "service_accounts", id_, "api_keys"):
                found = next(account for account in self.accounts if account.id == id_)
                return Reply(body=self._shown(self.make(call.body.get("name", "Secret Key"), found)))
            case ("GET", "api_keys"):
                return _page(call, [self._listed(key) for key in self.keys])
            case ("DELETE", "api_keys", id_):
                gone = [key for key in self.keys if key.id == id_]
                if not gone:
                    return _error(404, "not_found", "no such key")
                self.keys.remove(gone[0])
                return Reply(body={"object": "organization.project.api_key.deleted", "id": id_, "deleted": True})
        return _error(405, "method_not_supported", "no such call")

    def _shown(self, key: Key) -> dict[str, Any]:
        return {"id": key.id, "created_at": key.created, "name": key.name, "value": key.value}

    def _listed(self, key: Key) -> dict[str, Any]:
        owner: dict[str, Any] = {"type": "user", "user": {"id": "user-person", "email": "person@example.com"}}
        if key.account is not None:
            owner = {"type": "service_account", "service_account": vars(key.account)}
        return {
            "object": "organization.project.api_key",
            "id": key.id,
            "name": key.name,
            "created_at": key.created,
            "last_used_at": key.used,
            "redacted_value": key.redacted,
            "owner": owner,
        }


def _page(call: Call, entries: list[dict[str, Any]]) -> Reply:
    after = call.query.get("after")
    start = next((place + 1 for place, entry in enumerate(entries) if entry["id"] == after), 0)
    page = entries[start : start + min(PAGE, int(call.query.get("limit", 20)))]
    more = start + len(page) < len(entries)
    return Reply(body={"object": "list", "data": page, "has_more": more, "last_id": page[-1]["id"] if page else None})


def _error(status: int, code: str, message: str) -> Reply:
    return Reply(status=status, body={"error": {"message": message, "type": "invalid_request_error", "code": code}})
