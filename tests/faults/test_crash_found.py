"""Each defect that the crash proof has found, as the shortest way to it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

import pytest

from rotation.errors import RotationError
from rotation.steps import STEPS
from sandbox.servers import redis
from tests.faults import issuer_subjects
from tests.faults.acts import LATER, Heal, OverdueRotation, Rotation, grow
from tests.faults.case import Case
from tests.faults.keyring_subject import KeyringSubject
from tests.faults.redis_subject import RedisSubject
from tests.faults.yardstick import recovered, standing
from tests.servers import reachable_folder, running


@pytest.fixture(scope="module")
def redis_case() -> Iterator[Case]:
    with reachable_folder() as folder, running(redis, folder, "redis") as server:
        subject = RedisSubject(server)
        yield Case(subject)
        subject.close()


def test_a_key_ring_that_is_rotated_twice_at_once_is_known_to_cached_verifiers() -> None:
    case = Case(KeyringSubject())
    grow(case)
    case.begin()
    with suppress(RotationError):
        case.steps(case.token)
    assert list(standing(case)) == []


@pytest.mark.servers
def test_an_overdue_rotation_heals_a_redis_that_was_restored(redis_case: Case) -> None:
    OverdueRotation().start(redis_case)
    redis_case.restore_older()
    redis_case.steps(redis_case.token)
    assert list(recovered(redis_case)) == []


@pytest.mark.xfail(strict=True, reason="waits for GrafanaAdmin.retire to log in with any version that works")
def test_an_overdue_rotation_heals_a_grafana_that_was_restored() -> None:
    subject = issuer_subjects.grafana()
    try:
        case = Case(subject)
        OverdueRotation().start(case)
        case.restore_older()
        case.steps(case.token)
        assert list(recovered(case)) == []
    finally:
        subject.close()


@pytest.mark.xfail(strict=True, reason="waits for GrafanaAdmin not to take its own login for a straggler's")
def test_a_heal_does_not_make_the_old_grafana_admin_a_straggler() -> None:
    subject = issuer_subjects.grafana()
    try:
        case = Case(subject)
        grow(case)
        case.wait(LATER)
        case.restore_older()
        case.heal()
        case.begin()
        case.steps(case.token)
        assert list(recovered(case)) == []
    finally:
        subject.close()


@pytest.mark.parametrize("kind", ["iam-access-key", "ses-smtp"])
def test_an_overdue_rotation_of_an_iam_key_goes_on_after_it_has_retired(kind: str) -> None:
    case = Case(issuer_subjects.iam(kind))
    OverdueRotation().start(case)
    case.steps(case.token)
    assert list(recovered(case)) == []


def test_a_version_that_was_published_late_is_not_retired_before_its_plan() -> None:
    case = Case(issuer_subjects.iam("iam-access-key"))
    Rotation().start(case)
    case.wait(LATER)  # the version is old when it becomes AWSCURRENT, and the run dies before LastRotatedDate is set
    for step in STEPS:
        case.step(step, case.token)
    assert case.retire() == "too early"


def test_a_heal_that_has_nothing_to_do_changes_nothing() -> None:
    subject = issuer_subjects.grafana()
    try:
        case = Case(subject)
        Heal().start(case)
        case.heal()
        case.heal()
        assert list(recovered(case)) == []
    finally:
        subject.close()
