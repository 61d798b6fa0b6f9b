"""Retirement of a Redis password, on a real Redis: who is waited for, who is cut off, and what stays."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta
from threading import Thread
from typing import Any

import pytest

from rotation.errors import RotationError
from rotation.targets.redis_connection import Connection, opened_before
from rotation.targets.redis_session import RedisSession
from rotation.targets.target import Fallbacks
from sandbox.servers import redis
from sandbox.servers.server import Server
from tests.lambdas.redis_bench import RedisBench, alive, digest
from tests.lambdas.workbench import Crash, Fuse
from tests.servers import INITIAL_PASSWORD, reachable_folder, running

pytestmark = pytest.mark.servers
# The second by which a connection may be older than it says.
AGE_ERROR = timedelta(seconds=1)


@pytest.fixture
def bench(redis_server: Server) -> RedisBench:
    return RedisBench(redis_server)


@pytest.fixture
def keeper(bench: RedisBench) -> dict[str, Any]:
    """A user of the test's own, which no retirement touches."""
    bench.command("ACL", "SETUSER", "keeper", "on", ">keeper", "~*", "&*", "+@all")
    return {**bench.constants, "username": "keeper", "password": "keeper"}


@pytest.fixture(params=["a user", "default"])
def first(request: pytest.FixtureRequest, bench: RedisBench, keeper: dict[str, Any]) -> Iterator[str]:
    """A secret that was never rotated. Afterwards `default` has the password again that other tests use."""
    yield bench.user("default" if request.param == "default" else None)
    bench.command("ACL", "SETUSER", "default", "resetpass", f">{INITIAL_PASSWORD}", document=keeper)


@pytest.fixture
def name(bench: RedisBench, first: str) -> str:
    """A secret in its overlap: two passwords work."""
    bench.rotate(first)
    return first


def test_retirement_leaves_one_password_and_ends_the_connections(bench: RedisBench, name: str) -> None:
    old = bench.value(name, "AWSPREVIOUS")
    with bench.session(old) as session:
        assert bench.retire(name)["outcome"] == "retired"
        assert not alive(session)
    assert not bench.logs_in(old)
    assert bench.logs_in(bench.value(name))
    assert bench.hashes(name) == [digest(bench.value(name))]
    assert bench.fake.secrets[name].holder("AWSPREVIOUS") is None


def test_every_other_password_goes_not_only_the_previous_one(bench: RedisBench, name: str) -> None:
    bench.command(
        "ACL", "SETUSER", bench.value(name)["username"], ">of-a-rotation-that-died", document=bench.value(name)
    )
    assert bench.retire_directly(name, None) == ()
    assert bench.hashes(name) == [digest(bench.value(name))]


def test_a_connection_that_is_younger_than_the_caches_end_is_kept(bench: RedisBench, name: str) -> None:
    now = bench.fake.now
    with bench.session(bench.value(name)) as session:
        assert bench.retire_directly(name, now - timedelta(hours=1)) == ()
        assert alive(session)
        # In doubt it is ended: its age is told in whole seconds, and it may be a second older.
        assert bench.retire_directly(name, now - AGE_ERROR / 2) == ()
        assert not alive(session)


def test_an_age_in_whole_seconds_is_taken_for_the_older_one(bench: RedisBench) -> None:
    now = bench.fake.now
    connection = Connection(id="7", username="u", name="", address="", age=timedelta(seconds=5), in_transaction=False)
    for seconds, old in ((-7, False), (-6, False), (-5.5, True), (-5, True), (0, True)):
        assert bool(opened_before([connection], now + timedelta(seconds=seconds), now)) == old


def test_whoever_is_in_a_transaction_is_a_straggler_and_nothing_is_changed(bench: RedisBench, name: str) -> None:
    old = bench.value(name, "AWSPREVIOUS")
    with bench.session(old) as session:
        session.run("CLIENT", "SETNAME", "nightly-report")
        session.run("MULTI")
        for queued in range(2):
            (straggler,) = bench.retire_directly(name, bench.fake.now)
            assert f"user '{old['username']}', connection " in straggler
            assert "named 'nightly-report', from 127.0.0.1:" in straggler
            assert straggler.endswith("in a transaction (MULTI)")
            assert session.run("SET", f"canary{queued}", "canary") == "QUEUED"
            assert "canary" not in straggler
        assert bench.logs_in(old)
        session.run("DISCARD")
        assert bench.retire_directly(name, bench.fake.now) == ()
        assert not alive(session)


def test_a_transaction_of_a_younger_connection_is_nobodys_straggler(bench: RedisBench, name: str) -> None:
    with bench.session(bench.value(name)) as session:
        session.run("MULTI")
        assert bench.retire_directly(name, bench.fake.now - timedelta(hours=1)) == ()
        assert alive(session)


def test_a_worker_that_waits_for_work_is_no_straggler(bench: RedisBench, name: str) -> None:
    """It has taken nothing before it is answered, and one that always waits would never be retired."""
    ended: list[Any] = []

    def wait(session: RedisSession) -> None:
        with pytest.raises(RotationError) as caught:
            session.run("BLPOP", "no-such-list", "8")
        ended.append(caught.value)

    with bench.session(bench.value(name, "AWSPREVIOUS")) as session:
        worker = Thread(target=wait, args=[session])
        worker.start()
        while "cmd=blpop" not in bench.command("CLIENT", "LIST", document=bench.value(name)):
            time.sleep(0.02)
        assert bench.retire_directly(name, bench.fake.now) == ()
        worker.join(timeout=5)
    assert len(ended) == 1


def test_an_emergency_waits_for_nobody_and_ends_every_connection(bench: RedisBench, name: str) -> None:
    with bench.session(bench.value(name, "AWSPREVIOUS")) as old, bench.session(bench.value(name)) as new:
        old.run("MULTI")
        assert bench.retire_directly(name, None) == ()
        assert [alive(old), alive(new)] == [False, False]


def test_connections_of_other_users_stay(bench: RedisBench, name: str, keeper: dict[str, Any]) -> None:
    with bench.session(keeper) as session:
        assert bench.retire_directly(name, None) == ()
        assert alive(session)


def test_a_connection_that_came_in_before_the_password_went_is_ended(bench: RedisBench, name: str) -> None:
    old = bench.value(name, "AWSPREVIOUS")
    late: list[RedisSession] = []

    class Late(Fuse):
        def __call__(self, call: str):  # type: ignore[no-untyped-def]
            # After the look for stragglers, before the password goes.
            if call == "run ACL" and not late:
                late.append(bench.session(old))
            return super().__call__(call)

    bench.fake.around = Late()
    assert bench.retire_directly(name, bench.fake.now + AGE_ERROR) == ()
    with late[0]:
        assert not alive(late[0])


def test_a_rotation_that_began_meanwhile_keeps_the_password_that_it_added(bench: RedisBench, name: str) -> None:
    """It reads the hashes before it asks, so what a rival adds later is not taken away, and what it added before is."""
    current = bench.value(name)

    def overtaken() -> None:
        raise RotationError("a rotation was started meanwhile")

    def rival() -> None:
        bench.command("ACL", "SETUSER", current["username"], ">of-the-rival", document=current)

    with pytest.raises(RotationError, match="started meanwhile"):
        bench.retire_directly(name, None, overtaken)
    assert bench.logs_in(bench.value(name, "AWSPREVIOUS"))
    assert bench.retire_directly(name, None, rival) == ()
    assert bench.hashes(name) == sorted([digest(current), digest({"password": "of-the-rival"})])


def test_retiring_twice_is_retiring_once(bench: RedisBench, name: str) -> None:
    for quiet_since in (bench.fake.now, None, bench.fake.now):
        assert bench.retire_directly(name, quiet_since) == ()
    assert bench.logs_in(bench.value(name))


def test_the_marker_has_nothing_to_retire(bench: RedisBench, first: str) -> None:
    with bench.session(bench.value(first)) as session:
        assert bench.retire_directly(first, None) == ()
        assert alive(session)


def test_a_previous_value_of_another_user_is_left_to_a_person(bench: RedisBench, name: str) -> None:
    old, current = bench.value(name, "AWSPREVIOUS"), bench.value(name)
    bench.give(name, {**old, "username": "somebody"})
    bench.give(name, current)
    with pytest.raises(RotationError, match="AWSPREVIOUS is of another user than"):
        bench.retire_directly(name, None)
    assert bench.logs_in(old)


def test_a_retirement_that_dies_anywhere_is_completed_by_the_next(bench: RedisBench, name: str) -> None:
    with bench.session(bench.value(name)):
        count = bench.fake.around = Fuse()
        bench.retire(name)
    wrong, calls = [], count.names
    for at in range(1, len(calls) + 1):
        for after in (False, True):
            bench.fake.around = Fuse()
            bench.rotate(name)
            old, current = bench.value(name, "AWSPREVIOUS"), bench.value(name)
            with bench.session(old) as session:
                bench.fake.around = Fuse(at=at, after=after)
                with pytest.raises(Crash):
                    bench.retire(name)
                bench.fake.around = Fuse()
                outcome = bench.retire(name)["outcome"]
                place = f"{'after' if after else 'before'} call {at} ({calls[at - 1]})"
                if alive(session) or bench.logs_in(old):
                    wrong.append(f"{place}: the old credential lives")
                if not bench.logs_in(current):
                    wrong.append(f"{place}: AWSCURRENT is locked out")
                if outcome not in ("retired", "nothing to retire"):
                    wrong.append(f"{place}: {outcome}")
    assert wrong == []
    assert len(calls) == 16


@pytest.mark.parametrize("with_file", [True, False], ids=["with an ACL file", "without one"])
def test_the_default_users_retirement_is_saved_where_there_is_a_file(
    with_file: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not with_file:
        configuration = redis._CONFIGURATION.replace("aclfile {data}/users.acl", f"requirepass {INITIAL_PASSWORD}")
        monkeypatch.setattr(redis, "_CONFIGURATION", configuration)
    with reachable_folder() as folder:
        with running(redis, folder, "redis") as server:
            bench = RedisBench(server)
            name = bench.user("default")
            bench.rotate(name)
            assert bench.retire(name)["outcome"] == "retired"
            assert not bench.logs_in(bench.value(name, "LLMOBS_BOOTSTRAP") | {"password": INITIAL_PASSWORD})
            assert bench.logs_in(bench.value(name))
        if with_file:
            with running(redis, folder, "redis"):
                assert bench.hashes(name) == [digest(bench.value(name))]


def test_a_rotation_brings_nothing_back_that_was_retired_between_its_look_and_its_command(bench: RedisBench) -> None:
    """Found by the model: it named every hash that it had seen, and so gave the retired one its power again."""
    name = bench.user()
    old = bench.value(name)
    bench.rotate(name)
    current = bench.value(name)
    coming = {**current, "password": "of-the-rotation-under-way"}
    target = bench.rotator._targets["redis"]

    def pending() -> dict[str, Any]:
        assert bench.retire_directly(name, bench.fake.now - timedelta(hours=1)) == ()
        return coming

    fallbacks = Fallbacks(own=lambda: iter([]), admin=lambda: iter([]), supplied=lambda: None, unchanged=lambda: None)
    target.apply(current, pending, fallbacks)
    assert not bench.logs_in(old)
    assert bench.logs_in(current)
    assert bench.logs_in(coming)
