"""Credentials of issuers with an API, on the fakes that keep the issuers' real limits."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import datetime
from typing import Any

from tests.faults.case import OVERLAP, documents_of
from tests.lambdas import grafana_bench
from tests.lambdas.api_bench import OpenAiBench, SentryBench
from tests.lambdas.fake_http_api import FakeHttpApi
from tests.lambdas.grafana_bench import GrafanaBench
from tests.lambdas.iam_bench import IamBench
from tests.lambdas.workbench import Bench

OVERLAP_SECONDS = str(int(OVERLAP.total_seconds()))


class IssuerSubject:
    """A secret on a bench with a fake issuer; `kept` are the fields of the fake that hold its credentials."""

    cached = True
    revokes = True
    restarts = False

    def __init__(
        self,
        bench: Bench,
        name: str,
        issuer: Any,
        kept: Sequence[str],
        works: Callable[[dict[str, Any]], bool],
        *,
        starts_empty: bool = True,
        restorable: bool = False,
        api: FakeHttpApi | None = None,
    ) -> None:
        self._api = api
        self.bench = bench
        self.name = name
        self.starts_empty = starts_empty
        self.restorable = restorable
        secret = bench.fake.secrets[name]
        secret.tags["OverlapSeconds"] = OVERLAP_SECONDS
        self.target = bench.rotator._targets[secret.tags["Kind"]]
        self._issuer = issuer
        self._kept = kept
        self._works = works

    def logs_in(self, document: Mapping[str, Any]) -> bool:
        return self._works(dict(document))

    def snapshot(self) -> Any:
        return copy.deepcopy({field: getattr(self._issuer, field) for field in self._kept})

    def restore(self, state: Any) -> None:
        # One copy of all, so that what belongs together stays one object.
        for field, value in copy.deepcopy(state).items():
            setattr(self._issuer, field, value)

    def restart(self) -> None:
        """The issuer's affair."""

    def close(self) -> None:
        if self._api is not None:
            self._api.__exit__(None, None, None)

    def rotate_admin(self) -> None:
        """A person's affair, or there is none."""

    def shape(self, state: Any, documents: Mapping[str, Mapping[str, Any]]) -> object:
        return _plain(state)

    def working(self) -> set[str]:
        documents = documents_of(self.bench.fake.secrets[self.name])
        return {id_ for id_, document in documents.items() if self.logs_in(document)}


def openai() -> IssuerSubject:
    """Keys of service accounts."""
    bench = OpenAiBench()
    bench.api.__enter__()
    return IssuerSubject(
        bench, bench.name, bench.api, ["accounts", "keys"], lambda d: bench.api.works(d["key"]), api=bench.api
    )


def sentry() -> IssuerSubject:
    """Client keys."""
    bench = SentryBench()
    bench.api.__enter__()
    return IssuerSubject(bench, bench.name, bench.api, ["keys"], lambda d: bench.api.works(d["dsn"]), api=bench.api)


def iam(kind: str) -> IssuerSubject:
    """At most two access keys of a user, or what is derived from them."""
    bench = IamBench(kind)
    return IssuerSubject(bench, bench.marked(), bench.iam, ["users"], bench.works)


def grafana() -> IssuerSubject:
    """Two admins that take turns, in a database that can be restored."""
    bench = GrafanaBench(direct=True)
    bench.__enter__()
    return IssuerSubject(
        bench,
        grafana_bench.NAME,
        bench.grafana,
        ["users", "_wrong"],
        bench.logs_in,
        starts_empty=False,
        restorable=True,
        api=bench.grafana,
    )


def _plain(node: Any) -> object:
    if is_dataclass(node) and not isinstance(node, type):
        return [_plain(getattr(node, field.name)) for field in fields(node)]
    if isinstance(node, dict):
        return [[_plain(key), _plain(value)] for key, value in node.items()]
    if isinstance(node, (list, tuple)):
        return [_plain(item) for item in node]
    if isinstance(node, (set, frozenset)):
        return sorted(map(str, node))
    return node if isinstance(node, (str, int, float, datetime, type(None))) else str(node)
