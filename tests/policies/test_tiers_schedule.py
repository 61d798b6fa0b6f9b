"""The worst gap of a schedule is the one that the calendar shows, day by day, over four centuries."""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies.tiers.cron import ScheduleError
from policies.tiers.expression import worst_gap

DAY_NAMES = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]


@pytest.mark.parametrize(
    ("expression", "gap"),
    [
        ("rate(1 day)", timedelta(days=1)),
        ("rate(90 days)", timedelta(days=90)),
        ("rate(4 hours)", timedelta(hours=4)),
        ("cron(0 10 * * ? *)", timedelta(days=1)),
        ("cron(0 4/12 * * ? *)", timedelta(hours=12)),
        ("cron(0 8/8 * * ? *)", timedelta(hours=16)),
        ("cron(0 18 ? * SAT *)", timedelta(days=7)),
        ("cron(0 18 ? * 7 *)", timedelta(days=7)),
        ("cron(0 8 1 * ? *)", timedelta(days=31)),
        ("cron(0 17 L * ? *)", timedelta(days=31)),
        ("cron(0 8 ? * MON-FRI *)", timedelta(days=3)),
        ("cron(0 16 1,15 * ? *)", timedelta(days=17)),
        ("cron(0 0 ? * SUN#1 *)", timedelta(days=35)),
        ("cron(0 0 ? * SUNL *)", timedelta(days=35)),
        ("cron(0 0 ? * 1L *)", timedelta(days=35)),
        ("cron(0 0 ? * L *)", timedelta(days=7)),
        ("cron(0 0 1/10 * ? *)", timedelta(days=10)),
        ("cron(0 0 31 * ? *)", timedelta(days=61)),
        ("cron(0 0 1 1/3 ? *)", timedelta(days=92)),
        ("cron(0 0 1 jan,apr,jul,oct ? *)", timedelta(days=92)),
        ("cron(0 1 * 1/3 SUN *)", timedelta(days=70)),
        ("cron(0 0 1 1 ? *)", timedelta(days=366)),
        ("cron(0 0 29 2 ? *)", timedelta(days=2921)),
        ("cron(0 0 ? 2 SUN#5 *)", timedelta(days=14609)),
    ],
)
def test_a_schedule_has_the_worst_gap_of_the_calendar(expression: str, gap: timedelta) -> None:
    assert worst_gap(expression) == gap


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("", "neither rate"),
        ("90 days", "neither rate"),
        ("rate(90 weeks)", "neither rate"),
        ("rate(0 days)", "within 1 to 999"),
        ("rate(1000 days)", "within 1 to 999"),
        ("rate(3 hours)", "every four hours"),
        ("rate(30 days)\n", "neither rate"),
        ("cron(0 0 1 * *)", "six fields"),
        ("cron(15 0 1 * ? *)", "minutes must be 0"),
        ("cron(0 0 1 * ? 2027)", "year must be *"),
        ("cron(0 0 ? * ? *)", "exactly one"),
        ("cron(0 0 1 * SUN *)", "exactly one"),
        ("cron(0 24 1 * ? *)", "hours is not within 0 to 23"),
        ("cron(0 0 32 * ? *)", "day-of-month is not within 1 to 31"),
        ("cron(0 0 15W * ? *)", "day-of-month is not within 1 to 31"),
        ("cron(0 0 1 13 ? *)", "month is not within 1 to 12"),
        ("cron(0 0 ? * SUM *)", "day-of-week is not within 1 to 7"),
        ("cron(0 0 ? * SUM#1 *)", "day-of-week is not within 1 to 7"),
        ("cron(0 0 1/0 * ? *)", "step"),
        ("cron(0 0 10-5 * ? *)", "runs backwards"),
        ("cron(0 0 30 2 ? *)", "never runs"),
    ],
)
def test_what_secrets_manager_does_not_take_is_refused_with_the_reason(expression: str, reason: str) -> None:
    with pytest.raises(ScheduleError, match=reason):
        worst_gap(expression)


def _field(low: int, high: int) -> st.SearchStrategy[tuple[str, frozenset[int]]]:
    """A field as text, with the numbers that it stands for."""
    number = st.integers(low, high)
    every = frozenset(range(low, high + 1))
    part = st.one_of(
        number.map(lambda n: (str(n), frozenset({n}))),
        st.tuples(number, number).map(sorted).map(lambda p: (f"{p[0]}-{p[1]}", frozenset(range(p[0], p[1] + 1)))),
        st.tuples(number, st.integers(1, high)).map(
            lambda p: (f"{p[0]}/{p[1]}", frozenset(n for n in every if n >= p[0] and (n - p[0]) % p[1] == 0))
        ),
        st.integers(1, high).map(lambda s: (f"*/{s}", frozenset(n for n in every if (n - low) % s == 0))),
    )
    parts = st.lists(part, min_size=1, max_size=3).map(
        lambda ps: (",".join(text for text, _ in ps), frozenset().union(*(numbers for _, numbers in ps)))
    )
    return st.one_of(st.just(("*", every)), parts)


# A day as (month, day, weekday with Sunday as 1, days left in the month).
Day = tuple[int, int, int, int]


@cache
def _four_centuries() -> list[Day]:
    found: list[Day] = []
    day = date(1900, 3, 1)
    for _ in range(146_097):
        following = day + timedelta(days=1)
        left = 0
        if following.month == day.month:
            first_of_next = date(day.year + day.month // 12, day.month % 12 + 1, 1)
            left = (first_of_next - day).days - 1
        found.append((day.month, day.day, day.isoweekday() % 7 + 1, left))
        day = following
    return found


def _brute_force(months: frozenset[int], hours: frozenset[int], runs: list[bool]) -> timedelta | None:
    """Every run of four centuries, hour by hour, and the first one of the next four."""
    on = [n for n, (day, run) in enumerate(zip(_four_centuries(), runs, strict=True)) if run and day[0] in months]
    if not on:
        return None
    times = [24 * n + hour for n in on for hour in sorted(hours)]
    times.append(times[0] + 24 * 146_097)
    return timedelta(hours=max(b - a for a, b in pairwise(times)))


@settings(max_examples=15, deadline=None)
@given(days=_field(1, 31), months=_field(1, 12))
def test_days_of_the_month_agree_with_brute_force(
    days: tuple[str, frozenset[int]], months: tuple[str, frozenset[int]]
) -> None:
    expression = f"cron(0 3,20 {days[0]} {months[0]} ? *)"
    expected = _brute_force(months[1], frozenset({3, 20}), [day[1] in days[1] for day in _four_centuries()])

    _assert_agrees(expression, expected)


@settings(max_examples=20, deadline=None)
@given(hours=_field(0, 23))
def test_hours_agree_with_brute_force(hours: tuple[str, frozenset[int]]) -> None:
    times = [24 * day + hour for day in range(3) for hour in sorted(hours[1])]

    assert worst_gap(f"cron(0 {hours[0]} * * ? *)") == timedelta(hours=max(b - a for a, b in pairwise(times)))


@settings(max_examples=15, deadline=None)
@given(weekdays=_field(1, 7), months=_field(1, 12))
def test_days_of_the_week_agree_with_brute_force(
    weekdays: tuple[str, frozenset[int]], months: tuple[str, frozenset[int]]
) -> None:
    expression = f"cron(0 3 ? {months[0]} {weekdays[0]} *)"
    runs = [day[2] in weekdays[1] for day in _four_centuries()]
    if weekdays[0] == "*":
        expression = f"cron(0 3 * {months[0]} ? *)"

    _assert_agrees(expression, _brute_force(months[1], frozenset({3}), runs))


@settings(max_examples=15, deadline=None)
@given(weekday=st.integers(1, 7), nth=st.integers(1, 6), named=st.booleans(), months=_field(1, 12))
def test_the_nth_and_the_last_weekday_agree_with_brute_force(
    weekday: int, nth: int, named: bool, months: tuple[str, frozenset[int]]
) -> None:
    text = DAY_NAMES[weekday - 1] if named else str(weekday)
    if nth == 6:  # the last one
        field, runs = f"{text}L", [d[2] == weekday and d[3] < 7 for d in _four_centuries()]
    else:
        field, runs = f"{text}#{nth}", [d[2] == weekday and (d[1] - 1) // 7 + 1 == nth for d in _four_centuries()]

    _assert_agrees(f"cron(0 3 ? {months[0]} {field} *)", _brute_force(months[1], frozenset({3}), runs))


@settings(max_examples=10, deadline=None)
@given(months=_field(1, 12))
def test_the_last_day_of_the_month_agrees_with_brute_force(months: tuple[str, frozenset[int]]) -> None:
    runs = [day[3] == 0 for day in _four_centuries()]

    _assert_agrees(f"cron(0 3 L {months[0]} ? *)", _brute_force(months[1], frozenset({3}), runs))


def _assert_agrees(expression: str, expected: timedelta | None) -> None:
    if expected is None:
        with pytest.raises(ScheduleError, match="never runs"):
            worst_gap(expression)
    else:
        assert worst_gap(expression) == expected
