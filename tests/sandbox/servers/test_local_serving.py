"""Which certificate a local server presents: its own first one, until another was delivered."""

from __future__ import annotations

from pathlib import Path

import pytest
import redis as driver

from delivery.certificate import deliver
from delivery.certificate_folder import Folder
from delivery.certificate_pair import Pair
from sandbox.servers import redis, serving, tls
from tests.servers import reachable_folder, running


def delivered(root: Path) -> str:
    """The serial of another pair, put into the server's folder as a delivery does."""
    other = root.parent / "other"
    pair = tls.server_pair(tls.authority(root.parent / "tls"), other, (), None)
    serial = serving._serial(pair.certificate)
    assert serial is not None
    ca_pem = tls.authority(root.parent / "tls").pem
    texts = {"certificate_pem": pair.certificate.read_text(), "key_pem": pair.key.read_text(), "ca_pem": ca_pem}
    made = Pair(server="postgres", host="localhost", port=0, serial=serial, **texts)
    deliver(made, Folder(serving.folder(root)), None)
    return serial


def test_the_first_start_has_a_pair_of_the_sandboxs_ca_and_the_next_one_the_same(tmp_path: Path) -> None:
    root = tmp_path / "postgres"
    serving.place_first("postgres", root, (), None)
    certificate, key = serving.files(root)
    assert (certificate.read_bytes(), key.read_bytes()) == (
        (root / "server.pem").read_bytes(),
        (root / "server.key").read_bytes(),
    )
    first = Folder(serving.folder(root)).serial
    serving.place_first("postgres", root, (), None)
    assert Folder(serving.folder(root)).serial == first


def test_a_first_pair_that_is_made_anew_takes_the_place_of_the_last(tmp_path: Path) -> None:
    root = tmp_path / "postgres"
    serving.place_first("postgres", root, (), None)
    serving.place_first("postgres", root, ("another.name",), None)
    certificate, _ = serving.files(root)
    assert certificate.read_bytes() == (root / "server.pem").read_bytes()


def test_a_pair_that_was_delivered_stays_over_a_restart_and_over_a_newer_first_one(tmp_path: Path) -> None:
    root = tmp_path / "postgres"
    serving.place_first("postgres", root, (), None)
    serial = delivered(root)
    for names in ((), ("another.name",)):
        serving.place_first("postgres", root, names, None)
        assert Folder(serving.folder(root)).serial == serial


@pytest.mark.servers
def test_the_reloader_of_redis_may_set_its_configuration_and_nothing_else() -> None:
    with reachable_folder() as folder, running(redis, folder, "redis") as server:
        ca_file = folder / "redis" / "ca.pem"
        client = driver.Redis(
            host=server.host,
            port=server.port,
            username=redis.RELOADER,
            password=redis.reloader_password(folder / "redis"),
            ssl=True,
            ssl_ca_certs=str(ca_file),
        )
        with client:
            files = zip(("tls-cert-file", "tls-key-file"), serving.files(folder / "redis"), strict=True)
            words = [str(word) for pair in files for word in pair]
            assert client.execute_command("CONFIG", "SET", *words)  # type: ignore[no-untyped-call]
            for command in (("GET", "a"), ("CONFIG", "GET", "*"), ("ACL", "LIST")):
                with pytest.raises(driver.exceptions.NoPermissionError):
                    client.execute_command(*command)  # type: ignore[no-untyped-call]
