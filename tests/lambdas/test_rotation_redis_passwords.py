"""Which passwords a Redis user has after a retirement: saved where there is a file, and never brought back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from rotation.targets.target import Fallbacks
from sandbox.servers import redis
from sandbox.servers.server import Server
from tests.lambdas.redis_bench import RedisBench, digest
from tests.servers import INITIAL_PASSWORD, reachable_folder, running

pytestmark = pytest.mark.servers


@pytest.fixture
def bench(redis_server: Server) -> RedisBench:
    return RedisBench(redis_server)


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
