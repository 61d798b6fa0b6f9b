"""Two rotators of one secret: whoever was overtaken does nothing or says so, and the winner's credential works."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext, suppress

import pytest

from rotation.errors import RotationError
from rotation.targets import postgres_session
from sandbox.servers.server import Server
from tests.lambdas.postgres_bench import PostgresBench
from tests.lambdas.redis_bench import RedisBench
from tests.lambdas.workbench import Fuse

pytestmark = pytest.mark.servers
AnyBench = PostgresBench | RedisBench


class Overtake:
    """Lets a whole other rotation happen just before the n-th call of a late one."""

    def __init__(self, at: int, other: Callable[[], None]) -> None:
        self.count, self.at, self.other = 0, at, other

    def __call__(self, name: str) -> AbstractContextManager[None]:
        self.count += 1
        if self.count == self.at:
            self.other()
        return nullcontext()


def start(kind: str, postgres: Server, redis: Server) -> tuple[AnyBench, str]:
    if kind == "redis":
        redis_bench = RedisBench(redis)
        return redis_bench, redis_bench.user()
    bench = PostgresBench(postgres)
    if kind == "superuser":
        return bench, bench.superuser()
    name = bench.role()
    bench.rotate(name)
    return bench, name


@pytest.mark.parametrize("kind", ["role", "superuser", "redis"])
def test_a_late_rotator_never_breaks_the_rotation_that_overtook_it(
    kind: str, postgres_server: Server, redis_server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    # In one thread the other one can only time out on a lock that the late one holds; it need not take 5 s.
    monkeypatch.setitem(postgres_session._LIMITS, "lock_timeout", "200")
    bench, name = start(kind, postgres_server, redis_server)
    count = Fuse()
    bench.fake.around = count
    bench.rotate(name)
    wrong = []
    for at in range(1, len(count.names) + 1):
        token = bench.fake.rotate(name)

        def other() -> None:
            bench.fake.around = nullcontext
            bench.fake.cancel_pending(name)
            bench.rotate(name)

        bench.fake.around = Overtake(at, other)
        # Once the late one holds the server's lock, the other one waits for it: its time-out is a clear error too.
        with suppress(RotationError):
            bench.steps(name, token)
        bench.fake.around = nullcontext
        if not bench.logs_in(bench.value(name)):
            wrong.append(f"overtaken before call {at} ({count.names[at - 1]}): AWSCURRENT is locked out")
        bench.fake.cancel_pending(name)
        bench.rotate(name)
    assert wrong == []
