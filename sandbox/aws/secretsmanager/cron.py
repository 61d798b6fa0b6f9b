"""The cron() expressions that Secrets Manager takes: minutes 0, any year.

Source: https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_schedule.html.
"""

from datetime import UTC, datetime

from sandbox.aws.schedules import cron
from sandbox.aws.schedules.cron import Cron, CronError

__all__ = ["Cron", "CronError", "next_start", "parse_cron"]


def parse_cron(text: str) -> Cron:
    """Read the inside of `cron(...)`; raises CronError with what is wrong."""
    parsed = cron.parse_cron(text)
    fields = text.split()
    if fields[0] != "0":
        raise CronError("the minutes of a rotation schedule must be 0: windows open on the hour")
    if fields[5] != "*":
        raise CronError("the year of a rotation schedule must be *")
    if "W" in parsed.days:
        raise CronError("W is not one of the wildcards of a rotation schedule")
    if parsed.next_after(datetime(1970, 1, 1, tzinfo=UTC)) is None:
        raise CronError("the schedule never fires")
    return parsed


def next_start(schedule: Cron, moment: datetime) -> datetime:
    """The first start of a window strictly after `moment`, in UTC."""
    found = schedule.next_after(moment, UTC)
    if found is None:
        raise CronError("the schedule never fires again")
    return found
