"""The Lambda's entry: `watch.handler.handle`. Looks once, publishes what it saw, and writes one line about it."""

import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config

from watch import metrics
from watch.backup import Objects, newest_backup
from watch.errors import WatchError
from watch.listed import Listing
from watch.metrics import Numbers
from watch.report import Report, judge
from watch.settings import Settings

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

_CLIENT = Config(connect_timeout=3, read_timeout=10, retries={"mode": "standard", "total_max_attempts": 5})


@dataclass(frozen=True, kw_only=True)
class Clients:
    """The services that the watch asks and tells."""

    secretsmanager: "SecretsManagerClient"
    s3: Objects
    cloudwatch: Numbers


def handle(event: Mapping[str, object], context: object) -> Mapping[str, object]:
    """Watch once; the event says nothing that matters. Returns the line that it wrote.

    Raises:
        WatchError: something could not be seen or told. What could be seen has been published by then.
    """
    del event, context
    clients = Clients(
        secretsmanager=boto3.client("secretsmanager", config=_CLIENT),
        s3=boto3.client("s3", config=_CLIENT),
        cloudwatch=boto3.client("cloudwatch", config=_CLIENT),
    )
    return watch(clients, Settings.read(os.environ), datetime.now(UTC))


def watch(clients: Clients, settings: Settings, now: datetime) -> Mapping[str, object]:
    """Judge every secret at the moment `now`, publish, and write one line; then look at the backup's age."""
    report = judge(settings, Listing(clients.secretsmanager).of(settings), now)
    metrics.publish(clients.cloudwatch, metrics.of_report(settings.environment, report))
    line = _line(settings, report)
    failure = None
    try:
        hours = _backup_hours(newest_backup(clients.s3, settings), report, now)
        metrics.publish(clients.cloudwatch, metrics.of_backup(settings.environment, hours))
        line["backup_age_hours"] = round(hours, 1)
    except WatchError as error:  # the line about the secrets is written first
        failure = error
        line |= {"level": "ERROR", "error": str(error)}
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()
    if failure is not None:
        raise failure
    if report.unread:
        raise WatchError(
            f"ListSecretVersionIds failed for {', '.join(report.unread)}; check the function's role and those secrets"
        )
    return line


def _backup_hours(newest: datetime | None, report: Report, now: datetime) -> float:
    """Hours since the newest backup; before the first one, since there is a value that could have been backed up."""
    since = newest or report.first_value or now
    return max((now - since).total_seconds(), 0.0) / 3600


def _line(settings: Settings, report: Report) -> dict[str, object]:
    is_fine = not (report.overdue or report.expiring or report.missing or report.foreign or report.unread)
    return {
        "level": "INFO" if is_fine else "WARNING",
        "event": "watched",
        "environment": settings.environment,
        "watched": report.watched,
        "overdue": {
            name: {"age_days": round(age.days, 1), "limit_days": age.limit}
            for name, age in report.ages.items()
            if age.is_overdue
        },
        "expiring": {name: end.astimezone(UTC).isoformat(timespec="seconds") for name, end in report.expiring.items()},
        "missing": list(report.missing),
        "foreign": list(report.foreign),
        "without_value": list(report.without_value),
        "unread": list(report.unread),
    }
