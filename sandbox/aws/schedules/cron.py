"""cron() expressions of AWS: parsed, checked, and the next time that one names.

Six fields: minutes hours day-of-month month day-of-week year; one of the two day fields is `?`. Source:
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html.
"""

import calendar
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo

MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_FIRST_YEAR, _LAST_YEAR = 1970, 2199
_NTH = re.compile(r"([^#,]+)#([1-5])")
_NEAREST_WEEKDAY = re.compile(r"(\d{1,2})W")


class CronError(ValueError):
    """The expression is not one that AWS takes; says which field."""


@dataclass(frozen=True, kw_only=True)
class Cron:
    """A parsed expression; the day fields keep their text because L, W and # depend on the month."""

    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: str
    months: tuple[int, ...]
    weekdays: str
    years: tuple[int, ...]

    @property
    def is_hourly(self) -> bool:
        """True when it names more than one hour of a day."""
        return len(self.hours) > 1

    def next_after(self, moment: datetime, zone: tzinfo = UTC) -> datetime | None:
        """The first time strictly after `moment` (aware), in UTC; None when there is none any more.

        The fields are local times of `zone`. One that a clock change leaves out is skipped, one that comes twice is met
        once (https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html, daylight savings).
        """
        first = moment.astimezone(zone).date()
        for day in self._days_from(first):
            for hour in self.hours:
                for minute in self.minutes:
                    local = datetime(day.year, day.month, day.day, hour, minute, tzinfo=zone)
                    found = local.astimezone(UTC)
                    exists = found.astimezone(zone).replace(tzinfo=None) == local.replace(tzinfo=None)
                    if exists and found > moment:
                        return found
        return None

    def _days_from(self, first: date) -> Iterator[date]:
        for year in self.years:
            for month in self.months:
                if (year, month) < (first.year, first.month):
                    continue
                for number in range(1, calendar.monthrange(year, month)[1] + 1):
                    day = date(year, month, number)
                    if day >= first and self._names(day):
                        yield day

    def _names(self, day: date) -> bool:
        last = calendar.monthrange(day.year, day.month)[1]
        if self.days != "?":
            near = _NEAREST_WEEKDAY.fullmatch(self.days)
            if near is not None:
                return day.day == _nearest_weekday(day.year, day.month, int(near.group(1)))
            return day.day == last if self.days == "L" else day.day in _values(self.days, 1, 31, ())
        weekday = (day.weekday() + 1) % 7 + 1
        nth = _NTH.fullmatch(self.weekdays)
        if nth is not None:
            return weekday in _values(nth.group(1), 1, 7, DAYS) and (day.day - 1) // 7 + 1 == int(nth.group(2))
        if self.weekdays.endswith("L") and self.weekdays != "L":
            return weekday in _values(self.weekdays[:-1], 1, 7, DAYS) and day.day > last - 7
        return weekday == 7 if self.weekdays == "L" else weekday in _values(self.weekdays, 1, 7, DAYS)


def parse_cron(text: str) -> Cron:
    """Read the inside of `cron(...)`; raises CronError with what is wrong."""
    fields = text.split()
    if len(fields) != 6:
        raise CronError(f"cron() needs six fields, {len(fields)} were given")
    minutes, hours, days, months, weekdays, years = (field.upper() for field in fields)
    if (days == "?") == (weekdays == "?"):
        raise CronError("exactly one of day-of-month and day-of-week must be ?")
    near = _NEAREST_WEEKDAY.fullmatch(days)
    if days not in {"?", "L"}:
        _values(near.group(1) if near else days, 1, 31, ())
    if weekdays != "?":
        nth = _NTH.fullmatch(weekdays)
        bare = nth.group(1) if nth else weekdays
        bare = bare[:-1] if bare.endswith("L") and bare != "L" else bare
        if bare != "L":
            _values(bare, 1, 7, DAYS)
    return Cron(
        minutes=tuple(sorted(_values(minutes, 0, 59, ()))),
        hours=tuple(sorted(_values(hours, 0, 23, ()))),
        days=days,
        months=tuple(sorted(_values(months, 1, 12, MONTHS))),
        weekdays=weekdays,
        years=tuple(sorted(_values(years, _FIRST_YEAR, _LAST_YEAR, ()))),
    )


def _nearest_weekday(year: int, month: int, number: int) -> int:
    """The Monday to Friday nearest to a day, within the month."""
    last = calendar.monthrange(year, month)[1]
    number = min(number, last)
    weekday = date(year, month, number).weekday()
    if weekday == 5:  # Saturday
        return number - 1 if number > 1 else number + 2
    if weekday == 6:  # Sunday
        return number + 1 if number < last else number - 2
    return number


def _values(field: str, low: int, high: int, names: tuple[str, ...]) -> set[int]:
    found: set[int] = set()
    for part in field.split(","):
        span, slash, step_text = part.partition("/")
        step = _number(step_text, 1, high, ()) if slash else 1
        if span == "*":
            start, end = low, high
        elif "-" in span:
            first, _, second = span.partition("-")
            start, end = _number(first, low, high, names), _number(second, low, high, names)
        else:
            start = _number(span, low, high, names)
            end = high if slash else start
        found.update(range(start, end + 1, step))
    if not found:
        raise CronError(f"field '{field}' names no value")
    return found


def _number(text: str, low: int, high: int, names: tuple[str, ...]) -> int:
    if text in names:
        return names.index(text) + low
    if not text.isascii() or not text.isdigit() or not low <= int(text) <= high:
        raise CronError(f"'{text}' is not between {low} and {high}")
    return int(text)
