"""Servers of this folder's own, because their certificates change: no other test may see that."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.servers import postgres, redis
from tests.delivery.changing import Changing, ChangingPostgres, ChangingRedis
from tests.servers import reachable_folder, running


@pytest.fixture(scope="module")
def changing_postgres() -> Iterator[Changing]:
    with reachable_folder() as folder, running(postgres, folder, "postgres") as server:
        yield ChangingPostgres(folder / "postgres", server)


@pytest.fixture(scope="module")
def changing_redis() -> Iterator[Changing]:
    with reachable_folder() as folder, running(redis, folder, "redis") as server:
        yield ChangingRedis(folder / "redis", server)


@pytest.fixture(params=["postgres", "redis"])
def changing(request: pytest.FixtureRequest) -> Changing:
    """A real server that presents a pair of our private CA."""
    made: Changing = request.getfixturevalue(f"changing_{request.param}")
    made.start_over()
    return made


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents and "changing" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.servers)
