"""A rotation, retirement, heal or emergency that dies, and dies again in its recovery: on real PostgreSQL and Redis.

A sample; `python -m proofs crash` tries all.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sandbox.servers import postgres, redis
from tests.faults.acts import ACTS, Act
from tests.faults.samples import sampled
from tests.faults.subjects import SUBJECTS, Servers
from tests.servers import reachable_folder, running

pytestmark = pytest.mark.servers
NAMES = ("postgres-role", "postgres-superuser", "postgres-recovery", "redis")


@pytest.fixture(scope="module")
def servers() -> Iterator[Servers]:
    with (
        reachable_folder() as folder,
        running(postgres, folder, "postgres") as database,
        running(redis, folder, "redis") as cache,
    ):
        made = Servers(database, cache)
        yield made
        made.close()


@pytest.mark.parametrize("act", ACTS, ids=lambda act: act.id)
@pytest.mark.parametrize("name", NAMES)
def test_whatever_dies_locks_nobody_out_and_recovers_in_two_runs(name: str, act: Act, servers: Servers) -> None:
    tally = sampled(name, lambda: SUBJECTS[name](servers), act)
    assert tally is None or tally.breaches == []
