"""What comes due in Secrets Manager by the clock: scheduled rotations begin, deleted secrets go.

AWS rotates "at any time during the rotation window"; the local AWS always at its start
(https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_schedule.html).
"""

import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import replace

from sandbox.aws.clock.source import Ran
from sandbox.aws.secretsmanager.codec import decode
from sandbox.aws.secretsmanager.context import mirror
from sandbox.aws.secretsmanager.model import Secret
from sandbox.aws.secretsmanager.names import in_region
from sandbox.aws.secretsmanager.rotating import staged, unfinished_token
from sandbox.aws.secretsmanager.rotation_row import begin
from sandbox.aws.secretsmanager.storage import SecretStorage

_STARTS = "COALESCE(json_extract(document, '$.rotation.starts'), json_extract(document, '$.rotation.next_date'))"
_ROTATES = """json_extract(document, '$.rotation.enabled') AND json_extract(document, '$.deletion_date') IS NULL
    AND COALESCE(json_extract(document, '$.primary_region'), region) = region
    AND NOT EXISTS (SELECT 1 FROM rotations WHERE rotations.arn = secrets.arn)"""
_DELETED = "json_extract(document, '$.deletion_date')"


class DueRotations:
    """Rotations by schedule: each begins once; missed while no process ran, it begins at the next start."""

    def __init__(self, *, storage: SecretStorage, wake: Callable[[], None]) -> None:
        """`wake` tells the worker, which runs what begins here."""
        self._storage = storage
        self._wake = wake

    def due(self) -> float | None:
        """The start of the earliest window, of a secret that is not being rotated already."""
        query = f"SELECT MIN({_STARTS}) FROM secrets WHERE {_ROTATES}"  # noqa: S608 - fixed text
        found: float | None = self._storage.connection().execute(query).fetchone()[0]
        return found

    def run(self, at: float) -> Sequence[Ran]:
        """Begin the earliest; the worker runs it and tells its outcome."""
        with self._storage.change():
            secret = _first(self._storage, f"{_ROTATES} AND {_STARTS} <= ?", _STARTS, at)
            if secret is not None and secret.rotation is not None:
                starts = secret.rotation.starts or at
                # "That rotation will be reattempted" (RotateSecret's refusal): its version is taken up again.
                token = unfinished_token(secret) or str(uuid.uuid4())
                now = time.time()
                begun = replace(staged(secret, token, now), changed=now)
                self._storage.save(begun)
                for target in begun.replicas:
                    copy = self._storage.by_arn(in_region(begun.arn, target.region))
                    if copy is not None:
                        self._storage.save(mirror(begun, copy))
                begin(self._storage, secret.arn, token, "scheduled", starts)
        self._wake()
        return ()


class DueDeletions:
    """Secrets past their recovery window are deleted with all their versions."""

    def __init__(self, *, storage: SecretStorage) -> None:
        """Reads and deletes in `storage`."""
        self._storage = storage

    def due(self) -> float | None:
        """The end of the earliest recovery window."""
        query = f"SELECT MIN({_DELETED}) FROM secrets"  # noqa: S608 - fixed text
        found: float | None = self._storage.connection().execute(query).fetchone()[0]
        return found

    def run(self, at: float) -> Sequence[Ran]:
        """Delete the earliest."""
        with self._storage.change():
            secret = _first(self._storage, f"{_DELETED} <= ?", _DELETED, at)
            if secret is None:
                return ()
            self._storage.delete(secret.arn)
        return (Ran(at=secret.deletion_date or at, kind="secret-deletion", name=secret.arn, outcome="deleted"),)


def _first(storage: SecretStorage, where: str, order: str, at: float) -> Secret | None:
    query = f"SELECT document FROM secrets WHERE {where} ORDER BY {order}, arn LIMIT 1"  # noqa: S608 - fixed text
    row = storage.connection().execute(query, (at,)).fetchone()
    return decode(row[0]) if row is not None else None
