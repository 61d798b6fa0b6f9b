"""What the watch finds: ages against limits, and the secrets that should not be there or are not. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from watch.listed import Listed
from watch.settings import Settings

_DAY = timedelta(days=1)
SOON = timedelta(days=30)
"""How long before its end a certificate is an alarm. A renewal at two thirds of its life is well before that."""


@dataclass(frozen=True, kw_only=True)
class Age:
    """The age of a value in days, against the limit in days."""

    days: float
    limit: int
    is_overdue: bool

    @property
    def of_limit(self) -> float:
        """1 is the limit; up to the end of the limit's own day it can be a little more without being overdue."""
        return self.days / self.limit


@dataclass(frozen=True, kw_only=True)
class Report:
    """`ages` by short name; `without_value` have never had a value and no age; `missing` are declared and not there;
    `foreign` are there and not declared, by full name; `unread` are judged by a second-best date; `expiring` are the
    certificates whose end is near or over, with that end."""

    watched: int
    ages: Mapping[str, Age]
    without_value: Sequence[str]
    missing: Sequence[str]
    foreign: Sequence[str]
    unread: Sequence[str]
    expiring: Mapping[str, datetime]
    first_value: datetime | None = None

    @property
    def overdue(self) -> Sequence[str]:
        """The short names of the secrets that are past their limit."""
        return [name for name, age in self.ages.items() if age.is_overdue]


def judge(settings: Settings, found: Sequence[Listed], now: datetime) -> Report:
    """The report on what was found, at the moment `now`."""
    under = {one.name.removeprefix(settings.prefix): one for one in found if one.name.startswith(settings.prefix)}
    ours = {name: listed for name, listed in under.items() if name in settings.declared}
    valued = {name: listed for name, listed in ours.items() if not listed.is_marker}
    return Report(
        watched=len(ours),
        ages={name: _age(listed, settings.declared[name], now) for name, listed in valued.items()},
        without_value=[name for name in ours if name not in valued],
        missing=sorted(settings.declared.keys() - ours.keys()),
        foreign=sorted({one.name for one in found} - {listed.name for listed in ours.values()}),
        unread=[name for name, listed in ours.items() if not listed.is_read],
        expiring={
            name: end for name, listed in valued.items() if (end := _end(settings, name, listed)) and end - now <= SOON
        },
        first_value=min((listed.since for listed in valued.values()), default=None),
    )


def _age(listed: Listed, declared: int, now: datetime) -> Age:
    limit = min(declared, _tagged_limit(listed) or declared)
    return Age(
        days=max(now - listed.since, timedelta()) / _DAY,
        limit=limit,
        is_overdue=_days_between(listed.since, now) > limit or _is_late(listed, now),
    )


def _end(settings: Settings, name: str, listed: Listed) -> datetime | None:
    """When the value ends by itself, told without reading it.

    A rotation has the certificate made in the second before it stores it, for the days that the catalogue declares, and
    refuses one that is made for less.
    """
    days = settings.validity.get(name)
    return None if days is None else listed.since + timedelta(days=days)


def _tagged_limit(listed: Listed) -> int | None:
    """What the secret's own tag says. It can only tighten the declared limit: else a tag would buy more time."""
    tag = listed.tags.get("RotationDays", "")
    return int(tag) if tag.isascii() and tag.isdecimal() and int(tag) > 0 else None


def _days_between(since: datetime, now: datetime) -> int:
    # Secrets Manager counts whole UTC days too: the window of a rotation closes with the day that it is due on.
    # docs.aws.amazon.com/secretsmanager/latest/apireference/API_RotationRulesType.html
    return (now.astimezone(UTC).date() - since.astimezone(UTC).date()).days


def _is_late(listed: Listed, now: datetime) -> bool:
    """A rotation was due and the value is still that of before: a younger one, set by hand, is as good as a rotation.

    "If rotation is unsuccessful, this date may be in the past":
    docs.aws.amazon.com/secretsmanager/latest/apireference/API_DescribeSecret.html
    """
    return listed.next_rotation is not None and listed.since < listed.next_rotation < now
