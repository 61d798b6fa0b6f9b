"""The death of the process around every call of a rotation of a Grafana admin, and of its retirement."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext
from datetime import timedelta

import pytest

from rotation.errors import RotationError
from tests.lambdas.grafana_bench import NAME, OVERLAP, GrafanaBench
from tests.lambdas.iam_bench import SureFuse
from tests.lambdas.workbench import Crash, Fuse

LATER = timedelta(seconds=OVERLAP + 60)


def deaths(names: list[str]) -> Iterator[SureFuse]:
    for at in range(1, len(names) + 1):
        yield SureFuse(at=at)
        yield SureFuse(at=at, after=True)


def recovered(bench: GrafanaBench, token: str, *, same_token: bool) -> bool:
    for _ in (1, 2):
        if not same_token:
            if bench.fake.secrets[NAME].holder("AWSCURRENT") == token:
                bench.fake.now += LATER  # it died after the publication, and a rotation inside the overlap is refused
            bench.fake.cancel_pending(NAME)
            token = bench.fake.rotate(NAME)
        try:
            bench.steps(NAME, token)
        except RotationError:
            continue
        return True
    return False


def troubles(bench: GrafanaBench, token: str, *, same_token: bool) -> Iterator[str]:
    if not bench.logs_in(bench.value(NAME)):
        yield "locked out before the recovery"
    if not recovered(bench, token, same_token=same_token):
        yield "not recovered in two runs"
    if not bench.logs_in(bench.value(NAME)):
        yield "AWSCURRENT is locked out"
    if not bench.logs_in(bench.value(NAME, "AWSPREVIOUS")):
        yield "AWSPREVIOUS is locked out in its overlap"
    if bench.fake.secrets[NAME].holder("AWSPENDING") is not None:
        yield "AWSPENDING is left over"


@pytest.mark.parametrize("same_token", [True, False], ids=["same token", "new token after the label is stripped"])
@pytest.mark.parametrize("first", [True, False], ids=["making the second admin", "retiring on the way"])
def test_a_rotation_that_dies_anywhere_converges(first: bool, same_token: bool) -> None:
    with GrafanaBench(direct=True) as bench:
        _prepare(bench, first=first)
        fuse = bench.fake.around = Fuse()
        bench.rotate(NAME)
        names = fuse.names
    assert ("POST /api/admin/users" in names) is first
    wrong = []
    for fuse in deaths(names):
        with GrafanaBench(direct=True) as bench:
            _prepare(bench, first=first)
            token = bench.fake.rotate(NAME)
            bench.fake.around = fuse
            with pytest.raises(Crash):
                bench.steps(NAME, token)
            bench.fake.around = nullcontext
            place = f"{'after' if fuse.after else 'before'} call {fuse.at} ({fuse.names[-1]}): "
            wrong += [place + trouble for trouble in troubles(bench, token, same_token=same_token)]
    assert wrong == []


def test_a_retirement_that_dies_anywhere_is_done_by_the_next() -> None:
    with GrafanaBench(direct=True) as bench:
        _prepare(bench, first=False)
        fuse = bench.fake.around = Fuse()
        bench.retire(NAME)
        names = fuse.names
    for fuse in deaths(names):
        with GrafanaBench(direct=True) as bench:
            _prepare(bench, first=False)
            old = bench.value(NAME, "AWSPREVIOUS")
            bench.fake.around = fuse
            with pytest.raises(Crash):
                bench.retire(NAME)
            bench.fake.around = nullcontext
            assert bench.logs_in(bench.value(NAME))
            bench.retire(NAME)
            assert not bench.logs_in(old)
            assert bench.fake.secrets[NAME].holder("AWSPREVIOUS") is None


def _prepare(bench: GrafanaBench, *, first: bool) -> None:
    if not first:
        bench.rotate(NAME)
        bench.fake.now += LATER
