"""The pure rules of Secrets Manager that a clock must be turned for."""

from datetime import UTC, datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.aws.errors import AwsError
from sandbox.aws.secretsmanager.codec import decode, encode
from sandbox.aws.secretsmanager.cron import CronError, next_start, parse_cron
from sandbox.aws.secretsmanager.labels import attach, update_stage
from sandbox.aws.secretsmanager.model import CURRENT, PENDING, PREVIOUS, Rotation, RotationRules, Secret, Version
from sandbox.aws.secretsmanager.schedule import check_rules, next_rotation
from sandbox.aws.secretsmanager.versions import KEPT, prune

DAY = 24 * 3600.0
STAGES = (CURRENT, PENDING, PREVIOUS, "LLMOBS_BOOTSTRAP")


def _secret(*versions: Version) -> Secret:
    return Secret(
        arn="arn:aws:secretsmanager:us-east-1:222233334444:secret:a-AbCdEf",
        name="a",
        region="us-east-1",
        created=0.0,
        changed=0.0,
        versions={version.id: version for version in versions},
    )


def _version(number: int, *stages: str, created: float = 0.0) -> Version:
    return Version(id=f"{number:032d}", created=created, stages=stages, kind="string")


def test_beyond_a_hundred_the_oldest_deprecated_versions_go_but_none_younger_than_a_day() -> None:
    old = [_version(n, created=float(n)) for n in range(60)]
    young = [_version(n, created=10 * DAY) for n in range(60, 120)]
    labelled = [_version(500, CURRENT), _version(501, "LLMOBS_BOOTSTRAP", created=-1.0)]
    left = prune(_secret(*old, *young, *labelled), now=10 * DAY + 1)
    assert len(left.versions) == KEPT
    gone = {version.id for version in old} - set(left.versions)
    assert gone == {version.id for version in old[:22]}
    assert {version.id for version in (*young, *labelled)} <= set(left.versions)


def test_a_hundred_young_versions_are_all_kept() -> None:
    secret = _secret(*[_version(n, created=DAY) for n in range(150)])
    assert prune(secret, now=DAY + 3600) == secret


@given(st.lists(st.tuples(st.sampled_from(STAGES), st.integers(0, 4), st.one_of(st.none(), st.integers(0, 4)))))
def test_however_labels_move_each_is_on_one_version_and_awscurrent_never_goes(
    moves: list[tuple[str, int, int | None]],
) -> None:
    secret = attach(_secret(*[_version(n) for n in range(5)]), f"{0:032d}", (CURRENT,))
    for stage, to, leave in moves:
        current = secret.holder(CURRENT)
        assert current is not None
        try:
            secret = update_stage(
                secret, stage, remove_from=None if leave is None else f"{leave:032d}", move_to=f"{to:032d}"
            )
        except AwsError:
            continue
        labels = [label for version in secret.versions.values() for label in version.stages]
        assert len(labels) == len(set(labels))
        moved = secret.holder(CURRENT)
        assert moved is not None
        previous = secret.holder(PREVIOUS)
        assert moved.id == current.id or (previous is not None and previous.id == current.id)


def test_going_back_to_the_previous_version_swaps_the_two_labels() -> None:
    secret = _secret(_version(1, PREVIOUS), _version(2, CURRENT))
    back = update_stage(secret, CURRENT, remove_from=f"{2:032d}", move_to=f"{1:032d}")
    assert (back.versions[f"{1:032d}"].stages, back.versions[f"{2:032d}"].stages) == ((CURRENT,), (PREVIOUS,))


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        (RotationRules(days=30), "2026-02-09T23:59:59"),
        (RotationRules(days=30, duration="2h"), "2026-02-09T02:00:00"),
        (RotationRules(schedule="rate(10 days)"), "2026-01-20T23:59:59"),
        (RotationRules(schedule="rate(6 hours)"), "2026-01-10T19:00:00"),
        (RotationRules(schedule="rate(6 hours)", duration="3h"), "2026-01-10T21:00:00"),
        (RotationRules(schedule="cron(0 10 * * ? *)"), "2026-01-11T23:59:59"),
        (RotationRules(schedule="cron(0 8,20 * * ? *)"), "2026-01-10T21:00:00"),
        (RotationRules(schedule="cron(0 0 ? * SAT *)", duration="4h"), "2026-01-17T04:00:00"),
        (RotationRules(schedule="cron(0 16 ? * TUE#2 *)", duration="2h"), "2026-01-13T18:00:00"),
        (RotationRules(schedule="cron(0 5 L * ? *)", duration="1h"), "2026-01-31T06:00:00"),
        (RotationRules(schedule="cron(0 5 ? * 6L *)", duration="1h"), "2026-01-30T06:00:00"),
        (RotationRules(schedule="cron(0 1 1 1/3 ? *)", duration="1h"), "2026-04-01T02:00:00"),
    ],
)
def test_the_next_rotation_is_the_end_of_the_next_window(rules: RotationRules, expected: str) -> None:
    anchor = datetime(2026, 1, 10, 12, 30, tzinfo=UTC).timestamp()
    assert datetime.fromtimestamp(next_rotation(check_rules(rules), anchor), UTC).isoformat()[:19] == expected


@given(st.integers(0, 23), st.sampled_from(["*", "1", "L", "1-5", "1/10"]), st.sampled_from(["*", "2", "JAN-JUN"]))
def test_cron_starts_come_in_order_at_the_hour_asked_for(hour: int, days: str, months: str) -> None:
    cron = parse_cron(f"0 {hour} {days} {months} ? *")
    starts = [next_start(cron, datetime(2026, 1, 1, tzinfo=UTC))]
    starts += [next_start(cron, starts[-1])]
    assert all(sooner < later for sooner, later in pairwise(starts))
    assert {start.hour for start in starts} == {hour}


@pytest.mark.parametrize(
    "text", ["0 0 * * *", "5 0 * * ? *", "0 0 * * * *", "0 25 * * ? *", "0 0 ? * FRY *", "0 0 31 2 x ?"]
)
def test_a_cron_expression_that_aws_does_not_take_is_refused(text: str) -> None:
    with pytest.raises(CronError):
        parse_cron(text)


def test_a_secret_goes_to_the_database_and_back_unchanged() -> None:
    rotation = Rotation(enabled=True, lambda_arn="arn", rules=RotationRules(days=3), anchor=1.0, next_date=2.0)
    secret = _secret(_version(1, CURRENT), Version(id="empty", created=1.0, stages=(PENDING,)))
    for candidate in (secret, Secret(**{**vars(secret), "rotation": rotation, "tags": {"a": "b"}})):
        assert decode(encode(candidate)) == candidate
