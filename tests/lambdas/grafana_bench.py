"""A bench with a fake Grafana: one secret, whose two admins take turns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from rotation.errors import LoginRefusedError
from rotation.targets.api_grafana import GrafanaAdmin
from rotation.targets.api_session import ApiSession, StatusError
from tests.lambdas.fake_grafana import FakeGrafana
from tests.lambdas.fake_http_api import Call, FakeHttpApi, tapped_api
from tests.lambdas.workbench import PREFIX, Bench

NAME = PREFIX + "grafana-admin-password"
FIRST = "canary-first-password-of-the-admin"
OVERLAP = 600


class GrafanaBench(Bench):
    """Use as a context manager. Sees every call to Secrets Manager and Grafana through `fake.around`.

    `direct` asks the fake without a network, for the tests that run hundreds of rotations.
    """

    def __init__(self, *, direct: bool = False) -> None:
        self.grafana = FakeGrafana(lambda: self.fake.now, FIRST)
        connect = tapped_api(self._direct if direct else ApiSession, lambda: self.fake.around)
        target = GrafanaAdmin(self.grafana.ca_pem, connect=connect)
        super().__init__("api", {"grafana-admin": target})
        document = {"url": self.grafana.url, "username": "admin", "usernames": ["admin", "admin_b"]}
        self.secret(NAME, "grafana-admin", document, overlap=OVERLAP)
        self.give(NAME, {**document, "password": FIRST})

    def __enter__(self) -> GrafanaBench:
        self.grafana.__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        self.grafana.__exit__(*error)

    def logs_in(self, document: dict[str, Any]) -> bool:
        """Whether a consumer with this document gets in."""
        return self.grafana.lets_in(document["username"], document["password"])

    def _direct(self, url: str, ca_pem: str | None, headers: Mapping[str, str]) -> Direct:
        assert url == self.grafana.url
        return Direct(self.grafana, headers)


class Direct:
    """ApiSession's calls and errors on a fake in the same process."""

    def __init__(self, api: FakeHttpApi, headers: Mapping[str, str]) -> None:
        self._api = api
        self._headers = {name.lower(): value for name, value in headers.items()}

    def call(self, method: str, path: str, body: Mapping[str, object] | None = None) -> Any:
        split = urlsplit(path)
        query = dict(parse_qsl(split.query))
        reply = self._api.answer(Call(method=method, path=split.path, query=query, headers=self._headers, body=body))
        if reply.status in (401, 403):
            raise LoginRefusedError(str(reply.status))
        if reply.status >= 300:
            raise StatusError(str(reply.status), reply.status, None)
        return reply.body
