"""A certificate reaches a running server without a restart, a refused login or a broken session."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from delivery.certificate import DELIVERED, UNCHANGED, deliver
from delivery.errors import DeliveryError
from rotation.errors import RotationError
from rotation.targets.certificate_handshake import presented
from tests.delivery.changing import Changing
from tests.servers import INITIAL_PASSWORD

ROOT = Path(__file__).resolve().parents[2]
CLIENTS, RELOADS = 4, 50


def shown(changing: Changing) -> str:
    """What a rotation's retirement sees."""
    server = changing.server
    return presented(changing.kind, server.host, server.port, changing.ca.root_pem).serial


def test_a_new_connection_gets_the_new_certificate_and_a_running_session_goes_on(changing: Changing) -> None:
    former = shown(changing)
    session = changing.connect()
    before = changing.ask(session)
    pair = changing.pair()
    assert deliver(pair, changing.folder, changing.reloaded) == DELIVERED
    assert shown(changing) == pair.serial != former
    assert changing.ask(session) == before
    session.__exit__(None, None, None)
    assert Path(f"/proc/{changing.server.pid}").exists()


def test_clients_under_load_never_fail_while_it_is_delivered_fifty_times(changing: Changing) -> None:
    failures: list[RotationError] = []
    logins = [0] * CLIENTS
    over = threading.Event()

    def client(number: int) -> None:
        while not over.is_set():
            try:
                changing.connect().__exit__(None, None, None)
            except RotationError as error:
                failures.append(error)
            logins[number] += 1

    threads = [threading.Thread(target=client, args=(number,)) for number in range(CLIENTS)]
    for thread in threads:
        thread.start()
    serials = [changing.start_over() for _ in range(RELOADS)]
    over.set()
    for thread in threads:
        thread.join()
    sys.stdout.write(f"{changing.kind}: {sum(logins)} logins during {RELOADS} reloads, {len(failures)} failed\n")
    assert failures == []
    assert all(count > RELOADS / 10 for count in logins)
    assert shown(changing) == serials[-1]
    assert len(set(serials)) == RELOADS


def test_a_key_of_another_certificate_is_refused_before_anything_is_switched(changing: Changing) -> None:
    former, link = shown(changing), changing.folder.serial
    wrong = changing.pair(key_pem=changing.pair().key_pem)
    with pytest.raises(DeliveryError, match="cannot be loaded \\(KEY_VALUES_MISMATCH\\)"):
        deliver(wrong, changing.folder, Unasked(changing))
    assert (shown(changing), changing.folder.serial) == (former, link)
    assert not (changing.path / "versions" / wrong.serial).exists()


def test_what_the_server_does_not_load_is_rolled_back(changing: Changing) -> None:
    former = shown(changing)
    pair = changing.pair()
    with pytest.raises(DeliveryError, match=f"Certificate {former} is in force as before"):
        deliver(pair, changing.folder, Spoiling(changing, pair.serial), seconds=0.5)
    assert shown(changing) == changing.folder.serial == former
    changing.connect().__exit__(None, None, None)


def test_the_key_is_the_servers_alone_and_an_older_one_is_gone(changing: Changing) -> None:
    serials = [changing.start_over() for _ in range(3)]
    kept = {path.name for path in (changing.path / "versions").iterdir()}
    assert kept == set(serials[1:])
    status = (changing.path / "current" / "server.key").stat()
    assert status.st_mode & 0o777 == 0o600
    assert (status.st_uid, status.st_gid) == (changing.path.stat().st_uid, changing.path.stat().st_gid)


def test_a_server_that_presents_it_already_is_not_reloaded(changing: Changing) -> None:
    pair = changing.pair()
    deliver(pair, changing.folder, changing.reloaded)
    assert deliver(pair, changing.folder, Unasked(changing)) == UNCHANGED


def test_a_delivery_that_was_cut_off_after_the_switch_is_finished_by_the_next(changing: Changing) -> None:
    pair = changing.pair()
    changing.folder.stage(pair)
    changing.folder.switch(pair.serial)
    assert shown(changing) != pair.serial
    assert deliver(pair, changing.folder, changing.reloaded) == DELIVERED
    assert shown(changing) == pair.serial


def test_the_command_delivers_what_it_reads_and_says_so(changing: Changing, tmp_path: Path) -> None:
    document = changing.document()
    ran = command(changing, tmp_path, json.dumps(document))
    assert ran.stderr == ""
    assert (ran.returncode, json.loads(ran.stdout)) == (0, {"outcome": DELIVERED, "serial": document["serial"]})
    assert shown(changing) == document["serial"]
    again = command(changing, tmp_path, json.dumps(document))
    assert json.loads(again.stdout)["outcome"] == UNCHANGED


def test_the_command_tells_a_refusal_without_the_key(changing: Changing, tmp_path: Path) -> None:
    document = changing.document()
    document["key_pem"] = document["key_pem"][:-60]
    ran = command(changing, tmp_path, json.dumps(document))
    assert ran.returncode == 1
    assert "cannot be loaded" in json.loads(ran.stdout)["error"]
    assert document["key_pem"].splitlines()[1] not in ran.stdout + ran.stderr


def command(changing: Changing, tmp_path: Path, document: str) -> subprocess.CompletedProcess[str]:
    password = tmp_path / "password"
    password.write_text(f"{INITIAL_PASSWORD}\n")
    own: dict[str, list[str]] = {
        "postgres": ["--data", str(changing.path.parent / "data")],
        "redis": ["--password-file", str(password)],
    }
    words = [sys.executable, "-m", "delivery.certificate", changing.kind, "--folder", str(changing.path)]
    return subprocess.run(
        [*words, *own[changing.kind]], input=document, capture_output=True, text=True, cwd=ROOT, check=False
    )


class Unasked:
    """A server that must not be told to reload."""

    def __init__(self, changing: Changing) -> None:
        self.presented: Callable[[], str | None] = changing.reloaded.presented

    def reload(self) -> None:
        raise AssertionError("reloaded")


class Spoiling:
    """A server whose linked pair is spoiled just before it loads it, as long as it is the new one."""

    def __init__(self, changing: Changing, serial: str) -> None:
        self._changing = changing
        self._serial = serial
        self.presented: Callable[[], str | None] = changing.reloaded.presented

    def reload(self) -> None:
        if self._changing.folder.serial == self._serial:
            self._changing.spoil()
        self._changing.reloaded.reload()
