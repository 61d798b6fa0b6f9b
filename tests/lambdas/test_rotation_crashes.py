"""The death of the process before and after every single call of a rotation: Secrets Manager's, logins, statements.

After each death the rotation is retried with the same token, or AWSPENDING is taken off and a new one is started.
Either must end within two runs with an AWSCURRENT that logs in and AWSPENDING nowhere else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import nullcontext

import pytest

from rotation.errors import RotationError
from sandbox.servers.server import Server
from tests.lambdas.postgres_bench import PostgresBench
from tests.lambdas.redis_bench import RedisBench
from tests.lambdas.workbench import Crash, Fuse

pytestmark = pytest.mark.servers
AnyBench = PostgresBench | RedisBench
Start = Callable[[Server, Server], tuple[AnyBench, str]]


def role(postgres: Server, _: Server) -> tuple[AnyBench, str]:
    bench = PostgresBench(postgres)
    name = bench.role()
    bench.rotate(name)
    bench.rotate(name)  # both roles exist: every rotation from here makes the same calls
    return bench, name


def role_from_the_marker(postgres: Server, _: Server) -> tuple[AnyBench, str]:
    bench = PostgresBench(postgres)
    return bench, bench.role()


def superuser(postgres: Server, _: Server) -> tuple[AnyBench, str]:
    bench = PostgresBench(postgres)
    return bench, bench.superuser()


def redis_user(_: Server, redis: Server) -> tuple[AnyBench, str]:
    bench = RedisBench(redis)
    return bench, bench.user()


def calls_of_a_clean_rotation(start: Start, servers: tuple[Server, Server]) -> list[str]:
    bench, name = start(*servers)
    fuse = bench.fake.around = Fuse()
    bench.rotate(name)
    return fuse.names


def points(count: int) -> Iterator[Fuse]:
    for at in range(1, count + 1):
        yield Fuse(at=at)
        yield Fuse(at=at, after=True)


def runs_to_recover(bench: AnyBench, name: str, token: str, *, same_token: bool) -> int | None:
    """Runs until a rotation has succeeded, or None after two."""
    for run in (1, 2):
        if not same_token:
            bench.fake.cancel_pending(name)
            token = bench.fake.rotate(name)
        try:
            bench.steps(name, token)
        except RotationError:
            continue
        return run
    return None


@pytest.mark.parametrize("same_token", [True, False], ids=["same token", "new token after the label is stripped"])
@pytest.mark.parametrize(
    ("start", "calls"),
    [
        pytest.param(role, 22, id="role"),
        pytest.param(role_from_the_marker, 23, id="role from the marker"),
        pytest.param(superuser, 19, id="superuser"),
        pytest.param(redis_user, 19, id="redis"),
    ],
)
def test_a_rotation_that_dies_anywhere_converges(
    start: Start,
    calls: int,
    same_token: bool,
    postgres_server: Server,
    redis_server: Server,
) -> None:
    servers = (postgres_server, redis_server)
    names = calls_of_a_clean_rotation(start, servers)
    bench, name = start(*servers)
    wrong = []
    tried = 0
    for fuse in points(len(names)):
        if start is role_from_the_marker:
            bench, name = start(*servers)
        before = bench.value(name)
        token = bench.fake.rotate(name)
        bench.fake.around = fuse
        with pytest.raises(Crash):
            bench.steps(name, token)
        bench.fake.around = nullcontext
        tried += 1
        place = f"{'after' if fuse.after else 'before'} call {fuse.at} ({fuse.names[-1]})"
        # Where two credentials overlap, no death may lock a consumer out, not even until the recovery.
        if start is not superuser and "password" in before and not bench.logs_in(bench.value(name)):
            wrong.append(f"{place}: locked out before the recovery")
        if runs_to_recover(bench, name, token, same_token=same_token) is None:
            wrong.append(f"{place}: not recovered in two runs")
        elif not bench.logs_in(bench.value(name)):
            wrong.append(f"{place}: AWSCURRENT is locked out")
        elif bench.fake.secrets[name].holder("AWSPENDING") is not None:
            wrong.append(f"{place}: AWSPENDING is left over")
        elif start in (role, redis_user) and not bench.logs_in(bench.value(name, "AWSPREVIOUS")):
            wrong.append(f"{place}: AWSPREVIOUS is locked out in its overlap")
    assert wrong == []
    assert tried == 2 * len(names) == 2 * calls
