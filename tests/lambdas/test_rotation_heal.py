"""A heal that comes late must not bring back what was replaced and retired while it was on its way."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext

import pytest

from rotation.errors import RotationError
from sandbox.servers.server import Server
from tests.lambdas.postgres_bench import PostgresBench
from tests.lambdas.redis_bench import RedisBench

pytestmark = pytest.mark.servers
EMERGENCY = "emergency-" + "1" * 32


def postgres(kind: str, server: Server) -> tuple[PostgresBench, str]:
    bench = PostgresBench(server)
    name = bench.role() if kind == "role" else bench.superuser()
    bench.rotate(name)
    return bench, name


def heal_late(bench: PostgresBench | RedisBench, name: str, at: int, *, stuck: bool = False) -> bool:
    """Heals, while an emergency rotates and retires before the `at`-th call to the server; whether the old one is dead.

    Without the emergency it would have to work: AWSCURRENT is broken, the version before it is not.
    """
    old, calls = bench.value(name), 0
    if stuck:
        bench.fake.rotate(name)

    def tap(call: str) -> AbstractContextManager[None]:
        nonlocal calls
        calls += call.startswith(("login", "run"))
        if calls == at:
            bench.fake.around = nullcontext
            bench.fake.cancel_pending(name)
            bench.rotate(name, EMERGENCY)
            bench.retire(name)
        return nullcontext()

    bench.fake.around = tap
    with pytest.raises(RotationError):
        bench.step(name, "", "healSecret")
    assert bench.fake.secrets[name].holder("AWSCURRENT") == EMERGENCY
    assert bench.logs_in(bench.value(name))
    return not bench.logs_in(old)


@pytest.mark.parametrize("kind", ["role", "superuser"])
@pytest.mark.parametrize("stuck", [False, True])
@pytest.mark.parametrize("at", [1, 2])
def test_a_late_heal_of_postgres_brings_nothing_back(kind: str, stuck: bool, at: int, postgres_server: Server) -> None:
    bench, name = postgres(kind, postgres_server)
    if kind == "superuser":
        previous = bench.value(name, "AWSPREVIOUS")
        bench.sql(f"ALTER ROLE {previous['username']} PASSWORD '{previous['password']}'")
    assert heal_late(bench, name, at, stuck=stuck)


def test_a_heal_goes_on_beside_a_stuck_rotation(postgres_server: Server) -> None:
    bench, name = postgres("role", postgres_server)
    bench.sql(f"ALTER ROLE {bench.value(name)['username']} PASSWORD 'lost'")
    bench.fake.rotate(name)
    bench.step(name, "", "healSecret")
    assert bench.logs_in(bench.value(name))


@pytest.mark.parametrize("at", range(1, 6))
def test_a_late_heal_of_redis_brings_nothing_back(at: int, redis_server: Server) -> None:
    bench = RedisBench(redis_server)
    name = bench.user()
    bench.rotate(name)
    current = bench.value(name)
    bench.command("ACL", "SETUSER", current["username"], f"<{current['password']}")
    assert heal_late(bench, name, at)
