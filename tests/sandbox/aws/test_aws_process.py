"""The local AWS as a process: started once, found again, refusing what it must, gone when asked."""

import http.client
import os
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.aws import process
from sandbox.aws.errors import SandboxError

ACCOUNT, REGION = "222233334444", "us-east-1"


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The state folder of one process that no test of this file ends."""
    folder = tmp_path_factory.mktemp("shared")
    process.start(folder, ACCOUNT, REGION)
    yield folder
    process.stop(folder)


@pytest.fixture
def state(tmp_path: Path) -> Iterator[Path]:
    """A state folder whose process is stopped at the end."""
    folder = tmp_path / "aws"
    yield folder
    process.stop(folder)


def test_starting_twice_gives_the_same_process_and_stopping_ends_it(state: Path) -> None:
    first = process.start(state, ACCOUNT, REGION)
    assert process.start(state, ACCOUNT, REGION) == first
    assert process.stop(state) is True
    assert process.find(state) is None
    assert not Path(f"/proc/{first.pid}/cmdline").exists() or process.stop(state) is False


def test_it_comes_back_on_its_port_unless_another_process_took_it(state: Path) -> None:
    first = process.start(state, ACCOUNT, REGION)
    process.stop(state)
    second = process.start(state, ACCOUNT, REGION)
    assert second.port == first.port
    process.stop(state)
    with socket.create_server(("127.0.0.1", first.port)):
        assert process.start(state, ACCOUNT, REGION).port != first.port


def test_the_state_folder_and_its_files_are_private(shared: Path) -> None:
    process.start(shared, ACCOUNT, REGION)
    assert shared.stat().st_mode & 0o777 == 0o700
    secret_files = ["secrets.sqlite", "secrets.key", "moto.sqlite", "events.sqlite", "aws.json"]
    assert {name: (shared / name).stat().st_mode & 0o077 for name in secret_files} == dict.fromkeys(secret_files, 0)


def test_a_running_one_of_another_account_is_refused(shared: Path) -> None:
    process.start(shared, ACCOUNT, REGION)
    with pytest.raises(SandboxError, match="is of account 222233334444"):
        process.start(shared, "333344445555", REGION)


def test_a_busy_port_is_a_clear_error(state: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(SandboxError, match=f"port {port} on 127.0.0.1 is taken"):
            process.start(state, ACCOUNT, REGION, port=port)


def test_another_process_on_the_port_is_not_taken_for_ours(shared: Path) -> None:
    local = process.start(shared, ACCOUNT, REGION)
    ready = shared / process.READY_FILE
    ready.write_text(ready.read_text().replace(local.token, "another"))
    assert process.find(shared) is None
    ready.write_text(ready.read_text().replace("another", local.token))


def test_a_host_that_is_not_loopback_is_refused(shared: Path) -> None:
    local = process.start(shared, ACCOUNT, REGION)
    connection = http.client.HTTPConnection("127.0.0.1", local.port, timeout=5)
    connection.request("GET", "/_sandbox/health", headers={"Host": "evil.example"})
    answer = connection.getresponse()
    connection.close()
    assert answer.status == 403


def test_shutdown_needs_the_token_and_motos_own_api_is_closed(shared: Path) -> None:
    local = process.start(shared, ACCOUNT, REGION)
    statuses = []
    for path in ("/_sandbox/shutdown", "/moto-api/reset"):
        connection = http.client.HTTPConnection("127.0.0.1", local.port, timeout=5)
        connection.request("POST", path)
        statuses.append(connection.getresponse().status)
        connection.close()
    assert statuses == [403, 404]
    assert process.find(shared) == local


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_cleanly(state: Path, number: signal.Signals) -> None:
    local = process.start(state, ACCOUNT, REGION)
    os.kill(local.pid, number)
    assert os.waitpid(local.pid, 0)[1] == 0
    assert process.find(state) is None
