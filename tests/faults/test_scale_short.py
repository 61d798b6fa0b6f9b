"""Proof of scale in short: a small emergency on a simulated clock, and a few real roles at once."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from catalog.emergency.pace import Pace
from proofs.scale import AIM, items, simulated
from proofs.scale_roles import MOST_CONNECTIONS, rotated
from proofs.scale_simulation import Bucket, World
from sandbox.servers import postgres
from sandbox.servers.server import Server
from tests.servers import reachable_folder, running

SECRETS = 2000
PACE = Pace.of(SECRETS)


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with reachable_folder() as folder, running(postgres, folder, "postgres") as found:
        yield found


def test_an_emergency_is_near_the_floor_of_the_services_writes_and_keeps_the_order_of_tiers() -> None:
    run = simulated(SECRETS, PACE)
    # What each stage takes to begin and to end weighs more than with ten thousand.
    assert run.rotated <= (AIM + 0.15) * run.floor
    assert run.is_in_order
    assert (run.missed, run.twice) == (0, 0)
    assert run.world.calls["write"] - run.world.refusals == SECRETS * 2


def test_a_machine_that_is_killed_again_and_again_misses_none_and_rotates_none_twice() -> None:
    run = simulated(SECRETS, PACE, kills=20)
    assert run.world.kills == 20
    assert (run.missed, run.twice) == (0, 0)
    assert run.is_in_order


def test_the_third_write_costs_half_as_much_again() -> None:
    at_once = simulated(SECRETS, replace(PACE, label_later=False))
    assert at_once.world.calls["write"] - at_once.world.refusals == SECRETS * 3
    assert at_once.rotated > 1.3 * simulated(SECRETS, PACE).rotated


def test_a_machine_that_forgot_what_it_did_would_be_seen() -> None:
    world = World(pace=PACE, items=items(50), random=random.Random(1))
    child: Any = world._child

    def forgetful(item: Any, run: int) -> Any:
        item.is_current = False
        return child(item, run)

    world._child = forgetful  # type: ignore[method-assign]
    world.run(kills=[4.0, 8.0, 12.0])
    assert max(item.rotations for item in world.items) > 1


def test_the_bucket_gives_its_rate_and_no_more() -> None:
    bucket = Bucket(50)
    taken = sum(bucket.take(tenth / 10) for tenth in range(100) for _ in range(20))
    assert taken == pytest.approx(50 + 50 * 9.9, abs=1)


@pytest.mark.servers
def test_real_roles_are_rotated_at_once_over_few_connections(server: Server) -> None:
    outcome = rotated(server, 20)
    assert (outcome.rotated, outcome.twice) == (20, 0)
    assert outcome.connections <= MOST_CONNECTIONS
