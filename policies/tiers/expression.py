"""The worst gap between two runs of a rotation schedule, however it is written."""

from __future__ import annotations

import re
from datetime import timedelta
from functools import lru_cache
from itertools import pairwise

from policies.tiers import cron
from policies.tiers.cron import ScheduleError

_RATE = re.compile(r"rate\(([0-9]{1,4}) (hours?|days?)\)")
_CRON = re.compile(r"cron\(([ -~]*)\)")


@lru_cache(maxsize=256)
def worst_gap(expression: str) -> timedelta:
    """The longest time that can pass between two runs of `rate(...)` or `cron(...)`, over the whole calendar.

    It is measured from the start of one rotation window to the start of the next, as AWS counts days; within its window
    a run may come later: docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_schedule.html

    Raises:
        ScheduleError: Secrets Manager would not take the expression, or it never runs.
    """
    if rate := _RATE.fullmatch(expression):
        return _rate(int(rate[1]), rate[2].rstrip("s"))
    if fields := _CRON.fullmatch(expression):
        return _cron(fields[1])
    raise ScheduleError("it is neither rate(N days), rate(N hours) nor cron(...) with six fields")


def days(count: float) -> timedelta:
    """The gap of a schedule in days, `automaticallyAfterDays`.

    Raises:
        ScheduleError: it is not within the 1 to 1000 that Secrets Manager takes.
    """
    if not 1 <= count <= 1000:
        raise ScheduleError("its days are not within 1 to 1000")
    return timedelta(days=count)


def _rate(count: int, unit: str) -> timedelta:
    if unit == "hour" and count < 4:
        raise ScheduleError("Secrets Manager rotates every four hours at most")
    if unit == "day" and not 1 <= count <= 999:
        raise ScheduleError("a rate in days is within 1 to 999")
    return timedelta(hours=count) if unit == "hour" else timedelta(days=count)


def _cron(fields: str) -> timedelta:
    schedule = cron.parse(fields)
    first: int | None = None
    previous, most = 0, 0
    for day in schedule.days():
        if first is None:
            first = day
        else:
            most = max(most, day - previous)
        previous = day
    if first is None:
        raise ScheduleError("it never runs")
    most = max(most, first + cron.CYCLE_DAYS - previous)
    hours = schedule.hours
    overnight = 24 * most + hours[0] - hours[-1]
    return timedelta(hours=max([overnight, *(b - a for a, b in pairwise(hours))]))
