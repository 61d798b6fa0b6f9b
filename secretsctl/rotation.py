"""Starts rotations and waits until each is done, has failed, or takes too long."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from catalog.model import Catalog
from secretsctl.function_log import FunctionLog
from secretsctl.state import overlap_end
from secretsctl.verdict import CommandError
from stores.aws import AwsStore
from stores.store import ConflictError, StoreError

POLL_SECONDS = 0.5
LOG_EVERY = 4
"""Polls between two looks into a log: FilterLogEvents allows 5 to 25 a second for the whole account:
docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html"""


@dataclass(frozen=True, kw_only=True)
class Rotation:
    """A rotation that was started: version ids, no values. `known` are the errors from before this start, which was at
    `started`, in seconds of the epoch."""

    secret: str
    target: str
    old: str | None
    new: str
    known: frozenset[str] = field(default_factory=frozenset)
    started: float = field(default_factory=time.time)


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How a rotation ended; `error` is None when its version is the current one."""

    rotation: Rotation
    error: str | None = None


class Rotations:
    """Rotates secrets of one environment. Cancels nothing: a failed rotation is tried again by Secrets Manager."""

    def __init__(
        self,
        store: AwsStore,
        log: FunctionLog,
        catalog: Catalog,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._store = store
        self._log = log
        self._catalog = catalog
        self._clock = clock
        self._sleep = sleep

    def start(self, name: str, *, resume: bool = False, token: str | None = None) -> Rotation:
        """Start the rotation of a secret; with `resume`, try an unfinished one again instead of refusing.

        `token` is the new version's id, else it gets a new one.

        Raises:
            ConflictError: a rotation is under way, and `resume` was not given.
        """
        metadata = self._store.describe(name)
        unfinished = metadata.rotating_to
        token = unfinished.id if unfinished is not None and resume else token or str(uuid.uuid4())
        target = self._catalog.by_name[name].spec.target
        known = frozenset(self._errors(target, token)[0]) if unfinished is not None and resume else frozenset()
        try:
            token = self._store.rotate(name, token)
        except ConflictError:
            pending = self._store.describe(name).rotating_to
            if not resume or pending is None:
                raise
            # The refusal itself makes AWS try again: "That rotation will be reattempted."
            token = pending.id
        old = metadata.current.id if metadata.current else None
        return Rotation(secret=name, target=target, old=old, new=token, known=known)

    def require_quiet(self, name: str) -> None:
        """Make sure that the credential before the current one may be overwritten: no consumer has it any more.

        Raises:
            CommandError: some may.
        """
        secret = self._catalog.by_name[name]
        if not secret.spec.overlaps:
            return
        metadata, versions = self._store.describe(name), self._store.versions(name)
        end = overlap_end(metadata, versions, secret.rotation.overlap_seconds, datetime.now(UTC))
        if end is not None:
            raise CommandError(
                f"secret '{name}': consumers may still use the credential before this one; rotate it after "
                f"{end.astimezone(UTC).isoformat(timespec='seconds')}, or, if it has leaked, at once with "
                f"`secretsctl emergency {name}`"
            )

    def wait(
        self, rotations: Iterable[Rotation], *, timeout_seconds: float, done: Callable[[Outcome], None]
    ) -> list[Outcome]:
        """Wait for all of them, and call `done` for each as it ends.

        An error in the function's log ends the wait for its rotation at once, although Secrets Manager will try again.
        """
        waiting = {rotation.secret: rotation for rotation in rotations}
        outcomes: list[Outcome] = []
        deadline = self._clock() + timeout_seconds
        turn = 0
        while waiting:
            late = self._clock() >= deadline
            for rotation in list(waiting.values()):
                outcome = self._look(rotation, into_log=late or turn % LOG_EVERY == LOG_EVERY - 1, late=late)
                if outcome is not None:
                    del waiting[rotation.secret]
                    outcomes.append(outcome)
                    done(outcome)
            turn += 1
            if waiting:
                self._sleep(POLL_SECONDS)
        return outcomes

    def last_error(self, name: str, token: str) -> str | None:
        """The newest error of a rotation, if its function's log has one and may be read."""
        errors, _ = self._errors(self._catalog.by_name[name].spec.target, token)
        return list(errors.values())[-1] if errors else None

    def _look(self, rotation: Rotation, *, into_log: bool, late: bool) -> Outcome | None:
        current = self._store.describe(rotation.secret).current
        if current is not None and current.id == rotation.new:
            return Outcome(rotation=rotation)
        if current is not None and current.id != rotation.old:
            return Outcome(rotation=rotation, error=f"version {current.id}, of somebody else, became current meanwhile")
        unreadable: StoreError | None = None
        if into_log:
            errors, unreadable = self._errors(rotation.target, rotation.new)
            if new := [text for event, text in errors.items() if event not in rotation.known]:
                return Outcome(rotation=rotation, error=new[-1])
            if crashes := self._crashes(rotation):
                return Outcome(rotation=rotation, error=crashes[-1])
        if late:
            why = f" ({unreadable})" if unreadable else ""
            return Outcome(
                rotation=rotation,
                error=f"not done in time, and no error in log group {self._log.group(rotation.target)}{why}; "
                f"it goes on by itself: follow it with `secretsctl rotate {rotation.secret} --resume`",
            )
        return None

    def _crashes(self, rotation: Rotation) -> list[str]:
        try:
            return list(self._log.crashes(rotation.target, rotation.started).values())
        except StoreError:
            return []

    def _errors(self, target: str, token: str) -> tuple[Mapping[str, str], StoreError | None]:
        """The errors, or none and why they cannot be read: an operator without logs can still rotate."""
        try:
            return self._log.errors(target, token), None
        except StoreError as exc:
            return {}, exc
