"""The service's side of a rotation: four invocations, retries, and what is set when it succeeds.

Sources: https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_lambda.html and
rotate-secrets_lambda-functions.html. Silent in the documentation, decided here and unverified: the number and delay of
retries; that they use the same token and begin at createSecret; that a rotation whose label AWSPENDING was taken away
is not tried again; that a rotation whose four steps returned without moving AWSCURRENT counts as failed.
"""

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from sandbox.aws.secretsmanager.context import Functions, mirror
from sandbox.aws.secretsmanager.labels import update_stage
from sandbox.aws.secretsmanager.model import CURRENT, PENDING, Secret
from sandbox.aws.secretsmanager.names import in_region
from sandbox.aws.secretsmanager.rotating import rescheduled
from sandbox.aws.secretsmanager.rotation_row import (
    STEPS,
    RotationRow,
    all_rows,
    end,
    is_alive,
    reach_step,
    try_later,
)
from sandbox.aws.secretsmanager.storage import SecretStorage
from sandbox.aws.settings import RotationSettings

_log = logging.getLogger(__name__)
_IDLE_SECONDS = 60.0

RotationEvent = Callable[[str, Secret, str], None]


class RotationWorker:
    """Runs due rotations in the background; rows left by an earlier process are resumed."""

    def __init__(
        self,
        *,
        storage: SecretStorage,
        functions: Functions,
        settings: RotationSettings,
        on_event: RotationEvent = lambda _name, _secret, _detail: None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`on_event` is told RotationStarted, RotationSucceeded, RotationFailed and the like, for CloudTrail."""
        self._storage = storage
        self._functions = functions
        self._settings = settings
        self._on_event = on_event
        self._clock = clock
        self._changed = threading.Condition()
        self._in_flight: set[tuple[str, str]] = set()
        self._stopping = False
        self._pool = ThreadPoolExecutor(max_workers=settings.workers, thread_name_prefix="rotation")
        self._thread = threading.Thread(target=self._dispatch, name="rotation-dispatch", daemon=True)

    def start(self) -> None:
        """Begin, with whatever is due."""
        self._thread.start()

    def wake(self) -> None:
        """Look for due rotations now."""
        with self._changed:
            self._changed.notify()

    def stop(self) -> None:
        """Start nothing new; what runs is resumed by the next process."""
        with self._changed:
            self._stopping = True
            self._changed.notify()
        self._pool.shutdown(wait=False, cancel_futures=True)

    def join(self) -> None:
        """Wait until what ran has ended."""
        self._pool.shutdown(wait=True)

    def _dispatch(self) -> None:
        while True:
            with self._changed:
                if self._stopping:
                    return
                now = self._clock()
                rows = [row for row in all_rows(self._storage) if (row.arn, row.token) not in self._in_flight]
                for row in rows:
                    if row.due <= now:
                        self._in_flight.add((row.arn, row.token))
                        self._pool.submit(self._run_safely, row)
                waiting = min((row.due - now for row in rows if row.due > now), default=_IDLE_SECONDS)
                self._changed.wait(min(waiting, _IDLE_SECONDS))

    def _run_safely(self, row: RotationRow) -> None:
        try:
            self._test(row) if row.kind == "test" else self._rotate(row)
        except Exception:  # noqa: BLE001 - a dead thread would lose the rotation silently
            _log.exception("rotation of %s stopped by an error of the sandbox", row.arn)
            if not self._stopping:
                self._failed(row, "InternalFailure")
        finally:
            with self._changed:
                self._in_flight.discard((row.arn, row.token))
                self._changed.notify()

    def _rotate(self, row: RotationRow) -> None:
        if row.step == 0:
            self._tell("RotationStarted", row, "")
        for index in range(row.step, len(STEPS)):
            secret = self._secret(row)
            if secret is None or self._stopping:
                return
            reach_step(self._storage, row, index)
            failure = self._invoke(secret, row, STEPS[index])
            if self._stopping:
                return
            if failure is not None:
                self._failed(row, f"{STEPS[index]}: {failure}")
                return
        if not self._complete(row):
            self._failed(row, "finishSecret returned and AWSCURRENT is not on the new version")

    def _test(self, row: RotationRow) -> None:
        secret = self._secret(row)
        if secret is None:
            return
        failure = self._invoke(secret, row, "testSecret")
        with self._storage.change():
            secret = self._secret(row)
            end(self._storage, row)
            version = secret.versions.get(row.token) if secret is not None else None
            if secret is not None and version is not None and set(version.stages) <= {PENDING}:
                self._save(secret.without_version(row.token))
        self._tell("TestRotationSucceeded" if failure is None else "TestRotationFailed", row, failure or "")

    def _invoke(self, secret: Secret, row: RotationRow, step: str) -> str | None:
        if secret.rotation is None:
            return "rotation is not configured"
        event = {
            "Step": step,
            "SecretId": secret.arn,
            "ClientRequestToken": row.token,
            "RotationToken": row.rotation_token,
        }
        return self._functions.invoke(secret.rotation.lambda_arn, event)

    def _failed(self, row: RotationRow, reason: str) -> None:
        _log.warning("rotation of %s failed at %s", row.arn, reason)
        with self._storage.change():
            secret = self._secret(row)
            holder = secret.holder(PENDING) if secret is not None else None
            retry = row.attempt < len(self._settings.retry_delays) and holder is not None and holder.id == row.token
            if retry:
                try_later(self._storage, row, self._clock() + self._settings.retry_delays[row.attempt])
            else:
                end(self._storage, row)
        self._tell("RotationFailed", row, reason)

    def _complete(self, row: RotationRow) -> bool:
        now = self._clock()
        with self._storage.change():
            secret = self._secret(row)
            if secret is None:
                return True
            current = secret.holder(CURRENT)
            if current is None or current.id != row.token:
                return False
            if PENDING in current.stages:
                # "Our backend cleans up the pending label on rotation completion" (maintainer, aws-samples PR 145).
                secret = update_stage(secret, PENDING, remove_from=current.id, move_to=None)
            if secret.rotation is not None:
                secret = replace(secret, rotation=rescheduled(secret.rotation, now))
            self._save(replace(secret, rotated=now, changed=now))
            end(self._storage, row)
        self._tell("RotationSucceeded", row, "")
        return True

    def _secret(self, row: RotationRow) -> Secret | None:
        return self._storage.by_arn(row.arn) if is_alive(self._storage, row) else None

    def _save(self, secret: Secret) -> None:
        self._storage.save(secret)
        for target in secret.replicas:
            copy = self._storage.by_arn(in_region(secret.arn, target.region))
            if copy is not None:
                self._storage.save(mirror(secret, copy))

    def _tell(self, name: str, row: RotationRow, detail: str) -> None:
        secret = self._storage.by_arn(row.arn)
        if secret is not None:
            self._on_event(name, secret, detail)
