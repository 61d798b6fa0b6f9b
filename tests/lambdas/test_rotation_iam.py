"""Two access keys of an IAM user take turns: made, waited for, published, made inactive, deleted."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from rotation.errors import LoginRefusedError, RotationError
from tests.lambdas.fake_iam import FakeKey
from tests.lambdas.iam_bench import OVERLAP, IamBench
from tests.lambdas.workbench import Fuse

EMERGENCY = "emergency-" + "7" * 32


@pytest.fixture(params=["iam-access-key", "ses-smtp"])
def bench(request: pytest.FixtureRequest) -> IamBench:
    return IamBench(request.param)


def stranger(bench: IamBench, name: str, *, used: bool) -> FakeKey:
    """A key that somebody made by hand for the secret's user."""
    key = bench.iam.make(bench.value(name)["user_name"])
    if used:
        bench.iam.use(key.id, "s3")
    return key


def retire(bench: IamBench, name: str, current: dict[str, Any], previous: dict[str, Any]) -> None:
    """The target's retirement alone, whatever the labels say."""
    target = bench.rotator._targets[bench.kind]
    more = bench.rotator._fallbacks(bench.rotator._versions.describe(name), target)
    assert target.retire(current, previous, more, bench.fake.now) == ()


def test_the_first_rotation_makes_the_users_first_key(bench: IamBench) -> None:
    name = bench.marked()
    bench.rotate(name)
    assert bench.works(bench.value(name))
    assert list(bench.keys(name)) == [bench.id(name)]


def test_the_old_key_works_until_it_is_retired_and_is_deleted_by_the_next_rotation(bench: IamBench) -> None:
    name = bench.marked()
    bench.rotate(name)
    old = bench.value(name)
    bench.pass_overlap()
    bench.rotate(name)
    assert bench.works(old)
    assert bench.works(bench.value(name))
    bench.pass_overlap()
    assert bench.retire(name)["outcome"] == "retired"
    assert not bench.works(old)
    assert not bench.keys(name)[old[bench.key_field]].active
    second = bench.id(name)
    bench.rotate(name)
    assert list(bench.keys(name)) == [second, bench.id(name)]


def test_a_new_key_is_published_only_when_aws_has_accepted_it_twice_in_a_row(bench: IamBench) -> None:
    name = bench.marked()
    token = bench.fake.rotate(name)
    bench.step(name, token, "createSecret")
    bench.step(name, token, "setSecret")
    fuse = bench.fake.around = Fuse()
    bench.step(name, token, "testSecret")
    probe = "smtp login" if bench.kind == "ses-smtp" else "GetCallerIdentity"
    assert fuse.names.count(probe) == len(bench.slept) + 1
    assert timedelta(seconds=sum(bench.slept[:-1])) >= bench.iam.delay
    assert fuse.names.count("ListAccessKeys") == 2


def test_a_key_that_aws_never_accepts_is_refused_in_half_a_minute(bench: IamBench) -> None:
    name = bench.rotated()
    bench.iam.delay = timedelta(hours=1)
    before = bench.value(name)
    bench.slept.clear()
    with pytest.raises(LoginRefusedError):
        bench.rotate(name)
    assert 20 <= sum(bench.slept) <= 30
    assert bench.value(name) == before


def test_a_straggler_is_named_with_service_region_and_time_and_nothing_is_changed(bench: IamBench) -> None:
    name = bench.marked()
    bench.rotate(name)
    old = bench.id(name)
    bench.pass_overlap()
    bench.rotate(name)
    bench.pass_overlap()
    bench.iam.use(old, "s3", "eu-west-1")
    used = bench.fake.now.isoformat(timespec="seconds")
    bench.fake.now += timedelta(minutes=5)
    answer = bench.retire(name)
    user = bench.value(name)["user_name"]
    assert answer["outcome"] == "straggling"
    assert answer["stragglers"] == [f"access key {old} of IAM user '{user}': used for s3 in region eu-west-1 at {used}"]
    assert bench.keys(name)[old].active


def test_a_use_from_a_cache_in_the_first_half_of_the_overlap_is_no_straggler(bench: IamBench) -> None:
    name = bench.marked()
    bench.rotate(name)
    old = bench.id(name)
    bench.pass_overlap()
    bench.rotate(name)
    bench.fake.now += OVERLAP / 2 - timedelta(minutes=1)
    bench.iam.use(old, "s3")
    bench.fake.now += OVERLAP
    assert bench.retire(name)["outcome"] == "retired"


def test_a_retirement_that_runs_again_does_nothing(bench: IamBench) -> None:
    name = bench.rotated()
    for _ in range(2):
        retire(bench, name, bench.value(name), bench.value(name, "AWSPREVIOUS"))
    assert bench.works(bench.value(name))
    assert bench.iam.calls.count("UpdateAccessKey") == 1


def test_an_emergency_ends_the_old_keys_at_once(bench: IamBench) -> None:
    name = bench.marked()
    bench.rotate(name)
    first = bench.value(name)
    bench.pass_overlap()
    bench.rotate(name)
    second = bench.value(name)
    bench.iam.use(second[bench.key_field], "s3")
    bench.rotate(name, EMERGENCY)
    assert not bench.works(first)
    assert bench.works(second)
    assert bench.retire(name)["outcome"] == "retired"
    assert not bench.works(second)
    assert bench.works(bench.value(name))


def test_an_emergency_deletes_a_key_that_somebody_made_by_hand(bench: IamBench) -> None:
    name = bench.marked()
    bench.rotate(name)
    foreign = stranger(bench, name, used=True)
    bench.fake.now += timedelta(minutes=5)
    bench.rotate(name, EMERGENCY)
    assert foreign.id not in bench.keys(name)


def test_an_emergencys_retirement_ends_a_key_that_somebody_made_meanwhile(bench: IamBench) -> None:
    name = bench.marked()
    bench.rotate(name)
    bench.rotate(name, EMERGENCY)
    second = bench.id(name, "AWSPREVIOUS")
    del bench.keys(name)[second]
    foreign = stranger(bench, name, used=True)
    bench.fake.now += timedelta(minutes=2)
    assert bench.retire(name)["outcome"] == "retired"
    assert not bench.keys(name)[foreign.id].active


@pytest.mark.parametrize("used", [True, False], ids=["used", "older than AWSCURRENT's"])
def test_a_key_that_may_be_in_use_is_named_and_left(bench: IamBench, used: bool) -> None:
    name = bench.marked()
    bench.rotate(name)
    before = bench.value(name)
    foreign = stranger(bench, name, used=used)
    if not used:
        foreign.created -= timedelta(days=1)
    bench.pass_overlap()
    with pytest.raises(RotationError, match=f"has two keys, and {foreign.id} may be in use.*Make it inactive"):
        bench.rotate(name)
    assert foreign.active
    assert bench.works(before)
    foreign.active = False
    bench.fake.cancel_pending(name)
    bench.rotate(name)
    assert foreign.id not in bench.keys(name)


def test_a_key_in_use_from_before_the_first_rotation_is_left(bench: IamBench) -> None:
    name = bench.marked()
    foreign = stranger(bench, name, used=True)
    bench.fake.now += timedelta(days=1)
    bench.rotate(name)
    assert foreign.active
    assert bench.works(bench.value(name))


def test_an_orphan_is_deleted_by_the_retirement_too(bench: IamBench) -> None:
    name = bench.rotated()
    current, previous = bench.value(name), bench.value(name, "AWSPREVIOUS")
    del bench.keys(name)[previous[bench.key_field]]
    orphan = stranger(bench, name, used=False)
    retire(bench, name, current, previous)
    assert orphan.id in bench.keys(name)  # so new that a run may be about to store it
    bench.fake.now += timedelta(minutes=2)
    retire(bench, name, current, previous)
    assert list(bench.keys(name)) == [bench.id(name)]


def test_a_key_made_by_hand_and_in_use_survives_a_retirement(bench: IamBench) -> None:
    name = bench.rotated()
    del bench.keys(name)[bench.id(name, "AWSPREVIOUS")]
    foreign = stranger(bench, name, used=True)
    bench.fake.now += timedelta(minutes=2)
    assert bench.retire(name)["outcome"] == "retired"
    assert foreign.active
