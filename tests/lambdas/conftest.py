"""Fixtures of the rotation tests: the real servers, once a session, and a bench for each kind of secret."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.servers import postgres, redis
from sandbox.servers.server import Server
from tests.servers import reachable_folder, running


@pytest.fixture(scope="session")
def servers_folder() -> Iterator[Path]:
    with reachable_folder() as folder:
        yield folder


@pytest.fixture(scope="session")
def postgres_server(servers_folder: Path) -> Iterator[Server]:
    with running(postgres, servers_folder, "postgres") as server:
        yield server


@pytest.fixture(scope="session")
def redis_server(servers_folder: Path) -> Iterator[Server]:
    with running(redis, servers_folder, "redis") as server:
        yield server
