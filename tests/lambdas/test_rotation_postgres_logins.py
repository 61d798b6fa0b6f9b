"""Logins that retirement must not miss, on a real PostgreSQL: a standby's, a base backup's, half a one, a stuck one."""

from __future__ import annotations

import os
import signal
import socket
import ssl
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread, Timer
from typing import Any

import pytest
from scramp import ScramClient  # type: ignore[import-untyped]

from rotation.errors import RotationError
from rotation.targets import postgres_activity
from rotation.targets.postgres_session import PostgresSession
from sandbox.servers import postgres
from sandbox.servers.server import Server
from tests.lambdas.postgres_bench import PostgresBench, alive
from tests.lambdas.workbench import ADMIN, Fuse

pytestmark = pytest.mark.servers


@pytest.fixture
def bench(postgres_server: Server) -> PostgresBench:
    return PostgresBench(postgres_server)


def rotated(bench: PostgresBench, **more: Any) -> str:
    name = bench.role(**more)
    bench.rotate(name)
    bench.rotate(name)
    return name


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@contextmanager
def replicating(bench: PostgresBench, document: dict[str, Any], state: str, *command: str) -> Iterator[None]:
    """A program of PostgreSQL's own that holds a replication connection until the server ends it."""
    environment = {**os.environ, "PGPASSWORD": document["password"], "PGSSLMODE": "require"}
    process = subprocess.Popen(
        [
            postgres.find() / command[0],
            *command[1:],
            f"--host={document['host']}",
            f"--port={document['port']}",
            f"--username={document['username']}",
        ],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        query = f"SELECT state FROM pg_stat_replication WHERE usename = '{document['username']}'"
        until(lambda: bench.sql(query) == [[state]])
        yield
        assert process.wait(timeout=10) != 0
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


@pytest.fixture
def standby(bench: PostgresBench) -> str:
    return rotated(bench, group="llm_observatory_replication", replication=True)


def test_a_standbys_stream_is_no_straggler_and_is_ended(bench: PostgresBench, standby: str, tmp_path: Path) -> None:
    old = bench.value(standby, "AWSPREVIOUS")
    with replicating(bench, old, "streaming", "pg_receivewal", "--no-loop", f"--directory={tmp_path}"):
        assert bench.retire_directly(standby, bench.now()) == ()


def test_a_standby_that_logged_in_late_with_the_old_credential_is_a_straggler(
    bench: PostgresBench, standby: str, tmp_path: Path
) -> None:
    quiet_since, old = bench.now(), bench.value(standby, "AWSPREVIOUS")
    with replicating(bench, old, "streaming", "pg_receivewal", "--no-loop", f"--directory={tmp_path}"):
        (straggler,) = bench.retire_directly(standby, quiet_since)
        assert "application 'pg_receivewal'" in straggler
        assert straggler.endswith(", walsender: streaming")
        bench.retire_directly(standby, None)


def test_a_base_backup_at_work_is_a_straggler(bench: PostgresBench, standby: str, tmp_path: Path) -> None:
    old = bench.value(standby, "AWSPREVIOUS")
    slow = (
        "pg_basebackup",
        f"--pgdata={tmp_path / 'copy'}",
        "--wal-method=none",
        "--max-rate=32k",
        "--checkpoint=fast",
    )
    with replicating(bench, old, "backup", *slow):
        (straggler,) = bench.retire_directly(standby, bench.now())
        assert straggler.endswith(", walsender: backup")
        assert bench.logs_in({**old, "dbname": "llm_observatory"})
        bench.retire_directly(standby, None)


class HalfLogin:
    """A login that stops when the server has given the salt of the verifier, and goes on when it is told to."""

    def __init__(self, document: dict[str, Any], ca_pem: str) -> None:
        raw = socket.create_connection((document["host"], document["port"]), timeout=5)
        raw.sendall((8).to_bytes(4, "big") + (80877103).to_bytes(4, "big"))  # SSLRequest
        assert raw.recv(1) == b"S"
        self._line = ssl.create_default_context(cadata=ca_pem).wrap_socket(raw, server_hostname=document["host"])
        body = f"user\0{document['username']}\0database\0{document['dbname']}\0\0".encode()
        self._line.sendall((len(body) + 8).to_bytes(4, "big") + (196608).to_bytes(4, "big") + body)
        assert self._read() == (b"R", 10)
        self._scram = ScramClient(["SCRAM-SHA-256"], document["username"], document["password"])
        first = self._scram.get_client_first().encode()
        self._send(b"SCRAM-SHA-256\0" + len(first).to_bytes(4, "big") + first)
        assert self._read() == (b"R", 11)
        self._scram.set_server_first(self._rest.decode())

    def finish(self) -> str:
        """'in', or the SQLSTATE of the refusal."""
        self._send(self._scram.get_client_final().encode())
        while True:
            kind, _ = self._read()
            if kind == b"Z":
                return "in"
            if kind == b"E":
                return next(field[1:] for field in self._body.decode().split("\0") if field.startswith("C"))

    def close(self) -> None:
        self._line.close()

    def _send(self, body: bytes) -> None:
        self._line.sendall(b"p" + (len(body) + 4).to_bytes(4, "big") + body)

    def _read(self) -> tuple[bytes, int]:
        kind = self._exactly(1)
        self._body = self._exactly(int.from_bytes(self._exactly(4), "big") - 4)
        self._rest = self._body[4:]
        return kind, int.from_bytes(self._body[:4], "big")

    def _exactly(self, count: int) -> bytes:
        found = b""
        while len(found) < count:
            more = self._line.recv(count - len(found))
            assert more
            found += more
        return found


def test_a_login_that_began_before_the_retirement_does_not_get_in_after_it(bench: PostgresBench) -> None:
    name = rotated(bench)
    old = bench.value(name, "AWSPREVIOUS")
    control, half = (HalfLogin(old, bench.server.ca_pem) for _ in range(2))
    assert control.finish() == "in"
    assert bench.retire_directly(name, None) == ()
    # The password is the right one for the verifier of that time (or it would be 28P01): only NOLOGIN stops it.
    assert half.finish() == "28000"
    control.close()
    half.close()


def test_a_login_that_is_let_in_already_but_not_listed_yet_is_ended_too(
    bench: PostgresBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the two PostgreSQL locks the database, so a database that is being renamed makes that moment long."""
    monkeypatch.setattr(postgres_activity, "_PAUSE_SECONDS", 0.4)
    name = rotated(bench)
    old = bench.value(name, "AWSPREVIOUS")
    bench.sql("CREATE DATABASE renamed")
    opened: list[PostgresSession] = []
    entering = Thread(target=lambda: opened.append(bench.session({**old, "dbname": "renamed"})))
    with bench.session(bench.value(ADMIN)) as renaming:
        renaming.run("BEGIN")
        renaming.run("ALTER DATABASE renamed RENAME TO renamed_away")
        entering.start()
        waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'object'"
        until(lambda: bench.sql(waiting) == [[1]])
        assert bench.sql(f"SELECT FROM pg_stat_activity WHERE usename = '{old['username']}'") == []

        class Releasing(Fuse):
            def __call__(self, call: str):  # type: ignore[no-untyped-def]
                if call.startswith("run DO"):
                    Timer(0.1, lambda: renaming.run("ROLLBACK")).start()
                return super().__call__(call)

        bench.tap = Releasing()
        assert bench.retire_directly(name, None) == ()
        entering.join()
    with opened[0]:
        assert not alive(opened[0])
    bench.sql("DROP DATABASE renamed")


def test_a_session_that_does_not_end_is_an_error_that_names_its_process(
    bench: PostgresBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres_activity, "END_SECONDS", 0.3)
    name = rotated(bench)
    with bench.session(bench.value(name, "AWSPREVIOUS")) as session:
        pid = session.run("SELECT pg_backend_pid()")[0][0]
        os.kill(pid, signal.SIGSTOP)
        try:
            with pytest.raises(RotationError, match=rf"the session with pid {pid} did not end in 0\.3 s"):
                bench.retire_directly(name, None)
        finally:
            os.kill(pid, signal.SIGCONT)
        until(lambda: not bench.sql(f"SELECT FROM pg_stat_activity WHERE pid = {pid}"))
    assert bench.retire_directly(name, None) == ()
