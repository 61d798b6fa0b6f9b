"""Asynchronous invocations waiting to run, on disk: an accepted event is not lost by kill -9."""

import threading
from dataclasses import dataclass, field
from pathlib import Path

from sandbox.aws.database import open_database

_SCHEMA = """CREATE TABLE IF NOT EXISTS events (
    id TEXT PRIMARY KEY, region TEXT NOT NULL, function TEXT NOT NULL, qualifier TEXT, payload BLOB NOT NULL,
    attempt INTEGER NOT NULL, due REAL NOT NULL, accepted REAL NOT NULL)"""
_COLUMNS = "id, region, function, qualifier, payload, attempt, due, accepted"


@dataclass(frozen=True, kw_only=True)
class AsyncEvent:
    """One accepted event: `attempt` counts the runs that failed; times are seconds since the epoch."""

    id: str
    region: str
    function: str
    qualifier: str | None
    payload: bytes = field(repr=False)
    attempt: int
    due: float
    accepted: float


class Backlog:
    """The queue's table; every call is one synced transaction."""

    def __init__(self, state: Path) -> None:
        """Open or create the file under `state`."""
        self._lock = threading.Lock()
        self._connection = open_database(state / "events.sqlite", _SCHEMA)

    def put(self, event: AsyncEvent) -> None:
        """Add an event, or replace it with its next attempt."""
        row = (
            event.id,
            event.region,
            event.function,
            event.qualifier,
            event.payload,
            event.attempt,
            event.due,
            event.accepted,
        )
        with self._lock:
            self._connection.execute("INSERT OR REPLACE INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)

    def remove(self, event_id: str) -> None:
        """Forget an event."""
        with self._lock:
            self._connection.execute("DELETE FROM events WHERE id = ?", (event_id,))

    def waiting(self) -> list[AsyncEvent]:
        """All events, the most urgent first."""
        with self._lock:
            rows = self._connection.execute(f"SELECT {_COLUMNS} FROM events ORDER BY due").fetchall()  # noqa: S608
        names = _COLUMNS.split(", ")
        return [AsyncEvent(**dict(zip(names, row, strict=True))) for row in rows]

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()
