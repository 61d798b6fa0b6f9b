"""RotationRules: what AWS accepts, and the window in which the next rotation occurs.

Source: https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_RotationRulesType.html and
userguide/rotate-secrets_schedule.html.
"""

import re
from datetime import UTC, datetime, timedelta

from sandbox.aws.errors import AwsError
from sandbox.aws.secretsmanager.cron import Cron, CronError, next_start, parse_cron
from sandbox.aws.secretsmanager.model import RotationRules

_RATE = re.compile(r"^rate\((\d+) (hour|hours|day|days)\)$")
_CRON = re.compile(r"^cron\((.+)\)$")
_DURATION = re.compile(r"^(\d{1,2})h$")
SHORTEST_HOURS = 4
LONGEST_DAYS = 1000


def check_rules(rules: RotationRules) -> RotationRules:
    """The rules, if AWS accepts them: one of days and expression, at most every four hours, a window that fits."""
    if (rules.days is None) == (rules.schedule is None):
        raise _refused(
            "RotationRules needs exactly one of AutomaticallyAfterDays and ScheduleExpression to set the schedule."
        )
    if rules.days is not None and not 1 <= rules.days <= LONGEST_DAYS:
        raise _refused(f"RotationRules.AutomaticallyAfterDays must be within 1-{LONGEST_DAYS}; {rules.days} was given.")
    hours = _duration(rules)
    period = _period_hours(rules)
    if period is not None and period < SHORTEST_HOURS:
        raise _refused(f"ScheduleExpression '{rules.schedule}' rotates more often than every {SHORTEST_HOURS} hours.")
    if hours is not None:
        if period is not None and hours > min(period, 24):
            raise _refused(f"Duration '{rules.duration}' extends into the next rotation window.")
        cron = _cron(rules)
        if cron is not None and max(cron.hours) + hours > 24:
            raise _refused(f"Duration '{rules.duration}' extends into the next UTC day.")
    return rules


def next_rotation(rules: RotationRules, anchor: float) -> float:
    """The end of the first window after `anchor` (epoch seconds): the rotation occurs on or before it."""
    return next_window(rules, anchor)[1]


def next_window(rules: RotationRules, anchor: float) -> tuple[float, float]:
    """Start and end of the first window after `anchor`, all in epoch seconds.

    Days count from the anchor's date, the window closing with the UTC day unless Duration says otherwise. A rate in
    hours starts windows on a grid from midnight; that the grid begins on the anchor's day is our reading (unverified).
    """
    moment = datetime.fromtimestamp(anchor, UTC)
    midnight = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    cron = _cron(rules)
    if cron is not None:
        start = next_start(cron, moment)
        return start.timestamp(), window_end(rules, start.timestamp())
    rate = _RATE.match(rules.schedule or "")
    if rate is not None and rate.group(2).startswith("hour"):
        step = timedelta(hours=int(rate.group(1)))
        start = midnight
        while start <= moment:
            start += step
    else:
        days = int(rate.group(1)) if rate is not None else rules.days or 1
        start = midnight + timedelta(days=days)
    return start.timestamp(), window_end(rules, start.timestamp())


def window_end(rules: RotationRules, start: float) -> float:
    """When the window that starts at `start` closes: after Duration, else an hour or at the end of the UTC day."""
    hours = _duration(rules)
    opened = datetime.fromtimestamp(start, UTC)
    if hours is None:
        cron = _cron(rules)
        hourly = cron.is_hourly if cron is not None else "hour" in (rules.schedule or "")
        if not hourly:
            return opened.replace(hour=23, minute=59, second=59).timestamp()
    return (opened + timedelta(hours=hours or 1)).timestamp()


def _duration(rules: RotationRules) -> int | None:
    if rules.duration is None:
        return None
    match = _DURATION.match(rules.duration)
    if match is None or not 1 <= int(match.group(1)) <= 24:
        raise _refused(f"Duration '{rules.duration}' is not a number of hours from 1h to 24h.")
    return int(match.group(1))


def _period_hours(rules: RotationRules) -> int | None:
    if rules.days is not None:
        return rules.days * 24
    text = rules.schedule or ""
    rate = _RATE.match(text)
    if rate is not None:
        count = int(rate.group(1))
        hours = count if rate.group(2).startswith("hour") else count * 24
        if not 1 <= hours <= LONGEST_DAYS * 24:
            raise _refused(f"ScheduleExpression '{text}' is out of range.")
        return hours
    cron = _cron(rules)
    if cron is None:
        raise _refused(f"ScheduleExpression '{text}' is neither rate(N hours|days) nor cron(...).")
    gaps = [later - sooner for sooner, later in zip(cron.hours, cron.hours[1:], strict=False)]
    gaps.append(24 - cron.hours[-1] + cron.hours[0])
    return min(gaps)


def _cron(rules: RotationRules) -> Cron | None:
    match = _CRON.match(rules.schedule or "")
    if match is None:
        return None
    try:
        return parse_cron(match.group(1))
    except CronError as exc:
        raise _refused(f"ScheduleExpression '{rules.schedule}' is not valid: {exc}.") from exc


def _refused(message: str) -> AwsError:
    return AwsError("InvalidParameterException", message)
