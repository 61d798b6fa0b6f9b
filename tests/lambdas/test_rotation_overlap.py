"""Rotations keep their distance, and testSecret alone is harmless."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from tests.lambdas.remembering import DOCUMENT, NAME, Remembering, put_pending, refuses, remembering_bench, tokens
from tests.lambdas.workbench import Bench


@pytest.fixture
def made() -> tuple[Bench, Remembering]:
    return remembering_bench()


@pytest.fixture
def bench(made: tuple[Bench, Remembering]) -> Bench:
    return made[0]


@pytest.fixture
def target(made: tuple[Bench, Remembering]) -> Remembering:
    return made[1]


def overlapping(bench: Bench) -> None:
    bench.rotate(NAME)
    bench.rotate(NAME)
    bench.fake.secrets[NAME].tags["OverlapSeconds"] = "600"


def test_a_second_rotation_inside_the_overlap_is_refused_and_says_when(bench: Bench) -> None:
    overlapping(bench)
    token = bench.fake.rotate(NAME)
    refuses(bench, token, r"rotated less than 600 s ago.*rotate it after 2026-01-01T00:10:02\+00:00", ("createSecret",))
    bench.fake.now += timedelta(seconds=600)
    bench.steps(NAME, token)
    assert tokens(bench, "AWSCURRENT") == token


@pytest.mark.parametrize(("seconds", "failing"), [(0, 100), (75, 75), (299, 1), (300, 0), (450, 0)])
def test_an_emergency_goes_on_inside_the_overlap_and_says_how_many_it_expects_to_fail(
    bench: Bench, capsys: pytest.CaptureFixture[str], seconds: int, failing: int
) -> None:
    """A consumer keeps a value for half the overlap at most: 300 s."""
    overlapping(bench)
    bench.fake.now += timedelta(seconds=seconds - 1)
    bench.rotate(NAME, "emergency-" + "7" * 32)
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    (warning,) = [line for line in lines if line["level"] == "WARNING"]
    assert f"of 100 consumers up to {failing} have AWSPREVIOUS cached and fail to log in" in warning["error"]


def test_the_rotation_after_the_first_one_need_not_wait(bench: Bench) -> None:
    bench.fake.secrets[NAME].tags["OverlapSeconds"] = "600"
    bench.rotate(NAME)
    bench.rotate(NAME)


def test_a_target_whose_old_credential_dies_at_once_need_not_wait(bench: Bench, target: Remembering) -> None:
    overlapping(bench)
    target.overlaps = False
    bench.rotate(NAME)


@pytest.mark.parametrize("value", ["", "-1", "soon"])
def test_an_overlap_that_is_no_number_is_named(bench: Bench, value: str) -> None:
    bench.fake.secrets[NAME].tags["OverlapSeconds"] = value
    refuses(bench, bench.fake.rotate(NAME), f"tag OverlapSeconds is '{value}'", ("createSecret",))


def test_testing_an_empty_version_tests_the_current_value(bench: Bench, target: Remembering) -> None:
    bench.give(NAME, {**DOCUMENT, "password": "real"})
    bench.step(NAME, bench.fake.rotate(NAME), "testSecret")
    assert target.done == ["verify real"]


def test_testing_an_empty_version_of_a_marker_does_nothing(bench: Bench, target: Remembering) -> None:
    token = bench.fake.rotate(NAME)
    bench.step(NAME, token, "testSecret")
    put_pending(bench, token, DOCUMENT)
    bench.step(NAME, token, "testSecret")
    assert target.done == []
