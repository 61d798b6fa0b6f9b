"""A rotation of an emergency: the overlap is given up, and what was before dies at once."""

from __future__ import annotations

from datetime import timedelta

import pytest

from rotation.journal import Journal
from rotation.steps import RETIRE, Request
from tests.lambdas.remembering import ALL, NAME, Remembering, remembering_bench, tokens
from tests.lambdas.workbench import Bench

OVERLAP = timedelta(seconds=600)
EMERGENCY = "emergency-" + "7" * 32


@pytest.fixture
def made() -> tuple[Bench, Remembering]:
    bench, target = remembering_bench()
    bench.rotate(NAME)
    bench.fake.secrets[NAME].tags["OverlapSeconds"] = "600"
    bench.rotate(NAME)
    target.done.clear()
    return bench, target


@pytest.fixture
def bench(made: tuple[Bench, Remembering]) -> Bench:
    return made[0]


@pytest.fixture
def target(made: tuple[Bench, Remembering]) -> Remembering:
    return made[1]


def test_an_emergency_waits_for_nobody(bench: Bench, target: Remembering) -> None:
    bench.rotate(NAME, EMERGENCY)
    assert bench.retire(NAME)["outcome"] == "retired"
    assert target.done[-1].endswith("at once")


def test_an_emergency_can_leave_the_label_to_the_planned_retirement(bench: Bench, target: Remembering) -> None:
    bench.rotate(NAME, EMERGENCY)
    request = Request(secret_id=NAME, token=EMERGENCY, step=RETIRE, label_later=True)
    answer = bench.rotator.run(request, Journal(secret=NAME, token=EMERGENCY, step=RETIRE, target="postgres"))
    assert answer is not None
    assert answer.outcome == "retired"
    assert target.done[-1].endswith("at once")
    assert tokens(bench, "AWSPREVIOUS") is not None
    token = bench.retirements.due(NAME, bench.fake.now + OVERLAP + timedelta(seconds=61))
    assert bench.retire(NAME, token)["outcome"] == "retired"
    assert tokens(bench, "AWSPREVIOUS") is None


def test_an_emergency_leaves_awspending_beside_awscurrent_to_the_service(bench: Bench) -> None:
    token = bench.fake.rotate(NAME, EMERGENCY)
    for step in ALL:
        bench.step(NAME, token, step)
    assert tokens(bench, "AWSPENDING") == tokens(bench, "AWSCURRENT") == EMERGENCY
    bench.fake.now += OVERLAP
    bench.rotate(NAME)
    assert tokens(bench, "AWSCURRENT") != EMERGENCY


def test_an_emergency_tells_the_target_that_it_is_one(bench: Bench) -> None:
    bench.rotate(NAME, EMERGENCY)
    assert bench.value(NAME)["password"].endswith("urgent")
