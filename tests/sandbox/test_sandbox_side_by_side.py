"""Two sandboxes on one machine: each has its own ports and state, and what happens to one leaves the other alone."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from catalog import load
from sandbox import up
from sandbox.commands.target import client
from sandbox.place import Place
from sandbox.servers import postgres, redis
from tests.servers import reachable_folder

pytestmark = pytest.mark.servers


@dataclass(frozen=True, kw_only=True)
class Sandbox:
    """A sandbox that was started, without a stack."""

    place: Place
    servers: up.Servers

    @property
    def listening(self) -> dict[str, tuple[int, int]]:
        """Port and process of each of its servers now."""
        running = up.start(self.place)
        return {
            "postgres": (running.postgres.port, running.postgres.pid),
            "redis": (running.redis.port, running.redis.pid),
            "aws": (running.aws.port, running.aws.pid),
        }

    def names(self) -> list[str]:
        """The names of its secrets."""
        secrets = client(self.servers.aws, "secretsmanager").list_secrets()["SecretList"]
        return [secret["Name"] for secret in secrets]

    def run(self, *command: str, given: str = "") -> subprocess.CompletedProcess[str]:
        """A command of the sandbox."""
        return subprocess.run(
            [sys.executable, "-m", "sandbox", *command],
            cwd=load.ROOT,
            env={**os.environ, "LLMOBS_SANDBOX": str(self.place.base), "NO_COLOR": "1"},
            input=given,
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.fixture(scope="module")
def pair() -> Iterator[tuple[Sandbox, Sandbox]]:
    """Sandboxes a and b, both up."""
    with reachable_folder() as folder, ExitStack() as running:
        made = []
        for name in ("a", "b"):
            place = Place(name="staging", base=folder / name)
            running.callback(up.stop, place)
            made.append(Sandbox(place=place, servers=up.start(place)))
        yield made[0], made[1]


@pytest.fixture
def one(pair: tuple[Sandbox, Sandbox]) -> Sandbox:
    """The sandbox that something happens to."""
    secrets = client(pair[0].servers.aws, "secretsmanager")
    if not pair[0].names():
        secrets.create_secret(Name="made-in-a", SecretString="a")
    return pair[0]


@pytest.fixture
def other(pair: tuple[Sandbox, Sandbox]) -> Sandbox:
    """The sandbox that nothing happens to."""
    if not pair[1].names():
        client(pair[1].servers.aws, "secretsmanager").create_secret(Name="made-in-b", SecretString="b")
    return pair[1]


def test_no_port_and_no_process_is_shared(one: Sandbox, other: Sandbox) -> None:
    ours, theirs = one.listening, other.listening
    assert len({port for listening in (ours, theirs) for port, _ in listening.values()}) == 6
    assert len({pid for listening in (ours, theirs) for _, pid in listening.values()}) == 6


def test_a_secret_of_one_is_not_in_the_other(one: Sandbox, other: Sandbox) -> None:
    assert (one.names(), other.names()) == (["made-in-a"], ["made-in-b"])


def test_the_clock_of_one_moves_alone(one: Sandbox, other: Sandbox) -> None:
    ran = one.run("clock", "+90d", "--json")
    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout)["offset_seconds"] == pytest.approx(90 * 86400, abs=60)
    assert "(real time)" not in one.run("clock").stdout
    assert "(real time)" in other.run("clock").stdout


def test_a_reset_that_is_not_confirmed_throws_nothing_away(one: Sandbox) -> None:
    before = one.listening
    for given in ("", "prod\n"):
        ran = one.run("reset", given=given)
        assert (ran.returncode, ran.stdout) == (1, "")
        assert "nothing was thrown away" in ran.stderr
    assert (one.listening, one.names()) == (before, ["made-in-a"])


def test_a_reset_leaves_an_empty_sandbox_that_runs_on_the_same_ports(one: Sandbox, other: Sandbox) -> None:
    before, untouched = one.listening, other.listening
    for kept in ("pulumi", "secrets", "state"):
        (one.place.root / kept).mkdir()
        (one.place.root / kept / "file").write_text("x")
    first = one.place.first_values
    one.run("clock", "+1d")
    ran = one.run("reset", given="staging\n")
    assert (ran.returncode, ran.stdout) == (0, ""), ran.stderr
    after = one.listening
    assert {name: port for name, (port, _) in after.items()} == {name: port for name, (port, _) in before.items()}
    assert not {pid for _, pid in after.values()} & {pid for _, pid in before.values()}
    assert one.names() == []
    assert "(real time)" in one.run("clock").stdout
    assert one.place.first_values["DB_PASSWORD"] != first["DB_PASSWORD"]
    assert [(one.place.root / name).exists() for name in ("pulumi", "secrets", "state")] == [True, False, False]
    assert (other.listening, other.names()) == (untouched, ["made-in-b"])


def test_the_emptied_servers_take_the_new_first_password(one: Sandbox) -> None:
    assert one.run("reset", "--yes").returncode == 0
    login = subprocess.run(
        [
            str(postgres.find() / "psql"),
            f"host=localhost port={one.listening['postgres'][0]} user=postgres dbname=postgres sslmode=require",
            "-Atc",
            "select 1",
        ],
        env={**os.environ, "PGPASSWORD": one.place.first_values["DB_PASSWORD"]},
        capture_output=True,
        text=True,
        check=False,
    )
    assert login.stdout.strip() == "1", login.stderr
    assert redis.running(one.place.servers / "redis") is not None


def test_a_reset_of_what_is_not_there_makes_nothing(tmp_path: Path) -> None:
    place = Place(name="staging", base=tmp_path / "none")
    ran = subprocess.run(
        [sys.executable, "-m", "sandbox", "reset", "--yes"],
        cwd=load.ROOT,
        env={**os.environ, "LLMOBS_SANDBOX": str(place.base)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 1
    assert "there is no sandbox staging" in ran.stderr
    assert not place.base.exists()
