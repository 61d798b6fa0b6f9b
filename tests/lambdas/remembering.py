"""A target without a server, and a bench with one secret of it: what the protocol's own tests need."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import pytest

from rotation.document import Document
from rotation.errors import RotationError
from rotation.targets.target import Fallbacks
from tests.lambdas.workbench import PREFIX, Bench

NAME = PREFIX + "thing-password"
DOCUMENT = {"host": "db", "port": 5432, "dbname": "one", "username": "thing"}
ALL = ("createSecret", "setSecret", "testSecret", "finishSecret")


class Remembering:
    """A target without a server."""

    credential = frozenset({"password"})
    value = "password"
    overlaps = True
    issued = False
    retires = True

    def __init__(self) -> None:
        self.done: list[str] = []
        self.stragglers: list[str] = []

    def generate(self, name: str, current: Document, fallbacks: Fallbacks, *, urgent: bool) -> Document:
        if self.issued:
            self.done.append("generate")
        return {**current, "password": f"p{len(self.done)}{' urgent' if urgent else ''}"}

    def apply(self, current: Document, pending: Callable[[], Document], fallbacks: Fallbacks) -> None:
        self.done.append(f"apply {pending()['password']}")

    def verify(self, document: Document) -> None:
        self.done.append(f"verify {document['password']}")

    def heal(self, current: Document, fallbacks: Fallbacks) -> None:
        self.done.append("heal")

    def retire(
        self, current: Document, previous: Document, fallbacks: Fallbacks, quiet_since: datetime | None
    ) -> Sequence[str]:
        if self.stragglers:
            return self.stragglers
        fallbacks.unchanged()
        since = quiet_since.isoformat() if quiet_since else "at once"
        self.done.append(f"retire {previous['password']} {since}")
        return ()


def remembering_bench() -> tuple[Bench, Remembering]:
    """A bench whose one secret, NAME, is still the marker."""
    target = Remembering()
    bench = Bench("postgres", {"postgres-role": target})
    bench.secret(NAME, "postgres-role", DOCUMENT)
    return bench, target


def tokens(bench: Bench, stage: str) -> str | None:
    return bench.fake.secrets[NAME].holder(stage)


def put_pending(bench: Bench, token: str, document: dict[str, Any]) -> None:
    bench.fake.put_secret_value(
        SecretId=NAME, ClientRequestToken=token, SecretString=json.dumps(document), VersionStages=["AWSPENDING"]
    )


def refuses(bench: Bench, token: str, match: str, steps: tuple[str, ...]) -> None:
    for step in steps:
        with pytest.raises(RotationError, match=match):
            bench.step(NAME, token, step)
