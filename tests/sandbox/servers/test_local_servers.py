"""The local PostgreSQL and Redis: made once, found again, mended after a crash, stopped for good."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import stat
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from sandbox.servers import package, postgres, process, redis
from sandbox.servers.errors import ServerError
from sandbox.servers.postgres_setup import HOST_RULES
from tests.servers import INITIAL_PASSWORD, reachable_folder, running

pytestmark = pytest.mark.servers
KINDS = [pytest.param(postgres, id="postgres"), pytest.param(redis, id="redis")]


@pytest.fixture
def folder() -> Iterator[Path]:
    with reachable_folder() as folder:
        yield folder


@pytest.fixture(scope="module", params=KINDS)
def standing(request: pytest.FixtureRequest) -> Iterator[tuple[ModuleType, Path]]:
    """A server for the tests that leave it running, or that the next start mends."""
    kind: ModuleType = request.param
    with reachable_folder() as folder, running(kind, folder, "server"):
        yield kind, folder / "server"


def test_a_second_start_returns_the_running_server(standing: tuple[ModuleType, Path]) -> None:
    kind, root = standing
    server = kind.start(root)
    assert kind.start(root, server.port) == server
    with pytest.raises(ServerError, match=f"runs on port {server.port}, not {server.port + 1}; stop it first"):
        kind.start(root, server.port + 1)


def test_a_stopped_server_is_gone_and_starts_again_on_its_port(standing: tuple[ModuleType, Path]) -> None:
    kind, root = standing
    server = kind.start(root)
    kind.stop(root)
    assert not process.answers(server.port)
    kind.stop(root)
    again = kind.start(root)
    assert (again.port, again.ca_pem) == (server.port, server.ca_pem)
    assert again.pid != server.pid


def test_a_server_that_was_killed_starts_again_despite_its_pid_file(standing: tuple[ModuleType, Path]) -> None:
    kind, root = standing
    server = kind.start(root)
    os.kill(server.pid, signal.SIGKILL)
    assert process.until(lambda: not process.answers(server.port), 5)
    again = kind.start(root)
    assert again.pid != server.pid
    assert again.port == server.port


def test_a_pid_file_that_names_a_stranger_does_not_end_or_fool_us(standing: tuple[ModuleType, Path]) -> None:
    kind, root = standing
    server = kind.start(root)
    kind.stop(root)
    name = "postmaster.pid" if kind is postgres else "redis.pid"
    (root / "data" / name).write_text(f"{os.getpid()}\n/elsewhere\n0\n{server.port}\n\n\n\nready\n")
    kind.stop(root)
    assert kind.start(root).pid != os.getpid()


def test_no_file_keeps_the_initial_password(standing: tuple[ModuleType, Path]) -> None:
    kind, root = standing
    kind.stop(root)
    files = [path for path in root.parent.rglob("*") if path.is_file()]
    assert files
    assert not [path for path in files if INITIAL_PASSWORD.encode() in path.read_bytes()]


def test_keys_and_data_are_for_their_owner_only(standing: tuple[ModuleType, Path]) -> None:
    _, root = standing
    keys = list(root.parent.rglob("*.key"))
    assert len(keys) == 2
    assert {stat.S_IMODE(path.stat().st_mode) for path in keys} == {0o600}
    assert stat.S_IMODE(root.stat().st_mode) == 0o700


def test_the_server_listens_on_loopback_only(standing: tuple[ModuleType, Path]) -> None:
    kind, root = standing
    hexadecimal = f":{kind.start(root).port:04X}"
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    listening = [row[1] for row in rows if row[3] == "0A" and row[1].endswith(hexadecimal)]
    assert listening == [f"0100007F{hexadecimal}"]


def test_a_silent_client_does_not_keep_a_server_from_stopping(standing: tuple[ModuleType, Path]) -> None:
    kind, root = standing
    server = kind.start(root)
    with contextlib.ExitStack() as clients:
        for _ in range(5):
            clients.enter_context(socket.create_connection((server.host, server.port)))
        before = time.monotonic()
        kind.stop(root)
        assert time.monotonic() - before < process.STOP_SECONDS


def test_postgresql_trusts_nobody(standing: tuple[ModuleType, Path]) -> None:
    kind, root = standing
    if kind is not postgres:
        return
    rules = (root / "data" / "pg_hba.conf").read_text()
    assert rules == HOST_RULES
    assert {line.split()[-1] for line in rules.splitlines()} == {"scram-sha-256", "reject"}
    assert not list(root.rglob(".s.PGSQL.*"))


@pytest.mark.parametrize("kind", KINDS)
def test_a_busy_port_is_named(kind: ModuleType, folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        with pytest.raises(ServerError, match=f"port {port} on 127.0.0.1 is in use"):
            kind.start(folder / "server", port, initial_password=INITIAL_PASSWORD)


@pytest.mark.parametrize("kind", KINDS)
def test_a_first_start_without_a_password_is_refused(kind: ModuleType, folder: Path) -> None:
    with pytest.raises(ServerError, match="initial password for the first start"):
        kind.start(folder / "server")


@pytest.mark.parametrize("kind", KINDS)
def test_a_missing_program_names_the_package(kind: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(ServerError, match=f"run `apt-get install {kind.PACKAGE}`"):
        kind.find()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root hands folders to another account")
@pytest.mark.parametrize("kind", KINDS)
def test_a_folder_that_the_account_cannot_reach_is_named(kind: ModuleType, folder: Path) -> None:
    closed = folder / "closed"
    closed.mkdir(mode=0o700)
    with pytest.raises(ServerError, match=f"cannot pass through {closed}.*chmod o\\+x {closed}"):
        kind.start(closed / "server", initial_password=INITIAL_PASSWORD)


def test_a_half_made_database_is_made_again(folder: Path) -> None:
    half = folder / "server" / "data.making"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("15\n")
    with running(postgres, folder, "server"):
        assert not half.exists()


def test_a_start_that_dies_while_the_database_is_made_is_mended_by_the_next(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rename = Path.rename

    def dies(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "rename", dies)
    with pytest.raises(KeyboardInterrupt):
        postgres.start(folder / "server", initial_password=INITIAL_PASSWORD)
    assert not (folder / "server" / "initial-password").exists()
    monkeypatch.setattr(Path, "rename", rename)
    with running(postgres, folder, "server"):
        pass


def test_an_installation_without_apt_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    with pytest.raises(ServerError, match="apt-get is missing, so 'postgresql' cannot be installed"):
        postgres.install(lambda _: None)


def test_an_installation_without_root_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: "/usr/bin/apt-get")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(ServerError, match="run `sudo apt-get install redis-server`"):
        redis.install(lambda _: None)


@pytest.mark.parametrize("existing", [True, False])
def test_an_installation_starts_no_service_and_leaves_the_policy_as_it_was(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, existing: bool
) -> None:
    policy = tmp_path / "policy-rc.d"
    if existing:
        policy.write_text("theirs")
    monkeypatch.setattr(package, "POLICY", policy)
    monkeypatch.setattr(shutil, "which", lambda _: "/usr/bin/apt-get")
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    seen: list[tuple[list[str], str]] = []

    def apt(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        seen.append((command, policy.read_text()))
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(subprocess, "run", apt)
    progress: list[str] = []
    postgres.install(progress.append)
    assert progress == ["apt-get update", "apt-get install postgresql"]
    assert [command[2] for command, _ in seen] == ["update", "install"]
    assert all(("theirs" if existing else "exit 101") in text for _, text in seen)
    assert policy.exists() == existing


def test_an_installation_that_fails_says_what_apt_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(package, "POLICY", tmp_path / "policy-rc.d")
    monkeypatch.setattr(shutil, "which", lambda _: "/usr/bin/apt-get")
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(
        subprocess, "run", lambda command, **_: subprocess.CompletedProcess(command, 100, "", "E: no network\n")
    )
    with pytest.raises(ServerError, match="apt-get update failed with code 100: E: no network"):
        redis.install(lambda _: None)
