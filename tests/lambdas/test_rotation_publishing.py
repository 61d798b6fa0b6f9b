"""What may be published, and when: a credential that works, by the one rotation that is under way."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from datetime import timedelta

import pytest

from components.aws.rotation import SLOW_SECONDS
from rotation.errors import LoginRefusedError, RotationError
from rotation.publishing import LONGEST_RUN
from tests.lambdas.remembering import ALL, DOCUMENT, NAME, Remembering, put_pending, remembering_bench, tokens
from tests.lambdas.workbench import Bench

OVERLAP = 600
FINISHES = ["DescribeSecret", "GetSecretValue", "plan retirement", "GetSecretValue again", "UpdateSecretVersionStage"]


@pytest.fixture
def made() -> tuple[Bench, Remembering]:
    bench, target = remembering_bench()
    bench.fake.secrets[NAME].tags["OverlapSeconds"] = str(OVERLAP)
    bench.rotate(NAME)
    bench.fake.now += timedelta(seconds=OVERLAP + 60)
    bench.retire(NAME)
    bench.retirements.due(NAME, bench.fake.now)
    return bench, target


class Stall:
    """Lets other things happen just before the n-th call of a run, once."""

    def __init__(self, bench: Bench, at: int, meanwhile: object) -> None:
        self.bench, self.at, self.count, self.meanwhile = bench, at, 0, meanwhile

    def __call__(self, name: str) -> AbstractContextManager[None]:
        self.count += 1
        if self.count == self.at:
            self.bench.fake.around = nullcontext
            self.meanwhile()  # type: ignore[operator]
        return nullcontext()


def test_a_finish_out_of_turn_publishes_nothing_that_does_not_log_in(
    made: tuple[Bench, Remembering], monkeypatch: pytest.MonkeyPatch
) -> None:
    bench, _ = made

    def refused(self: Remembering, document: object) -> None:
        raise LoginRefusedError("refused")

    monkeypatch.setattr(Remembering, "verify", refused)
    before, token = tokens(bench, "AWSCURRENT"), bench.fake.rotate(NAME)
    bench.step(NAME, token, "createSecret")
    with pytest.raises(LoginRefusedError):
        bench.step(NAME, token, "finishSecret")
    assert (tokens(bench, "AWSCURRENT"), tokens(bench, "AWSPENDING")) == (before, token)


def test_a_finish_out_of_turn_publishes_what_works(made: tuple[Bench, Remembering]) -> None:
    bench, target = made
    target.done.clear()
    token = bench.fake.rotate(NAME)
    put_pending(bench, token, {**DOCUMENT, "password": "works"})
    bench.step(NAME, token, "finishSecret")
    assert target.done == ["verify works"]
    assert tokens(bench, "AWSCURRENT") == token


@pytest.mark.parametrize("at", range(1, len(FINISHES) + 1), ids=[f"before {name}" for name in FINISHES])
def test_of_a_stalled_finish_and_the_rotation_that_its_label_moved_to_one_goes_on(
    made: tuple[Bench, Remembering], at: int
) -> None:
    """The new one would set another password for what the stalled one then publishes."""
    bench, target = made
    stalled = bench.fake.rotate(NAME)
    for step in ALL[:3]:
        bench.step(NAME, stalled, step)
    target.done.clear()
    refusals: list[str] = []

    def start_again() -> None:
        bench.fake.cancel_pending(NAME)
        fresh = bench.fake.rotate(NAME)
        try:
            for step in ALL[:2]:
                bench.step(NAME, fresh, step)
        except RotationError as error:
            refusals.append(str(error))

    bench.fake.around = Stall(bench, at, start_again)
    try:
        bench.step(NAME, stalled, "finishSecret")
    except RotationError as error:
        refusals.append(str(error))
    has_published = tokens(bench, "AWSCURRENT") == stalled
    has_set = any(done.startswith("apply") for done in target.done)
    assert not (has_published and has_set)
    assert refusals  # both, when each sees the other
    if at == len(FINISHES):
        assert f"version '{stalled}' is not AWSPENDING any more, but a run" in refusals[0]


def test_a_run_that_died_before_it_published_is_waited_for_no_longer_than_it_could_last(
    made: tuple[Bench, Remembering],
) -> None:
    bench, _ = made
    dead = bench.fake.rotate(NAME)
    bench.retirements.plan(
        bench.rotator._versions.describe(NAME), dead, bench.fake.now + timedelta(seconds=OVERLAP + 60)
    )
    planned = bench.fake.now
    bench.step(NAME, dead, "createSecret")  # its own retry waits for nothing
    bench.fake.cancel_pending(NAME)
    fresh = bench.fake.rotate(NAME)
    bench.fake.now = planned + LONGEST_RUN - timedelta(seconds=1)
    told = (planned + LONGEST_RUN).isoformat(timespec="seconds").replace("+", r"\+")
    with pytest.raises(RotationError, match=f"may publish it yet; rotate again after {told}"):
        bench.step(NAME, fresh, "createSecret")
    bench.fake.now += timedelta(seconds=1)
    bench.steps(NAME, fresh)
    assert tokens(bench, "AWSCURRENT") == fresh


def test_the_plan_of_the_current_version_holds_nobody_up(made: tuple[Bench, Remembering]) -> None:
    bench, _ = made
    bench.rotate(NAME)
    bench.rotate(NAME, "emergency-" + "0" * 22)


def test_a_kind_that_plans_nothing_asks_for_no_plan(made: tuple[Bench, Remembering]) -> None:
    bench, target = made
    target.retires = False
    names: list[str] = []

    def around(name: str) -> AbstractContextManager[None]:
        names.append(name)
        return nullcontext()

    bench.fake.around = around
    bench.rotate(NAME)
    assert "planned retirement" not in names


def test_no_rotation_function_may_run_for_longer_than_is_waited_for_it() -> None:
    assert timedelta(seconds=SLOW_SECONDS) + timedelta(seconds=30) <= LONGEST_RUN
