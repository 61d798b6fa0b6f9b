"""A thousand real roles: one run of rotations on a real PostgreSQL, over few connections, by the real rotator."""

from __future__ import annotations

import io
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import redirect_stdout
from dataclasses import dataclass
from typing import Any, cast

from rotation.steps import Rotator
from rotation.targets import postgres_sql as sql
from rotation.targets.postgres_role import PostgresRole
from rotation.targets.postgres_session import Login, PostgresSession, Session, connect
from rotation.versions import SecretVersions
from sandbox.servers.server import Server
from tests.lambdas.postgres_bench import PostgresBench

AT_ONCE = 10
MOST_CONNECTIONS = 20
GROUP = "llm_observatory_app"
_FIRST = "first-password-of-all"
_IN_ONE_STATEMENT = 50


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """One run."""

    roles: int
    rotated: int
    twice: int
    seconds: float
    connections: int

    @property
    def a_minute(self) -> float:
        """Rotations a minute."""
        return 60 * self.rotated / self.seconds


class Counting:
    """A driver's connect that knows how many connections are open."""

    def __init__(self) -> None:
        self.most = 0
        self._open = 0
        self._lock = threading.Lock()

    def __call__(self, login: Login, ca_pem: str | None) -> Session:
        with self._lock:
            self._open += 1
            self.most = max(self.most, self._open)
        try:
            return _Counted(connect(login, ca_pem), self._closed)
        except BaseException:
            self._closed()
            raise

    def _closed(self) -> None:
        with self._lock:
            self._open -= 1


class _Counted:
    def __init__(self, session: PostgresSession, closed: Callable[[], None]) -> None:
        self._session, self._closed = session, closed

    def run(self, sql: str) -> list[list[Any]]:
        return self._session.run(sql)

    def __enter__(self) -> _Counted:
        return self

    def __exit__(self, *error: Any) -> None:
        self._session.__exit__(*error)
        self._closed()


def rotated(server: Server, number: int) -> Outcome:
    """Make `number` pairs of roles with a first password, rotate each once, and count."""
    bench = PostgresBench(server)
    names = [bench.role(GROUP) for _ in range(number)]
    first = sql.verifier(_FIRST)
    made = []
    for name in names:
        document = bench.value(name)
        bench.give(name, {**document, "password": _FIRST})
        made += [
            f"CREATE ROLE {role} LOGIN PASSWORD '{first}'; GRANT {GROUP} TO {role};" for role in document["usernames"]
        ]
    for some in range(0, len(made), _IN_ONE_STATEMENT):
        bench.sql(f"DO $made$ BEGIN {' '.join(made[some : some + _IN_ONE_STATEMENT])} END $made$")
    counting = Counting()
    bench.rotator = Rotator(
        settings=bench.settings,
        versions=SecretVersions(cast("Any", bench.fake)),
        targets={"postgres-role": PostgresRole(server.ca_pem, connect=counting)},
        retirements=bench.retirements,
        clock=lambda: bench.fake.now,
    )
    began = time.monotonic()
    with redirect_stdout(io.StringIO()), ThreadPoolExecutor(AT_ONCE) as pool:  # the functions' own log lines
        list(pool.map(bench.rotate, names))
    seconds = time.monotonic() - began
    moved = [bench.value(name)["username"] == bench.value(name)["usernames"][1] for name in names]
    # The marker, the given value, the rotation's.
    versions = [len(bench.fake.secrets[name].versions) for name in names]
    return Outcome(
        roles=number,
        rotated=sum(moved),
        twice=sum(count > 3 for count in versions),
        seconds=seconds,
        connections=counting.most,
    )
