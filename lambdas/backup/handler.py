"""The Lambda's entry: `backup.handler.handle`. Reads, writes, checks, and says so in one line.

An exception that leaves this module becomes a log entry, so only a BackupError does, made anew outside the handler's
`except`: no cause, no context and no frame that holds a value hangs on it.
"""

import json
import os
import sys
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import PurePath
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config

from backup import archive, manifest, metrics, values
from backup.bucket import Bucket, Objects
from backup.errors import BackupError
from backup.metrics import Numbers
from backup.settings import Settings

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

_CLIENT = Config(connect_timeout=3, read_timeout=10, retries={"mode": "standard", "total_max_attempts": 5})


@dataclass(frozen=True, kw_only=True)
class Clients:
    """The services that a backup reads from, writes to and tells."""

    secretsmanager: "SecretsManagerClient"
    s3: Objects
    cloudwatch: Numbers


def handle(event: Mapping[str, object], context: object) -> Mapping[str, object]:
    """Back up once; the event says nothing that matters. Returns the line that it wrote. Raises only BackupError."""
    del event, context
    outcome = _attempt()
    if isinstance(outcome, BackupError):
        raise outcome
    return outcome


def _attempt() -> Mapping[str, object] | BackupError:
    try:
        clients = Clients(
            secretsmanager=boto3.client("secretsmanager", config=_CLIENT),
            s3=boto3.client("s3", config=_CLIENT),
            cloudwatch=boto3.client("cloudwatch", config=_CLIENT),
        )
        return back_up(clients, Settings.read(os.environ), datetime.now(UTC))
    except BackupError as error:
        text = str(error)
    except Exception as error:  # noqa: BLE001 - whatever a library raises may quote a value; only its type and place leave
        place = traceback.extract_tb(error.__traceback__)[-1]
        text = (
            f"{type(error).__name__} in {PurePath(place.filename).name}:{place.lineno}; "
            f"this is a defect of the function: report it with this line"
        )
    _write({"level": "ERROR", "event": "not backed up", "error": text})
    return BackupError(text)


def back_up(clients: Clients, settings: Settings, now: datetime) -> Mapping[str, object]:
    """Write an archive of every value in force, check it, and only then its manifest, which makes it count.

    A secret that is broken, or that has lost the value which the last backup had, does not cost the others their
    backup: the archive is written without it, and the metric BackupIncomplete raises an alarm. The archives before
    still hold it, and the lock keeps them.

    Raises:
        BackupError: nothing was written, or what was written is not in order.
    """
    bucket = Bucket(clients.s3, settings)
    had_value, is_known = _had_value(bucket)
    reading = values.read(clients.secretsmanager, settings)
    saved = {value.name for value in reading.values}
    lost = (had_value & settings.declared.keys()) - saved - reading.broken.keys()
    lacking = {**reading.broken, **dict.fromkeys(sorted(lost), "had a value in the last backup and has none now")}
    line: dict[str, object] = {
        "level": "INFO" if is_known and not lacking else "WARNING",
        "event": "backed up",
        "environment": settings.environment,
        "saved": len(saved),
        "without_value": [name for name in reading.without_value if name not in lost],
        "lacking": lacking,
    }
    if not saved and lacking:
        raise BackupError(
            f"no value could be read, so nothing was written and the archives before are untouched: {_told(lacking)}; "
            f"check the function's role and the secrets"
        )
    if saved:
        stored = bucket.write_archive(archive.encode(reading.values), archive.CONTENT_TYPE, now)
        described = manifest.encode(settings.environment, stored, reading.values, lacking, now)
        bucket.write_manifest(described, manifest.CONTENT_TYPE)
        line |= {"archive": f"s3://{settings.bucket}/{settings.archive_key}", "version_id": stored.version_id}
        line |= {"bytes": stored.size, "sha256": stored.sha256}
    else:
        line["event"] = "nothing to back up"
    if lacking:
        line["message"] = (
            f"the archive lacks {_told(lacking)}; mend the secret and run the backup again; an older version of the "
            f"archive may still hold it"
        )
    if not is_known:
        line["previous_manifest"] = "unreadable: values that were lost since then are not noticed"
    metrics.publish(
        clients.cloudwatch,
        settings.environment,
        {"BackupDone": int(bool(saved)), "BackupIncomplete": len(lacking), "BackupSecrets": len(saved)},
    )
    _write(line)
    return line


def _had_value(bucket: Bucket) -> tuple[frozenset[str], bool]:
    """The secrets that have had a value, and whether that could be read; not to know it must not cost the backup."""
    try:
        last = bucket.last_manifest()
        return (manifest.names_of(last) if last is not None else frozenset()), True
    except (BackupError, ValueError):
        return frozenset(), False


def _told(lacking: Mapping[str, str]) -> str:
    return ", ".join(f"{name} ({why})" for name, why in lacking.items())


def _write(line: Mapping[str, object]) -> None:
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()
