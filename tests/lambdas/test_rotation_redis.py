"""Two passwords on one ACL user, on a real Redis."""

from __future__ import annotations

import pytest

from rotation.errors import LoginRefusedError, RotationError
from sandbox.servers import redis
from sandbox.servers.server import Server
from tests.lambdas.redis_bench import RedisBench, digest
from tests.lambdas.workbench import PREFIX, Fuse
from tests.servers import reachable_folder, running

pytestmark = pytest.mark.servers


@pytest.fixture
def bench(redis_server: Server) -> RedisBench:
    return RedisBench(redis_server)


def test_both_passwords_work_after_a_rotation(bench: RedisBench) -> None:
    name = bench.user()
    before = bench.value(name)
    bench.rotate(name)
    assert bench.logs_in(bench.value(name))
    assert bench.logs_in(before)
    assert bench.hashes(name) == sorted([digest(before), digest(bench.value(name))])


def test_a_third_password_takes_the_one_before_the_previous_away(bench: RedisBench) -> None:
    name = bench.user()
    first = bench.value(name)
    bench.rotate(name)
    second = bench.value(name)
    bench.rotate(name)
    assert not bench.logs_in(first)
    assert bench.logs_in(second)
    assert bench.hashes(name) == sorted([digest(second), digest(bench.value(name))])


def test_a_clean_rotation_needs_twelve_calls_and_two_logins(bench: RedisBench) -> None:
    name = bench.user()
    bench.fake.calls.clear()
    fuse = bench.fake.around = Fuse()
    bench.rotate(name)
    assert bench.fake.calls == {
        "DescribeSecret": 4,
        "GetSecretValue": 5,
        "PutSecretValue": 1,
        "UpdateSecretVersionStage": 2,
    }
    assert len([call for call in fuse.names if call.startswith("login")]) == 2


def test_a_password_that_only_an_unlabelled_version_holds_is_found(bench: RedisBench) -> None:
    name = bench.user()
    token = bench.fake.rotate(name)
    bench.step(name, token, "createSecret")
    bench.step(name, token, "setSecret")
    current = bench.value(name)
    bench.fake.cancel_pending(name)
    # As after a restore from an older snapshot of the server.
    bench.command("ACL", "SETUSER", current["username"], f"!{digest(current)}")
    assert not bench.logs_in(current)
    bench.rotate(name)
    assert bench.logs_in(bench.value(name))


def test_a_heal_adds_the_current_password_and_takes_none_away(bench: RedisBench) -> None:
    name = bench.user()
    bench.rotate(name)
    current, previous = bench.value(name), bench.value(name, "AWSPREVIOUS")
    bench.command("ACL", "SETUSER", current["username"], f"!{digest(current)}")
    bench.step(name, "", "healSecret")
    assert bench.logs_in(current)
    assert bench.logs_in(previous)


def test_no_password_that_works_is_an_error_that_says_what_to_do(bench: RedisBench) -> None:
    name = bench.user()
    bench.command("ACL", "SETUSER", bench.value(name)["username"], "resetpass", ">set-by-hand")
    with pytest.raises(LoginRefusedError, match="none of 2 stored credentials can log in; reset its password"):
        bench.rotate(name)


def test_the_marker_is_refused_and_names_the_bootstrap(bench: RedisBench) -> None:
    name = PREFIX + "redis-never-bootstrapped"
    bench.secret(name, "redis", {**bench.constants, "username": "default"})
    with pytest.raises(RotationError, match="give it the server's password with `secretsctl bootstrap`"):
        bench.rotate(name)


def test_the_default_users_rotation_survives_a_restart_of_the_server() -> None:
    with reachable_folder() as folder:
        with running(redis, folder, "redis") as server:
            bench = RedisBench(server)
            name = bench.user("default")
            bench.rotate(name)
        with running(redis, folder, "redis") as server:
            assert server.port == bench.server.port
            assert bench.logs_in(bench.value(name))
            assert bench.logs_in(bench.value(name, "AWSPREVIOUS"))
            assert not bench.logs_in({**bench.value(name), "password": "wrong"})


def test_a_user_without_the_right_to_acl_is_told_so_without_its_password(bench: RedisBench) -> None:
    name = bench.user()
    bench.command("ACL", "SETUSER", bench.value(name)["username"], "-acl")
    with pytest.raises(RotationError, match=r"refused ACL GETUSER \(NOPERM\)") as caught:
        bench.rotate(name)
    assert bench.value(name)["password"] not in str(caught.value)
