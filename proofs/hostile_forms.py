"""A user name and a password on every way from the store to a login: URL, variables, files, JSON, env file, fields."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import redis as redis_py
from psycopg import pq
from psycopg.conninfo import make_conninfo
from redis.backoff import NoBackoff
from redis.retry import Retry

from catalog import derive, load
from proofs.hostile_values import Value
from rotation.targets import postgres_session, redis_session
from sandbox.servers.server import Server
from secretsctl import child
from secretsctl.commands import fetch
from secretsctl.selection import Values, read, select
from secretsctl.verdict import CommandError
from stores.document import Document
from stores.file import FileStore

DATABASE, CACHE = "db-app-password", "redis-password"
NAMES = ("DATABASE_URL", "DB_APP_PASSWORD", "REDIS_PASSWORD", "REDIS_URL")
FORMS = ("files", "json", "variables", "env file")
_CATALOG, _ENVIRONMENT = load.catalog(), load.environment("staging")
_DRIVERS = ("libpq: URL", "libpq: variables", "libpq: fields", "pg8000", "redis-py: URL", "redis-py: fields", "redis")


@dataclass(kw_only=True)
class Tally:
    """How often a value came through a form, or logged in through a driver, and every time that it did not."""

    done: dict[str, int] = field(default_factory=lambda: dict.fromkeys((*FORMS, *_DRIVERS), 0))
    refused: dict[str, int] = field(default_factory=lambda: dict.fromkeys(FORMS, 0))
    problems: list[str] = field(default_factory=list)


class Ways:
    """Stores a value as the development store does, and brings it to its logins as secretsctl and the functions do."""

    def __init__(self, postgres: Server, redis: Server, folder: Path) -> None:
        self.postgres, self.redis = postgres, redis
        self._ca_file = folder / "ca.pem"
        self._ca_file.write_text(postgres.ca_pem + redis.ca_pem, encoding="ascii")
        self._store = FileStore(folder / "store", _CATALOG)
        self._files = folder / "files"
        self._selection = select(_CATALOG, None, [DATABASE, CACHE])
        self.tally = Tally()

    def documents(self, value: Value) -> dict[str, dict[str, object]]:
        """What the store holds for a value."""
        database = derive.marker(_ENVIRONMENT, _CATALOG.by_name[DATABASE])
        cache = derive.marker(_ENVIRONMENT, _CATALOG.by_name[CACHE])
        postgres, redis, secret = self.postgres, self.redis, {"password": value.password}
        return {
            DATABASE: database
            | secret
            | {"host": postgres.host, "port": postgres.port, "username": value.username}
            | {"sslrootcert": str(self._ca_file)},
            CACHE: cache | secret | {"host": redis.host, "port": redis.port, "username": value.in_redis},
        }

    def try_all(self, values: Sequence[Value]) -> None:
        """Bring values, whose users exist, through every form and log in through every driver."""
        scripts = []
        for value in values:
            documents = self.documents(value)
            for name, document in documents.items():
                self._store.put(name, Document(document), f"value-{value.number:026}")
            found = read(self._store, _CATALOG, self._selection)
            expected = derive.values(_CATALOG, _CATALOG.by_name[DATABASE], documents[DATABASE]) | derive.values(
                _CATALOG, _CATALOG.by_name[CACHE], documents[CACHE]
            )
            self._through("files", value, expected, partial(self._fetched, found))
            self._through("json", value, expected, partial(_as_json, found))
            variables = child.environment({}, found.by_name, child.libpq(found.documents[DATABASE]))
            self._through("variables", value, expected, partial(_in_a_program, variables))
            scripts.append((value, expected, self._env_file(found, value)))
            self._log_in(value, found, variables)
        self._source(scripts)

    def _through(
        self, form: str, value: Value, expected: Mapping[str, str], bring: Callable[[], Mapping[str, str]]
    ) -> None:
        brought = bring()
        if {name: brought.get(name) for name in NAMES} != {name: expected[name] for name in NAMES}:
            self.tally.problems.append(f"value {value.number} came out of {form} as another")
        else:
            self.tally.done[form] += 1

    def _fetched(self, found: Values) -> dict[str, str]:
        paths = fetch._write(found, fetch.Format.FILES, to=self._files, output=None)
        texts = {path.name: path.read_bytes().decode() for path in paths}
        return {name: texts[derive.file_name(name)] for name in found.by_name}

    def _env_file(self, found: Values, value: Value) -> Path | None:
        """An env file of all names; None when one cannot be written as one, which is said and not mangled."""
        try:
            text = fetch._text(found.by_name, fetch.Format.DOTENV)
        except CommandError:
            self.tally.refused["env file"] += 1
            return None
        path = self._files / f"value-{value.number}.env"
        path.write_text(text, encoding="utf-8")
        return path

    def _source(self, scripts: Sequence[tuple[Value, Mapping[str, str], Path | None]]) -> None:
        """One POSIX shell reads all env files, each in a subshell, and prints what it understood."""
        written = [(value, expected, path) for value, expected, path in scripts if path is not None]
        words = " ".join(f'"${name}"' for name in NAMES)
        text = "".join(f"( . '{path}'; printf '%s\\0' {words} )\n" for _, _, path in written)
        said = subprocess.run(["/bin/sh"], input=text.encode(), capture_output=True, check=True).stdout
        parts = said.decode().split("\0")[:-1]
        for number, (value, expected, path) in enumerate(written):
            brought = dict(zip(NAMES, parts[number * len(NAMES) : (number + 1) * len(NAMES)], strict=True))
            self._through("env file", value, expected, partial(dict, brought))
            if path is not None:
                path.unlink()

    def _log_in(self, value: Value, found: Values, variables: Mapping[str, str]) -> None:
        document, cache = found.documents[DATABASE], found.documents[CACHE]
        urls = found.by_name
        libpq = {
            "host": document["host"],
            "port": document["port"],
            "dbname": document["dbname"],
            "user": document["username"],
            "password": document["password"],
            "sslmode": document["sslmode"],
            "sslrootcert": document["sslrootcert"],
        }
        tries: dict[str, tuple[str, Callable[[], str]]] = {
            "libpq: URL": (value.username, lambda: _libpq(urls["DATABASE_URL"])),
            "libpq: variables": (value.username, lambda: self._by_variables(variables)),
            "libpq: fields": (value.username, lambda: _libpq(make_conninfo("", **libpq))),  # type: ignore[arg-type]
            "pg8000": (value.username, lambda: self._pg8000(document)),
            "redis-py: URL": (value.in_redis, lambda: self._redis_py(urls["REDIS_URL"], {})),
            "redis-py: fields": (value.in_redis, lambda: self._redis_py(None, cache)),
            "redis": (value.in_redis, lambda: self._redis(cache)),
        }
        for driver, (username, log_in) in tries.items():
            try:
                became = log_in()
            except Exception as error:  # noqa: BLE001 - whatever stops a login is the finding
                self.tally.problems.append(f"value {value.number}: {driver}: {type(error).__name__}")
                continue
            if became == username:
                self.tally.done[driver] += 1
            else:
                self.tally.problems.append(f"value {value.number}: {driver} logged in as somebody else")

    def _by_variables(self, variables: Mapping[str, str]) -> str:
        with _as_environment({name: text for name, text in variables.items() if name.startswith("PG")}):
            return _libpq("")

    def _pg8000(self, document: Document) -> str:
        with postgres_session.connect(postgres_session.Login.of(document), self.postgres.ca_pem) as session:
            return str(session.run("SELECT session_user")[0][0])

    def _redis(self, document: Document) -> str:
        with redis_session.connect(redis_session.Login.of(document), self.redis.ca_pem) as session:
            return str(session.run("ACL", "WHOAMI"))

    def _redis_py(self, url: str | None, document: Mapping[str, object]) -> str:
        more: dict[str, Any] = {
            "ssl_ca_certs": str(self._ca_file),
            "decode_responses": True,
            "retry": Retry(NoBackoff(), 0),
        }
        if url is not None:
            client = redis_py.Redis.from_url(url, **more)
        else:
            given: dict[str, Any] = {name: document[name] for name in ("host", "port", "db", "username", "password")}
            client = redis_py.Redis(ssl=True, **given, **more)
        with client:
            return str(client.acl_whoami())


def _libpq(conninfo: str) -> str:
    connection = pq.PGconn.connect(conninfo.encode())
    try:
        if connection.status != pq.ConnStatus.OK:
            raise ConnectionError("libpq was refused")
        found = connection.exec_(b"SELECT session_user").get_value(0, 0) or b""
        return found.decode()
    finally:
        connection.finish()


def _as_json(found: Values) -> dict[str, str]:
    brought: dict[str, str] = json.loads(fetch._text(found.by_name, fetch.Format.JSON))
    return brought


def _in_a_program(variables: Mapping[str, str]) -> dict[str, str]:
    """The variables as a program gets them from its system: bytes, each ended by a NUL (execve(2))."""
    return {os.fsdecode(os.fsencode(name)): os.fsencode(text).decode() for name, text in variables.items()}


@contextmanager
def _as_environment(variables: Mapping[str, str]) -> Iterator[None]:
    """This process's own environment, where libpq reads it, for the moment of one login."""
    os.environ.update(variables)
    try:
        yield
    finally:
        for name in variables:
            del os.environ[name]
