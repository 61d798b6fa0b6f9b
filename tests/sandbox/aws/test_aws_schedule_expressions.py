"""Schedule expressions: the times they name, and what is refused."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.aws.schedules.cron import CronError, parse_cron
from sandbox.aws.schedules.expression import ExpressionError, parse_expression

START = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ("0 10 * * ? *", "2026-01-02T10:00"),
        ("15 12 * * ? *", "2026-01-01T12:15"),
        ("0 18 ? * MON-FRI *", "2026-01-01T18:00"),
        ("0 8 1 * ? *", "2026-02-01T08:00"),
        ("0/10 * ? * MON-FRI *", "2026-01-01T12:10"),
        ("0/5 8-17 ? * MON-FRI *", "2026-01-01T12:05"),
        ("0 9 ? * 2#1 *", "2026-01-05T09:00"),
        ("0 9 ? * 6L *", "2026-01-30T09:00"),
        ("0 9 ? * L *", "2026-01-03T09:00"),
        ("0 9 L * ? *", "2026-01-31T09:00"),
        ("0 9 3W * ? *", "2026-01-02T09:00"),
        ("0 9 1W * ? *", "2026-02-02T09:00"),
        ("0 0 29 2 ? *", "2028-02-29T00:00"),
        ("0 0 1 1 ? 2030", "2030-01-01T00:00"),
        ("0 0 ? JAN,JUL SUN *", "2026-01-04T00:00"),
    ],
)
def test_the_next_time_of_a_cron_expression(fields: str, expected: str) -> None:
    """Examples as in https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html."""
    found = parse_cron(fields).next_after(START)
    assert found is not None
    assert f"{found:%Y-%m-%dT%H:%M}" == expected


@pytest.mark.parametrize(
    "fields",
    [
        "0 10 * * ?",
        "0 10 * * * *",
        "0 10 ? * ? *",
        "60 10 * * ? *",
        "0 24 * * ? *",
        "0 10 32 * ? *",
        "0 10 0 * ? *",
        "0 10 * 13 ? *",
        "0 10 ? * 0 *",
        "0 10 ? * 2#6 *",
        "0 10 ? * TUE#1,WED#2 *",
        "0 10 * FOO ? *",
        "0 10 * * ? 1969",
        "0/0 10 * * ? *",
        "5-1 10 * * ? *",
    ],
)
def test_what_no_cron_expression_is_is_refused(fields: str) -> None:
    with pytest.raises(CronError):
        parse_cron(fields)


def test_a_schedule_of_the_past_never_comes() -> None:
    assert parse_cron("0 0 1 1 ? 2020").next_after(START) is None
    assert parse_cron("0 0 30 2 ? *").next_after(START) is None


def test_a_local_time_that_a_clock_change_leaves_out_is_skipped_and_one_that_comes_twice_is_met_once() -> None:
    berlin, cron = ZoneInfo("Europe/Berlin"), parse_cron("30 2 * * ? *")
    spring = cron.next_after(datetime(2026, 3, 28, 12, tzinfo=UTC), berlin)
    assert spring == datetime(2026, 3, 30, 0, 30, tzinfo=UTC)
    first = cron.next_after(datetime(2026, 10, 24, 12, tzinfo=UTC), berlin)
    assert first == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert cron.next_after(first, berlin) == datetime(2026, 10, 26, 1, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "rate(1 minutes)",
        "rate(2 minute)",
        "rate(0 days)",
        "rate(1 week)",
        "rate(-1 days)",
        "at(2026-01-01)",
        "cron()",
        "",
    ],
)
def test_an_expression_of_another_form_is_refused(text: str) -> None:
    with pytest.raises(ExpressionError):
        parse_expression(text, once=True)


def test_one_time_expressions_are_for_schedules_only() -> None:
    assert (
        parse_expression("at(2026-07-01T10:00:00)", zone="Europe/Berlin", once=True).at
        == datetime(2026, 7, 1, 8, 0, tzinfo=UTC).timestamp()
    )
    with pytest.raises(ExpressionError):
        parse_expression("at(2026-07-01T10:00:00)")


@given(st.integers(2, 500), st.integers(0, 10**9), st.integers(0, 10**7))
def test_a_rate_stays_on_its_grid(count: int, anchor: int, later: int) -> None:
    period = count * 60
    found = parse_expression(f"rate({count} minutes)").next_after(anchor + later, anchor=anchor)
    assert found is not None
    assert (found - anchor) % period == 0
    assert 0 < found - (anchor + later) <= period
