"""The cron() expressions of Secrets Manager: parsed, checked, and the next start of a window.

Six fields: minutes hours day-of-month month day-of-week year. Minutes must be 0 and the year must be `*`; one of the
two day fields is `?`. Source: https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_schedule.html.
"""

import calendar
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_HORIZON_DAYS = 366 * 5


class CronError(ValueError):
    """The expression is not one that Secrets Manager takes; says which field."""


@dataclass(frozen=True, kw_only=True)
class Cron:
    """A parsed expression; `hours` are UTC, day fields keep their text because L and # depend on the month."""

    hours: tuple[int, ...]
    days: str
    months: tuple[int, ...]
    weekdays: str

    @property
    def is_hourly(self) -> bool:
        """True when the schedule fires more than once a day: its default window closes after one hour."""
        return len(self.hours) > 1

    def next_after(self, moment: datetime) -> datetime:
        """The first start strictly after `moment` (UTC)."""
        day = moment.astimezone(UTC).date()
        for _ in range(_HORIZON_DAYS):
            if day.month in self.months and self._fires_on(day):
                for hour in self.hours:
                    start = datetime(day.year, day.month, day.day, hour, tzinfo=UTC)
                    if start > moment:
                        return start
            day += timedelta(days=1)
        raise CronError("the schedule never fires in the next five years")

    def _fires_on(self, day: date) -> bool:
        last = calendar.monthrange(day.year, day.month)[1]
        if self.days != "?":
            return day.day == last if self.days == "L" else day.day in _values(self.days, 1, 31, ())
        weekday = (day.weekday() + 1) % 7 + 1
        if "#" in self.weekdays:
            which, _, nth = self.weekdays.partition("#")
            return weekday in _values(which, 1, 7, DAYS) and (day.day - 1) // 7 + 1 == int(nth)
        if self.weekdays.endswith("L") and self.weekdays != "L":
            return weekday in _values(self.weekdays[:-1], 1, 7, DAYS) and day.day > last - 7
        return weekday == 7 if self.weekdays == "L" else weekday in _values(self.weekdays, 1, 7, DAYS)


def parse_cron(text: str) -> Cron:
    """Read the inside of `cron(...)`; raises CronError with what is wrong."""
    fields = text.split()
    if len(fields) != 6:
        raise CronError(f"cron() needs six fields, {len(fields)} were given")
    minutes, hours, days, months, weekdays, year = (field.upper() for field in fields)
    if minutes != "0":
        raise CronError("the minutes of a rotation schedule must be 0: windows open on the hour")
    if year != "*":
        raise CronError("the year of a rotation schedule must be *")
    if (days == "?") == (weekdays == "?"):
        raise CronError("exactly one of day-of-month and day-of-week must be ?")
    if days not in {"?", "L"}:
        _values(days, 1, 31, ())
    if weekdays != "?":
        nth = re.fullmatch(r"([^#]+)#([1-5])", weekdays)
        bare = nth.group(1) if nth else weekdays
        bare = bare[:-1] if bare.endswith("L") and bare != "L" else bare
        if bare != "L":
            _values(bare, 1, 7, DAYS)
    return Cron(
        hours=tuple(sorted(_values(hours, 0, 23, ()))),
        days=days,
        months=tuple(sorted(_values(months, 1, 12, MONTHS))),
        weekdays=weekdays,
    )


def _values(field: str, low: int, high: int, names: tuple[str, ...]) -> set[int]:
    found: set[int] = set()
    for part in field.split(","):
        span, _, step_text = part.partition("/")
        step = _number(step_text, 1, high, ()) if step_text else 1
        if span == "*":
            start, end = low, high
        elif "-" in span:
            first, _, second = span.partition("-")
            start, end = _number(first, low, high, names), _number(second, low, high, names)
        else:
            start = _number(span, low, high, names)
            end = high if step_text else start
        found.update(range(start, end + 1, step))
    if not found:
        raise CronError(f"field '{field}' names no value")
    return found


def _number(text: str, low: int, high: int, names: tuple[str, ...]) -> int:
    if text in names:
        return names.index(text) + low
    if not text.isdigit() or not low <= int(text) <= high:
        raise CronError(f"'{text}' is not between {low} and {high}")
    return int(text)
