"""A user of a real Redis, and the server's ACL file."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from rotation.targets.redis_session import Login, connect
from sandbox.servers.server import Server
from tests.faults.case import OVERLAP, documents_of
from tests.lambdas.redis_bench import RedisBench
from tests.servers import INITIAL_PASSWORD


class Users(NamedTuple):
    """The user as the server has it in memory, and the whole ACL file, which a restart reads."""

    rules: str
    file: str


class RedisSubject:
    """One user with two active passwords."""

    cached = True
    revokes = True
    starts_empty = False
    restorable = True
    restarts = True

    def __init__(self, server: Server) -> None:
        self.bench = RedisBench(server)
        self.name = self.bench.user(overlap=int(OVERLAP.total_seconds()))
        self.target = self.bench.rotator._targets["redis"]
        self._username = self.bench.value(self.name)["username"]
        constants = {**self.bench.constants, "username": "default", "password": INITIAL_PASSWORD}
        self._observer = connect(Login.of(constants), server.ca_pem)
        self._file = Path(self._observer.run("CONFIG", "GET", "aclfile")[1])
        self._observer.run("ACL", "SAVE")

    def logs_in(self, document: Mapping[str, Any]) -> bool:
        return self.bench.logs_in(dict(document))

    def snapshot(self) -> Users:
        rules = [rules for rules in self._observer.run("ACL", "LIST") if rules.split(" ")[1] == self._username]
        return Users(rules[0], self._file.read_text(encoding="utf-8"))

    def restore(self, state: Users) -> None:
        # Into the file that is there, which belongs to the server's account.
        self._file.write_text(state.file, encoding="utf-8")
        self._observer.run("ACL", "SETUSER", self._username, "reset", *state.rules.split(" ")[2:])

    def restart(self) -> None:
        # What a new process does with the file (ACL LOAD: "all the old users definitions are removed").
        self._observer.run("ACL", "LOAD")

    def close(self) -> None:
        self._observer.__exit__(None, None, None)

    def rotate_admin(self) -> None:
        """The user changes its own password: there is no other."""

    def shape(self, state: Users, documents: Mapping[str, Mapping[str, Any]]) -> object:
        saved = next(line for line in state.file.splitlines() if line.split(" ")[1] == self._username)
        return [_known_as(rules, documents) for rules in (state.rules, saved)]

    def working(self) -> set[str]:
        words = self.snapshot().rules.split(" ")
        return {
            id_
            for id_, document in documents_of(self.bench.fake.secrets[self.name]).items()
            if _hash(document) in words
        }


def _known_as(rules: str, documents: Mapping[str, Mapping[str, Any]]) -> list[str]:
    known = {_hash(document): id_ for id_, document in documents.items()}
    return sorted(known.get(word, "nobody's" if word.startswith("#") else word) for word in rules.split(" "))


def _hash(document: Mapping[str, Any]) -> str:
    return "#" + hashlib.sha256(document["password"].encode()).hexdigest()
