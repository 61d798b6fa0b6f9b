"""The service's side of a rotation: four invocations, retries, and what is set when it succeeds.

Sources: https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_lambda.html and
rotate-secrets_lambda-functions.html. Silent in the documentation, decided here and unverified: the number and delay of
retries; that they use the same token and begin at createSecret; that a rotation whose label AWSPENDING was taken away
is not tried again; that a rotation whose four steps returned without moving AWSCURRENT counts as failed.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import replace

from sandbox.aws.clock.due_queue import DueQueue, Work
from sandbox.aws.clock.source import Ran
from sandbox.aws.secretsmanager.context import Functions, mirror
from sandbox.aws.secretsmanager.labels import update_stage
from sandbox.aws.secretsmanager.model import CURRENT, PENDING, Secret
from sandbox.aws.secretsmanager.names import in_region
from sandbox.aws.secretsmanager.rotating import after_failure, rescheduled
from sandbox.aws.secretsmanager.rotation_row import (
    STEPS,
    RotationRow,
    all_rows,
    end,
    is_alive,
    reach_step,
    try_later,
)
from sandbox.aws.secretsmanager.schedule import window_end
from sandbox.aws.secretsmanager.storage import SecretStorage
from sandbox.aws.settings import RotationSettings

_log = logging.getLogger(__name__)

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
        self.queue: DueQueue[RotationRow] = DueQueue(
            "rotation",
            Work(
                waiting=lambda: all_rows(storage),
                key=lambda row: (row.arn, row.token),
                due=lambda row: row.due,
                run=self._run_safely,
            ),
            workers=settings.workers,
        )

    def _run_safely(self, row: RotationRow) -> Ran:
        try:
            outcome = self._test(row) if row.kind == "test" else self._rotate(row)
        except Exception:  # noqa: BLE001 - a dead thread would lose the rotation silently
            _log.exception("the rotation of %s stopped", row.arn)
            outcome = "failed: InternalFailure"
            if not self.queue.is_stopping:
                self._failed(row, "InternalFailure")
        kind = "rotation-test" if row.kind == "test" else "rotation"
        return Ran(at=row.due, kind=kind, name=row.arn, outcome=outcome)

    def _rotate(self, row: RotationRow) -> str:
        if row.step == 0:
            self._tell("RotationStarted", row, "")
        for index in range(row.step, len(STEPS)):
            secret = self._secret(row)
            if secret is None or self.queue.is_stopping:
                return "stopped"
            reach_step(self._storage, row, index)
            failure = self._invoke(secret, row, STEPS[index])
            if self.queue.is_stopping:
                return "stopped"
            if failure is not None:
                return self._failed(row, f"{STEPS[index]}: {failure}")
        if not self._complete(row):
            return self._failed(row, "finishSecret returned and AWSCURRENT is not on the new version")
        return "succeeded"

    def _test(self, row: RotationRow) -> str:
        secret = self._secret(row)
        if secret is None:
            return "stopped"
        self._tell("TestRotationStarted", row, "")
        failure = self._invoke(secret, row, "testSecret")
        with self._storage.change():
            secret = self._secret(row)
            end(self._storage, row)
            version = secret.versions.get(row.token) if secret is not None else None
            if secret is not None and version is not None and set(version.stages) <= {PENDING}:
                self._save(secret.without_version(row.token))
        self._tell("TestRotationSucceeded" if failure is None else "TestRotationFailed", row, failure or "")
        return "succeeded" if failure is None else f"failed: {failure}"

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

    def _failed(self, row: RotationRow, reason: str) -> str:
        _log.warning("rotation of %s failed at %s", row.arn, reason)
        now = self._clock()
        with self._storage.change():
            secret = self._secret(row)
            holder = secret.holder(PENDING) if secret is not None else None
            if self._is_retried(row, secret, now):
                try_later(self._storage, row, now + self._settings.retry_delays[row.attempt])
            else:
                end(self._storage, row)
                if secret is not None and secret.rotation is not None and row.kind == "scheduled":
                    self._save(replace(secret, rotation=after_failure(secret.rotation, now)))
        # "RotationAbandoned: Secrets Manager removed the AWSPENDING label from an existing version", since a person put
        # a version of his own: docs.aws.amazon.com/secretsmanager/latest/userguide/retrieve-ct-entries.html.
        is_abandoned = holder is None or holder.id != row.token
        self._tell("RotationAbandoned" if is_abandoned else "RotationFailed", row, reason)
        return f"failed: {reason}"

    def _is_retried(self, row: RotationRow, secret: Secret | None, now: float) -> bool:
        holder = secret.holder(PENDING) if secret is not None else None
        if holder is None or holder.id != row.token or row.attempt >= len(self._settings.retry_delays):
            return False
        rotation = secret.rotation if secret is not None else None
        if row.kind != "scheduled" or rotation is None or rotation.rules is None or rotation.starts is None:
            return True
        return now + self._settings.retry_delays[row.attempt] <= window_end(rotation.rules, rotation.starts)

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
