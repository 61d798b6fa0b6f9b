"""What the watch makes of dates, labels and tags: which secret is overdue, missing, foreign or still empty."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watch.listed import Listed
from watch.report import Report, judge
from watch.settings import Settings

PREFIX = "llm-observatory/staging/"
NOW = datetime(2026, 6, 1, 6, 30, tzinfo=UTC)
SETTINGS = Settings(
    environment="staging",
    service="llm-observatory",
    declared={"db-password": 90, "sentry-dsn": 365},
    validity={"db-password": 135},
    backup_bucket="b",
    manifest_key="m",
)
moments = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - given a zone
limits = st.integers(1, 1000)


def listed(name: str = PREFIX + "db-password", *, age: timedelta = timedelta(), **changed: object) -> Listed:
    given: dict[str, object] = {
        "name": name,
        "tags": {"RotationDays": "90"},
        "since": NOW - age,
        "next_rotation": None,
        "is_marker": False,
        **changed,
    }
    return Listed(**given)  # type: ignore[arg-type]


def report(*found: Listed, now: datetime = NOW) -> Report:
    return judge(SETTINGS, found, now)


@pytest.mark.parametrize(
    ("now", "is_overdue"),
    [("2026-08-30T00:00:01", False), ("2026-08-30T23:59:59", False), ("2026-08-31T00:00:00", True)],
)
def test_a_secret_is_overdue_once_the_utc_day_of_its_limit_is_over(now: str, is_overdue: bool) -> None:
    found = listed(since=datetime(2026, 6, 1, 23, 59, tzinfo=UTC))
    age = report(found, now=datetime.fromisoformat(now).replace(tzinfo=UTC)).ages["db-password"]
    assert age.is_overdue is is_overdue


def test_age_is_told_in_days_and_as_a_share_of_the_limit() -> None:
    age = report(listed(age=timedelta(days=45))).ages["db-password"]
    assert (age.days, age.limit, age.of_limit) == (45.0, 90, 0.5)


def test_a_young_secret_is_overdue_when_its_next_rotation_is_in_the_past() -> None:
    late, due = NOW - timedelta(minutes=1), NOW + timedelta(minutes=1)
    assert report(listed(age=timedelta(days=1), next_rotation=late)).overdue == ["db-password"]
    assert report(listed(age=timedelta(days=1), next_rotation=due)).overdue == []


def test_a_value_that_was_set_after_a_missed_rotation_makes_up_for_it() -> None:
    found = listed(age=timedelta(hours=1), next_rotation=NOW - timedelta(days=1))
    assert report(found).overdue == []


def test_a_marker_has_no_age_however_old_it_is() -> None:
    found = report(listed(age=timedelta(days=999), is_marker=True, next_rotation=NOW - timedelta(days=9)))
    assert (found.ages, found.without_value, found.overdue, found.watched) == ({}, ["db-password"], [], 1)
    assert found.first_value is None


def test_what_is_declared_and_not_there_is_missing_and_the_other_way_round_foreign() -> None:
    found = report(listed(), listed(PREFIX + "db-passwort"), listed("other/place"))
    assert found.missing == ["sentry-dsn"]
    assert found.foreign == [PREFIX + "db-passwort", "other/place"]
    assert (found.watched, list(found.ages)) == (1, ["db-password"])


@pytest.mark.parametrize("name", ["llm-observatory/prod/db-password", "db-password", f"{PREFIX}a/db-password"])
def test_a_secret_under_another_name_does_not_stand_in_for_a_declared_one(name: str) -> None:
    found = report(listed(name))
    assert found.missing == ["db-password", "sentry-dsn"]
    assert found.foreign == [name]


@pytest.mark.parametrize("tag", ["", "9000", "-5", "0", "9.5", "many", "²"])
def test_a_tag_that_is_none_or_longer_leaves_the_declared_limit(tag: str) -> None:
    assert report(listed(tags={"RotationDays": tag})).ages["db-password"].limit == 90


def test_a_tag_can_tighten_the_limit() -> None:
    found = report(listed(tags={"RotationDays": "30"}, age=timedelta(days=31)))
    assert (found.ages["db-password"].limit, found.overdue) == (30, ["db-password"])


@pytest.mark.parametrize(("days", "is_expiring"), [(104, False), (105, True), (135, True), (400, True)])
def test_a_certificate_is_expiring_thirty_days_before_the_end_of_its_validity(days: int, is_expiring: bool) -> None:
    found = report(listed(age=timedelta(days=days), tags={"ValidityDays": "9999"}))
    assert found.expiring == ({"db-password": NOW + timedelta(days=135 - days)} if is_expiring else {})


def test_only_a_certificate_with_a_value_ends_by_itself() -> None:
    old = timedelta(days=999)
    assert report(listed(age=old, is_marker=True), listed(PREFIX + "sentry-dsn", age=old)).expiring == {}


@given(since=moments, hours=st.integers(0, 24 * 200))
def test_what_is_renewed_at_two_thirds_of_its_life_never_comes_near_its_end(since: datetime, hours: int) -> None:
    found = report(listed(since=since), now=since + timedelta(hours=hours))
    if hours <= 24 * 90:
        assert found.expiring == {}
    if hours >= 24 * 105:
        assert list(found.expiring) == ["db-password"]


def test_the_first_value_is_the_oldest_one_in_force() -> None:
    old = listed(PREFIX + "sentry-dsn", age=timedelta(days=5))
    marker = listed(age=timedelta(days=99), is_marker=True)
    assert report(old, marker).first_value == NOW - timedelta(days=5)


def test_a_secret_that_could_not_be_asked_for_is_judged_and_named() -> None:
    found = report(listed(is_read=False))
    assert (found.unread, found.watched, list(found.ages)) == (["db-password"], 1, ["db-password"])


@given(since=moments, limit=limits, days=st.integers(0, 2000), more=st.integers(0, 2000))
def test_what_is_overdue_stays_overdue_until_it_is_rotated(since: datetime, limit: int, days: int, more: int) -> None:
    found = listed(since=since, tags={"RotationDays": str(limit)})
    first = report(found, now=since + timedelta(days=days)).overdue
    later = report(found, now=since + timedelta(days=days + more)).overdue
    assert not first or later


@given(since=moments, limit=st.integers(1, 90), hours=st.integers(0, 24 * 200))
def test_a_whole_day_past_the_limit_is_always_overdue_and_the_limit_itself_never(
    since: datetime, limit: int, hours: int
) -> None:
    found = listed(since=since, tags={"RotationDays": str(limit)})
    is_overdue = bool(report(found, now=since + timedelta(hours=hours)).overdue)
    if hours > (limit + 1) * 24:
        assert is_overdue
    if hours <= limit * 24:
        assert not is_overdue


@given(tag=st.text(max_size=8))
def test_no_tag_whatever_it_says_buys_time(tag: str) -> None:
    assert report(listed(tags={"RotationDays": tag}, age=timedelta(days=91))).overdue == ["db-password"]


def test_a_date_in_the_future_is_no_negative_age() -> None:
    assert report(listed(age=timedelta(days=-3))).ages["db-password"].days == 0.0
