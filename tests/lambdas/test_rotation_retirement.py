"""The end of an old credential: planned before the new one is published, done after the overlap, never too early."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest

from rotation.errors import RotationError
from rotation.journal import Journal
from rotation.steps import RETIRE, Request
from tests.lambdas.remembering import ALL, NAME, Remembering, remembering_bench, tokens
from tests.lambdas.workbench import Bench, Crash, Fuse

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


def test_a_rotation_plans_the_retirement_of_what_it_replaces(bench: Bench) -> None:
    token, at = bench.retirements.plans[NAME]
    assert token == tokens(bench, "AWSCURRENT")
    assert at == bench.fake.now + OVERLAP + timedelta(seconds=60)


def test_the_first_rotation_replaces_the_marker_and_plans_nothing() -> None:
    bench, _ = remembering_bench()
    bench.rotate(NAME)
    assert bench.retirements.plans == {}


def test_a_kind_that_has_nothing_to_end_plans_nothing(bench: Bench, target: Remembering) -> None:
    bench.retirements.plans.clear()
    bench.fake.now += OVERLAP
    target.retires = False
    bench.rotate(NAME)
    assert bench.retirements.plans == {}


def test_a_death_before_publication_leaves_a_plan_and_one_after_it_too(bench: Bench) -> None:
    """The plan comes first: whatever is published has its end planned."""
    bench.fake.now += OVERLAP
    for after in (False, True):
        bench.retirements.plans.clear()
        token = bench.fake.rotate(NAME)
        for step in ALL[:3]:
            bench.step(NAME, token, step)
        bench.fake.around = fuse = Fuse(at=4, after=after)
        with pytest.raises(Crash):
            bench.step(NAME, token, "finishSecret")
        bench.fake.around = Fuse()
        assert fuse.names == ["DescribeSecret", "GetSecretValue", "plan retirement", "UpdateSecretVersionStage"]
        assert bench.retirements.plans[NAME][0] == token
        assert (tokens(bench, "AWSCURRENT") == token) is after
        bench.steps(NAME, token)
        bench.fake.now += OVERLAP


def test_a_retirement_ends_the_old_credential_and_takes_its_label_away(bench: Bench, target: Remembering) -> None:
    published = bench.fake.now
    bench.fake.now += OVERLAP
    assert bench.retire(NAME) == {"outcome": "retired", "stragglers": [], "until": None}
    assert target.done == [f"retire p0 {(published + OVERLAP / 2).isoformat()}"]
    assert tokens(bench, "AWSPREVIOUS") is None
    assert bench.retire(NAME)["outcome"] == "nothing to retire"


def test_a_retirement_inside_the_overlap_does_nothing_and_says_when(bench: Bench, target: Remembering) -> None:
    bench.fake.now += OVERLAP - timedelta(seconds=1)
    answer = bench.retire(NAME)
    assert answer["outcome"] == "too early"
    assert answer["until"] == "2026-01-01T00:10:02+00:00"
    assert bench.retirements.repeated[NAME][1] == bench.fake.now + timedelta(seconds=1)
    assert target.done == []
    assert tokens(bench, "AWSPREVIOUS") is not None


def test_the_overlap_counts_from_publication_though_the_version_is_older(bench: Bench, target: Remembering) -> None:
    """A stuck rotation makes its version long before it publishes it."""
    bench.fake.now += OVERLAP
    bench.retire(NAME)
    target.done.clear()
    token = bench.fake.rotate(NAME)
    bench.step(NAME, token, "createSecret")
    bench.fake.now += 2 * OVERLAP
    bench.steps(NAME, token)
    assert bench.retire(NAME)["outcome"] == "too early"
    with pytest.raises(RotationError, match="rotated less than 600 s ago"):
        bench.rotate(NAME)


def test_the_plan_tells_when_a_version_was_published_if_the_service_never_noted_it(bench: Bench) -> None:
    """It died after AWSCURRENT moved, was cancelled, and had been stuck for long before."""
    bench.fake.now += OVERLAP
    bench.retire(NAME)
    token = bench.fake.rotate(NAME)
    bench.step(NAME, token, "createSecret")
    bench.fake.now += 2 * OVERLAP
    for step in ALL[1:]:
        bench.step(NAME, token, step)
    with pytest.raises(RotationError, match="rotated less than 600 s ago"):
        bench.rotate(NAME)


def test_a_straggler_keeps_its_credential_and_is_named(bench: Bench, target: Remembering) -> None:
    target.stragglers = ["'thing' from 10.0.0.7, logged in at noon"]
    bench.fake.now += OVERLAP
    until = bench.fake.now + OVERLAP / 2
    assert bench.retire(NAME) == {
        "outcome": "straggling",
        "stragglers": target.stragglers,
        "until": until.isoformat(),
    }
    assert tokens(bench, "AWSPREVIOUS") is not None
    assert bench.retirements.repeated[NAME] == (tokens(bench, "AWSCURRENT"), until)


def test_a_rotation_retires_what_nobody_has_retired(bench: Bench, target: Remembering) -> None:
    bench.fake.now += OVERLAP
    bench.rotate(NAME)
    assert target.done[0].startswith("retire p0 ")


def test_a_rotation_waits_for_a_straggler_and_names_it(bench: Bench, target: Remembering) -> None:
    target.stragglers = ["'thing' from 10.0.0.7"]
    bench.fake.now += OVERLAP
    with pytest.raises(RotationError, match=r"in use after its overlap: 'thing' from 10\.0\.0\.7"):
        bench.rotate(NAME)


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


def test_a_retirement_for_a_version_that_was_replaced_does_nothing(bench: Bench, target: Remembering) -> None:
    first = tokens(bench, "AWSCURRENT")
    bench.rotate(NAME, EMERGENCY)
    target.done.clear()
    assert bench.retire(NAME, first)["outcome"] == "superseded"
    assert target.done == []
    assert bench.retirements.repeated[NAME][0] == EMERGENCY


def test_a_retirement_leaves_a_rotation_under_way_alone(bench: Bench, target: Remembering) -> None:
    bench.fake.now += OVERLAP
    bench.fake.rotate(NAME, EMERGENCY)
    assert bench.retire(NAME)["outcome"] == "superseded"
    assert target.done == []


def test_a_retirement_that_met_a_rotation_is_tried_again_though_the_rotation_is_cancelled(bench: Bench) -> None:
    """A rotation that was refused inside the overlap keeps AWSPENDING; the plan fires and is gone; it is cancelled."""
    bench.fake.rotate(NAME)
    bench.fake.now += OVERLAP + timedelta(seconds=60)
    assert bench.retirements.due(NAME, bench.fake.now) is not None
    bench.retire(NAME)
    bench.fake.cancel_pending(NAME)
    token, at = bench.retirements.repeated[NAME]
    bench.fake.now = at
    assert bench.retire(NAME, token)["outcome"] == "retired"


def test_a_plan_made_again_is_no_record_of_a_publication(bench: Bench, target: Remembering) -> None:
    """Else a rotation would wait for it, and it for the rotation, without end."""
    bench.retirements.plans.clear()
    bench.fake.now += OVERLAP
    target.stragglers = ["somebody"]
    bench.retire(NAME)
    target.stragglers = []
    bench.rotate(NAME)


def test_a_retirement_looks_at_the_plan_as_a_rotation_does(bench: Bench, target: Remembering) -> None:
    """A run that died in finishSecret published long after its version was made, and the service never noted it."""
    bench.fake.now += OVERLAP
    bench.retire(NAME)
    target.done.clear()
    token = bench.fake.rotate(NAME)
    bench.step(NAME, token, "createSecret")
    bench.fake.now += 2 * OVERLAP
    for step in ALL[1:]:
        bench.step(NAME, token, step)
    assert bench.retire(NAME)["outcome"] == "too early"
    assert target.done[-1].startswith("verify")


def test_a_rotation_that_starts_while_a_retirement_is_under_way_stops_it(bench: Bench, target: Remembering) -> None:
    """Else the rotation could set and test a credential that the retirement then takes away, and publish it."""
    bench.fake.now += OVERLAP
    seen: list[str] = []

    @contextmanager
    def interrupting(name: str) -> Iterator[None]:
        yield
        seen.append(name)
        if seen == ["DescribeSecret"]:
            bench.fake.rotate(NAME, EMERGENCY)

    bench.fake.around = interrupting
    with pytest.raises(RotationError, match="a rotation was started meanwhile; nothing was changed"):
        bench.retire(NAME)
    assert target.done == []
    assert tokens(bench, "AWSPREVIOUS") is not None


def test_a_death_between_the_end_and_its_label_is_made_good_by_the_next_attempt(bench: Bench) -> None:
    bench.fake.now += OVERLAP
    fuse = bench.fake.around = Fuse()
    names = ["DescribeSecret", "GetSecretValue", "GetSecretValue", "planned retirement", "DescribeSecret"]
    names.append("UpdateSecretVersionStage")
    fuse.at = len(names)
    with pytest.raises(Crash):
        bench.retire(NAME)
    assert fuse.names == names
    fuse.at = None
    assert tokens(bench, "AWSPREVIOUS") is not None
    assert bench.retire(NAME)["outcome"] == "retired"


def test_a_value_is_made_at_its_issuer_once_though_createsecret_comes_twice(bench: Bench, target: Remembering) -> None:
    bench.fake.now += OVERLAP
    bench.retire(NAME)
    target.done.clear()
    target.issued = True
    token = bench.fake.rotate(NAME)
    bench.step(NAME, token, "createSecret")
    bench.step(NAME, token, "createSecret")
    assert target.done == ["generate"]


def test_an_emergency_tells_the_target_that_it_is_one(bench: Bench) -> None:
    bench.rotate(NAME, EMERGENCY)
    assert bench.value(NAME)["password"].endswith("urgent")
