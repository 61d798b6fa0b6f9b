"""Schedule expressions: rate(n unit), cron(...) and at(date and time).

Sources: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html and
https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html.
"""

import math
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from sandbox.aws.schedules.cron import Cron, CronError, parse_cron

_RATE = re.compile(r"rate\(\s*(\d+)\s+(minute|minutes|hour|hours|day|days)\s*\)")
_CRON = re.compile(r"cron\((.+)\)")
_AT = re.compile(r"at\((\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})\)")
_UNITS = {"minute": 60.0, "hour": 3600.0, "day": 86400.0}


class ExpressionError(ValueError):
    """The expression is not one that AWS takes; says why."""


@dataclass(frozen=True, kw_only=True)
class Expression:
    """One of `rate` (seconds), `cron` and `at` (epoch seconds) is set; cron fields are local times of `zone`."""

    rate: float | None = None
    cron: Cron | None = None
    at: float | None = None
    zone: ZoneInfo | None = None

    def next_after(self, moment: float, *, anchor: float) -> float | None:
        """The first time strictly after `moment`, None when there is none; a rate counts from `anchor`."""
        if self.at is not None:
            return self.at if self.at > moment else None
        if self.cron is not None:
            found = self.cron.next_after(datetime.fromtimestamp(moment, UTC), self.zone or UTC)
            return found.timestamp() if found is not None else None
        assert self.rate is not None
        return anchor + (max(0, math.floor((moment - anchor) / self.rate)) + 1) * self.rate


def parse_expression(text: str, *, zone: str = "UTC", once: bool = False) -> Expression:
    """The expression; `once` allows at(). ExpressionError says what is wrong."""
    rate, cron, at = _RATE.fullmatch(text), _CRON.fullmatch(text), _AT.fullmatch(text)
    place = _zone(zone)
    if rate is not None:
        count, unit = int(rate.group(1)), rate.group(2)
        if count < 1:
            raise ExpressionError(f"'{text}': the value must be greater than 0")
        if (count == 1) == unit.endswith("s"):
            raise ExpressionError(f"'{text}': a value of 1 takes the singular unit, and others the plural")
        return Expression(rate=count * _UNITS[unit.removesuffix("s")])
    if cron is not None:
        try:
            return Expression(cron=parse_cron(cron.group(1)), zone=place)
        except CronError as exc:
            raise ExpressionError(f"'{text}': {exc}") from exc
    if once and at is not None:
        try:
            return Expression(at=datetime.fromisoformat(at.group(1)).replace(tzinfo=place).timestamp())
        except ValueError as exc:
            raise ExpressionError(f"'{text}' is no date and time") from exc
    raise ExpressionError(f"'{text}' is neither {'at(...), ' if once else ''}rate(...) nor cron(...)")


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as exc:
        raise ExpressionError(f"'{name}' is no time zone of the IANA database") from exc
