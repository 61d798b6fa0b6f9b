"""A delivery that is cut off, repeated, given nonsense or refused never leaves a certificate without its own key."""

from __future__ import annotations

import json
import ssl
import threading
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from delivery.certificate import DELIVERED, PLACED, UNCHANGED, deliver
from delivery.certificate_folder import Folder
from delivery.certificate_pair import Pair
from delivery.certificate_server import Door, Postgres
from delivery.errors import DeliveryError
from rotation.targets.certificate import Certificate
from rotation.targets.certificate_authority import Authority
from tests.lambdas.fake_private_ca import ARN, FakePrivateCa
from tests.lambdas.workbench import Crash, Fuse

CA = FakePrivateCa()


def document(ca: FakePrivateCa = CA, **changes: Any) -> dict[str, Any]:
    marker = {"server": "redis", "host": "cache.internal", "port": 6379, "issuer_arn": ARN, "validity_days": 90}
    target = Certificate(None, authority=Authority(ca.client), clock=ca.now)
    return dict(target.generate("a", marker | changes, None, urgent=False))  # type: ignore[arg-type]


def pair(**changes: Any) -> Pair:
    return replace(Pair.read(json.dumps(document())), **changes)


class Loading:
    """A server in memory: takes up what the link names when it is told to, unless it is stubborn."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.shown: str | None = None
        self.stubborn: set[str | None] = set()
        self.fuse = Fuse()

    def reload(self) -> None:
        with self.fuse("reload"):
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(self.folder / "current" / "server.pem", self.folder / "current" / "server.key")
            serial = (self.folder / "current").readlink().name
            if serial not in self.stubborn:
                self.shown = serial

    def presented(self) -> str | None:
        with self.fuse("presented"):
            return self.shown


class Tapped(Folder):
    """A folder whose steps pass through a fuse."""

    fuse = Fuse()

    def stage(self, pair: Pair) -> None:
        with self.fuse("stage"):
            super().stage(pair)

    def switch(self, serial: str | None) -> None:
        with self.fuse("switch"):
            super().switch(serial)

    def prune(self, *kept: str | None) -> None:
        with self.fuse("prune"):
            super().prune(*kept)


def waitless(_: float) -> None:
    return None


@pytest.fixture
def server(tmp_path: Path) -> Loading:
    return Loading(tmp_path)


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


@pytest.mark.parametrize("after", [False, True])
def test_a_death_at_any_step_leaves_a_sound_pair_and_the_next_run_ends_it(tmp_path: Path, after: bool) -> None:
    steps = ["stage", "switch", "reload", "presented", "prune"]
    for at in range(1, len(steps) + 1):
        path = tmp_path / str(at)
        path.mkdir()
        server, folder = Loading(path), Tapped(path)
        first, second = pair(), pair()
        deliver(first, folder, server)
        server.fuse = folder.fuse = fuse = Fuse(at=at, after=after)
        with pytest.raises(Crash):
            deliver(second, folder, server)
        assert fuse.names == steps[:at]
        server.fuse = folder.fuse = Fuse()
        Loading(path).reload()  # whoever starts now finds a certificate and its own key
        assert deliver(second, folder, server) in (DELIVERED, UNCHANGED)
        assert server.shown == folder.serial == second.serial
        assert not (path / "versions" / ".making").exists()


def test_a_rollback_that_died_is_ended_by_the_next_run(folder: Folder, server: Loading) -> None:
    first, second = pair(), pair()
    deliver(first, folder, server)
    server.stubborn = {second.serial}
    server.fuse = Fuse(at=4)  # reload, a look, and after the switch back the second reload
    with suppress(Crash):
        deliver(second, folder, server, seconds=0, sleep=waitless)
    server.fuse, server.stubborn = Fuse(), set()
    assert deliver(second, folder, server) == DELIVERED


def test_a_server_that_does_not_take_it_up_gets_the_former_pair_back(folder: Folder, server: Loading) -> None:
    first, second = pair(), pair()
    deliver(first, folder, server)
    server.stubborn = {second.serial}
    with pytest.raises(DeliveryError, match=f"presents {first.serial} and not {second.serial}") as caught:
        deliver(second, folder, server, seconds=1, sleep=waitless)
    assert f"Certificate {first.serial} is in force as before" in str(caught.value)
    assert folder.serial == server.shown == first.serial


def test_a_first_delivery_that_fails_leaves_no_link(folder: Folder, server: Loading) -> None:
    only = pair()
    server.stubborn = {only.serial}
    with pytest.raises(DeliveryError, match="There was none before; the link is gone again"):
        deliver(only, folder, server, seconds=0, sleep=waitless)
    assert folder.serial is None


def test_a_server_that_cannot_be_brought_back_is_told_apart(folder: Folder, server: Loading) -> None:
    first, second = pair(), pair()
    deliver(first, folder, server)
    server.stubborn = {first.serial, second.serial}
    server.shown = None
    with pytest.raises(DeliveryError, match="the server could not be brought back to it"):
        deliver(second, folder, server, seconds=0, sleep=waitless)


def test_two_deliveries_at_once_take_turns(tmp_path: Path, server: Loading) -> None:
    pairs = [pair() for _ in range(8)]
    threads = [threading.Thread(target=deliver, args=(one, Folder(tmp_path), server)) for one in pairs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert server.shown == Folder(tmp_path).serial
    assert server.shown in {one.serial for one in pairs}
    assert len(list((tmp_path / "versions").iterdir())) == 2


def test_a_server_that_was_never_started_gets_its_files(folder: Folder, server: Loading) -> None:
    only = pair()
    assert deliver(only, folder, None) == PLACED
    server.reload()
    assert server.shown == only.serial


@pytest.mark.parametrize(
    ("changes", "match"),
    [
        ({"host": "other.internal"}, "clients of other.internal would refuse"),
        ({"serial": "AB"}, "the document says AB"),
        ({"ca_pem": FakePrivateCa("two").root_pem}, "would refuse .* unable to get local issuer"),
        ({"ca_pem": "none"}, "the CA to trust is no certificate in PEM"),
        ({"certificate_pem": "none"}, "cannot be loaded"),
    ],
)
def test_a_pair_that_clients_would_refuse_is_not_switched_to(
    folder: Folder, server: Loading, changes: dict[str, str], match: str
) -> None:
    first = pair()
    deliver(first, folder, server)
    server.fuse = fuse = Fuse()
    with pytest.raises(DeliveryError, match=match):
        deliver(pair(**changes), folder, server)
    assert folder.serial == first.serial
    assert "reload" not in fuse.names


def test_an_expired_pair_is_not_switched_to(folder: Folder, server: Loading) -> None:
    late = FakePrivateCa(now=lambda: datetime.now(UTC) - timedelta(days=91))
    with pytest.raises(DeliveryError, match="certificate has expired"):
        deliver(Pair.read(json.dumps(document(late))), folder, server)
    assert folder.serial is None


def test_another_key_under_the_same_serial_is_not_taken(folder: Folder, server: Loading, tmp_path: Path) -> None:
    first, second = pair(), pair()
    deliver(first, folder, server)
    deliver(second, folder, server)
    (tmp_path / "versions" / first.serial / "server.key").write_text("another")
    with pytest.raises(DeliveryError, match="holds another key for the same serial"):
        deliver(first, folder, server)
    assert server.shown == folder.serial == second.serial


@pytest.mark.parametrize("serial", ["../../etc", "..", "", "0x12", "ab", "A", "AB/CD", "AB" * 21])
def test_a_serial_that_is_none_names_no_folder(serial: str) -> None:
    with pytest.raises(DeliveryError, match="field 'serial'"):
        Pair.read(json.dumps({**document(), "serial": serial}))


@pytest.mark.parametrize("text", ["", "[]", "{", '"x"'])
def test_what_is_no_document_is_refused(text: str) -> None:
    with pytest.raises(DeliveryError, match="not one JSON object"):
        Pair.read(text)


@pytest.mark.parametrize("field", ["server", "host", "port", "serial", "certificate_pem", "ca_pem", "key_pem"])
def test_a_missing_field_is_named(field: str) -> None:
    with pytest.raises(DeliveryError, match=f"field '{field}' is missing"):
        Pair.read(json.dumps({**document(), field: None}))


def test_the_key_is_in_no_representation() -> None:
    one = pair()
    assert one.key_pem not in repr(one)
    assert "PRIVATE" not in repr(one)


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(DeliveryError, match="is no folder"):
        Folder(tmp_path / "none")


@pytest.mark.parametrize("pid_file", [None, "", "no number\n", "1\n"])
def test_a_process_that_is_not_this_postgres_is_not_signalled(tmp_path: Path, pid_file: str | None) -> None:
    if pid_file is not None:
        (tmp_path / "postmaster.pid").write_text(pid_file)
    door = Door(host="h", port=1, ca_pem="", address="127.0.0.1")
    with pytest.raises(DeliveryError, match="could not be told to reload"):
        Postgres(door=door, data=tmp_path).reload()
