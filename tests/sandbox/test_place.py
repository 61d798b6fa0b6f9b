"""A sandbox keeps its own things in its own folder, one run at a time, and speaks plainly."""

import os
import stat
from pathlib import Path

import pytest
import yaml

from catalog import load
from sandbox import steps, up
from sandbox.place import Place, PlaceError
from sandbox.servers.server import Server

NETWORK = {"vpc_id": "vpc-0123456789abcdef0", "cidrs": ["127.0.0.0/8"]}


@pytest.fixture
def place(tmp_path: Path) -> Place:
    made = Place(name="staging", base=tmp_path / "sandboxes")
    made.make()
    return made


def server(port: int) -> Server:
    return Server(host="127.0.0.1", port=port, ca_pem="the CA", pid=1, log=Path("/dev/null"))


def test_the_stack_file_differs_from_the_repositorys_in_hosts_ports_ca_and_network_only(place: Place) -> None:
    place.write_stack_file(postgres=server(5001), redis=server(5002), network=NETWORK)
    ours = yaml.safe_load(place.stack_file.read_text(encoding="utf-8"))["config"]
    theirs = yaml.safe_load((load.ROOT / "Pulumi.staging.yaml").read_text(encoding="utf-8"))["config"]
    settings, declared = ours.pop(load.CONFIG_KEY), theirs.pop(load.CONFIG_KEY)
    assert ours == theirs
    assert {key for key in settings if settings[key] != declared[key]} == {"database", "cache", "network"}
    database = load.environment("staging", place.stack_file).database
    assert (database.host, database.port, database.name) == ("localhost", 5001, "llm_observatory")
    assert Path(database.ca_path).read_text(encoding="utf-8") == "the CA"
    assert settings["network"] == {**declared["network"], **NETWORK}


def test_the_salt_of_the_state_stays_in_the_stack_file(place: Place) -> None:
    place.write_stack_file(postgres=server(5001), redis=server(5002), network=NETWORK)
    with place.stack_file.open("a", encoding="utf-8") as file:
        file.write("encryptionsalt: v1:abc\n")
    place.write_stack_file(postgres=server(5003), redis=server(5002), network=NETWORK)
    assert yaml.safe_load(place.stack_file.read_text(encoding="utf-8"))["encryptionsalt"] == "v1:abc"


def test_first_values_are_private_stay_the_same_and_are_forgotten(place: Place) -> None:
    first = place.first_values
    assert place.first_values == first
    assert stat.S_IMODE((place.root / "first-values.json").stat().st_mode) == 0o600
    place.forget_first_values()
    assert place.first_values == {}
    assert not [path for path in place.root.iterdir() if first["DB_PASSWORD"] in path.read_text(encoding="utf-8")]


def test_a_second_run_is_told_that_another_is_at_work(place: Place) -> None:
    other = Place(name=place.name, base=place.base)
    with place.held(), pytest.raises(PlaceError, match="another run is at work on sandbox staging"), other.held():
        pass
    with other.held():
        assert other.lock_file.exists()


def test_the_folders_can_be_passed_through_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        place = Place(name="staging", base=tmp_path / "sandboxes")
        place.make()
    finally:
        os.umask(before)
    assert stat.S_IMODE(place.root.stat().st_mode) == 0o711


def test_under_a_closed_home_the_servers_live_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    tmp_path.chmod(0o700)
    place = Place(name="staging", base=tmp_path / "sandboxes")
    assert place.servers.parent == Path("/var/tmp")
    assert place.servers != Place(name="prod", base=place.base).servers
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert place.servers == place.root


def test_removing_leaves_nothing(place: Place) -> None:
    with place.held():
        place.remove()
    assert not place.base.exists()


def test_what_the_engine_says_is_shown_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    line = "- [mandatory]  tiers-stack [urn=urn:pulumi:staging] see [/aws/lambda/x]"
    steps.say(line)
    assert line in capsys.readouterr().err


def test_nothing_of_the_callers_aws_settings_is_passed_on() -> None:
    given = {"AWS_ENDPOINT_URL_SECRETS_MANAGER": "x", "AWS_PROFILE": "y", "AWS_SESSION_TOKEN": "z", "HOME": "/home"}
    assert up.without_aws(given) == {"HOME": "/home"}
