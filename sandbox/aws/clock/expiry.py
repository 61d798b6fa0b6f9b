"""What moto keeps for ever and AWS does not: keys past their waiting period, log events past their retention."""

from collections.abc import Iterator, Sequence
from datetime import UTC
from typing import Any

from moto.kms.models import kms_backends
from moto.logs.models import logs_backends

from sandbox.aws.clock.source import Ran
from sandbox.aws.memory.memory import Memory

_DAY = 86400.0
_PENDING = "PendingDeletion"


class KeyDeletions:
    """KMS keys go when their waiting period ends, with their aliases.

    Source: https://docs.aws.amazon.com/kms/latest/developerguide/deleting-keys.html.
    """

    def __init__(self, *, account: str, memory: Memory) -> None:
        """Keys are moto's."""
        self._account = account
        self._memory = memory

    def due(self) -> float | None:
        """The end of the earliest waiting period."""
        return min((due for due, _, _ in self._pending()), default=None)

    def run(self, at: float) -> Sequence[Ran]:
        """Delete the earliest."""
        due, backend, key = min(self._pending(), key=lambda item: (item[0], item[2].arn))
        if due > at:
            return ()
        with self._memory.change():
            backend.delete_key(key.id)
        return (Ran(at=due, kind="key-deletion", name=key.arn, outcome="deleted"),)

    def _pending(self) -> Iterator[tuple[float, Any, Any]]:
        with self._memory.read():
            for backend in list(kms_backends[self._account].values()):
                for key in list(backend.keys.values()):
                    if key.key_state == _PENDING and key.deletion_date is not None:
                        yield key.deletion_date.replace(tzinfo=UTC).timestamp(), backend, key


class LogRetention:
    """Log events older than their group's retention go, at the midnight (UTC) after they expired.

    AWS deletes them "up to 72 hours" after that:
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/Working-with-log-groups-and-streams.html.
    """

    def __init__(self, *, account: str, memory: Memory) -> None:
        """Log groups are moto's."""
        self._account = account
        self._memory = memory

    def due(self) -> float | None:
        """The midnight after the oldest event of all streams expires."""
        times = [_midnight_after(stream.events[0].timestamp / 1000 + days * _DAY) for days, stream in self._streams()]
        return min(times, default=None)

    def run(self, at: float) -> Sequence[Ran]:
        """Drop what expired before `at`, in all groups; a stream's first event decides, they are kept in order."""
        gone = 0
        with self._memory.change():
            for days, stream in self._streams():
                kept = [event for event in stream.events if event.timestamp / 1000 + days * _DAY >= at]
                gone += len(stream.events) - len(kept)
                stream.events[:] = kept
        return (Ran(at=at, kind="log-retention", name="log groups", outcome=f"{gone} events deleted"),) if gone else ()

    def _streams(self) -> Iterator[tuple[int, Any]]:
        with self._memory.read():
            for backend in list(logs_backends[self._account].values()):
                for group in list(backend.groups.values()):
                    if group.retention_in_days:
                        days = int(group.retention_in_days)
                        yield from ((days, stream) for stream in list(group.streams.values()) if stream.events)


def _midnight_after(moment: float) -> float:
    return (moment // _DAY + 1) * _DAY
