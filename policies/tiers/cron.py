"""The days on which a cron expression of Secrets Manager runs, in every month that there can be."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from types import MappingProxyType
from typing import Final

_DAYS = MappingProxyType({name: n for n, name in enumerate(("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"), start=1)})
_MONTHS = MappingProxyType(
    {
        name: n
        for n, name in enumerate(
            ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"), start=1
        )
    }
)
_NO_NAMES: Mapping[str, int] = MappingProxyType({})
_LAST_WEEKDAY = re.compile(r"([A-Z]{3}|[1-7])L")
_NTH_WEEKDAY = re.compile(r"([A-Z]{3}|[1-7])#([1-5])")

# The Gregorian calendar repeats after 400 years, weekdays too, so the worst gap of any four centuries is the worst.
CYCLE_DAYS: Final = 146_097
_CYCLE_YEARS: Final = range(2000, 2400)


class ScheduleError(ValueError):
    """Secrets Manager would not take the schedule, or never run it; the text names the field, not its content."""


@dataclass(frozen=True, kw_only=True)
class Cron:
    """The fields of `cron(Minutes Hours Day-of-month Month Day-of-week Year)` that are not fixed, in UTC.

    docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_schedule.html: minutes are 0 and the year is *.
    """

    hours: tuple[int, ...]
    months: frozenset[int]
    month_day: str
    week_day: str

    def days(self) -> Iterator[int]:
        """The ordinals of the days on which it runs, ascending, over four centuries."""
        for month, first, weekday, length in _calendar():
            if month in self.months:
                for day in _days_of_month(self.month_day, self.week_day, weekday, length):
                    yield first + day - 1


def parse(fields: str) -> Cron:
    """The cron expression within the brackets of `cron(...)`.

    Raises:
        ScheduleError: it is none that Secrets Manager takes.
    """
    match fields.upper().split():
        case [minutes, hours, month_day, month, week_day, year]:
            pass
        case _:
            raise ScheduleError("a cron expression has six fields")
    if minutes != "0":
        raise ScheduleError("its minutes must be 0")
    if year != "*":
        raise ScheduleError("its year must be *")
    if month_day == week_day == "?" or (month_day not in "?*" and week_day not in "?*"):
        raise ScheduleError("exactly one of day-of-month and day-of-week must say ?")
    cron = Cron(
        hours=tuple(sorted(_numbers(hours, 0, 23, "hours"))),
        months=_numbers(month, 1, 12, "month", _MONTHS),
        month_day=month_day,
        week_day=week_day,
    )
    _days_of_month(month_day, week_day, 1, 31)  # raises for a field that is wrong in every month
    return cron


@cache
def _calendar() -> tuple[tuple[int, int, int, int], ...]:
    """Month, ordinal of its first day, weekday of that (1 is Sunday), and length, of every month of the cycle."""
    return tuple(
        (month, (first := date(year, month, 1)).toordinal(), first.isoweekday() % 7 + 1, monthrange(year, month)[1])
        for year in _CYCLE_YEARS
        for month in range(1, 13)
    )


@cache
def _days_of_month(month_day: str, week_day: str, first_weekday: int, length: int) -> tuple[int, ...]:
    if week_day not in "?*":
        days = _by_weekday(week_day, first_weekday, length)
    elif month_day == "L":
        days = {length}
    else:
        days = set(_numbers("*" if month_day == "?" else month_day, 1, 31, "day-of-month"))
    return tuple(sorted(day for day in days if day <= length))


def _by_weekday(field: str, first_weekday: int, length: int) -> set[int]:
    def on(weekday: int) -> list[int]:
        return list(range(1 + (weekday - first_weekday) % 7, length + 1, 7))

    if field == "L":  # the last day of the week
        return set(on(7))
    if last := _LAST_WEEKDAY.fullmatch(field):
        return {on(_number(last[1], 1, 7, "day-of-week", _DAYS))[-1]}
    if nth := _NTH_WEEKDAY.fullmatch(field):
        return set(on(_number(nth[1], 1, 7, "day-of-week", _DAYS))[int(nth[2]) - 1 : int(nth[2])])
    return {day for weekday in _numbers(field, 1, 7, "day-of-week", _DAYS) for day in on(weekday)}


def _numbers(field: str, low: int, high: int, what: str, names: Mapping[str, int] = _NO_NAMES) -> frozenset[int]:
    """What a field with `, - * /` stands for."""
    found: set[int] = set()
    for part in field.split(","):
        span, slash, step = part.partition("/")
        if slash and not (step.isdecimal() and int(step)):
            raise ScheduleError(f"its {what} has a step that is no positive number")
        start, dash, end = span.partition("-")
        if span == "*":
            first, last = low, high
        else:
            first = _number(start, low, high, what, names)
            last = _number(end, low, high, what, names) if dash else high if slash else first
        if last < first:
            raise ScheduleError(f"its {what} has a range that runs backwards")
        found.update(range(first, last + 1, int(step) if slash else 1))
    return frozenset(found)


def _number(text: str, low: int, high: int, what: str, names: Mapping[str, int]) -> int:
    number = names.get(text, int(text) if text.isdecimal() else -1)
    if not low <= number <= high:
        raise ScheduleError(
            f"its {what} is not within {low} to {high}, or has a sign that Secrets Manager does not take"
        )
    return number
