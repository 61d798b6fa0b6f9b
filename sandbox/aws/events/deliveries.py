"""What EventBridge has still to deliver, and when its schedules are next due: on disk, so kill -9 loses nothing."""

import json
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sandbox.aws.database import open_database

_SCHEMA = """
CREATE TABLE IF NOT EXISTS deliveries (
    id TEXT PRIMARY KEY, origin TEXT NOT NULL, target TEXT NOT NULL, payload TEXT NOT NULL, attempt INTEGER NOT NULL,
    due REAL NOT NULL, accepted REAL NOT NULL, completes INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS timetable (
    arn TEXT PRIMARY KEY, definition TEXT NOT NULL, anchor REAL NOT NULL, next REAL);
"""


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """One payload for one target of a rule or schedule (`origin` is its ARN); times are seconds since the epoch.

    `target` is as PutTargets or CreateSchedule took it. `attempt` counts failed ones. `completes` is True for the last
    invocation of a schedule.
    """

    id: str
    origin: str
    target: Mapping[str, Any]
    payload: str = field(repr=False)
    due: float
    accepted: float
    attempt: int = 0
    completes: bool = False


@dataclass(frozen=True, kw_only=True)
class Entry:
    """When a schedule is next due; None when it never is again. A changed `definition` starts it anew."""

    arn: str
    definition: str
    anchor: float
    next: float | None


class DeliveryStore:
    """Two tables in one file; every change is one synced transaction."""

    def __init__(self, state: Path) -> None:
        """Open or create the file under `state`."""
        self._lock = threading.RLock()
        self._connection = open_database(state / "eventbridge.sqlite", _SCHEMA)

    @contextmanager
    def change(self) -> Iterator[None]:
        """Several changes in one transaction."""
        with self._lock:
            if self._connection.in_transaction:
                yield
                return
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")

    def put(self, deliveries: Iterable[Delivery]) -> None:
        """Add deliveries, or replace them with their next attempt."""
        rows = [
            (one.id, one.origin, json.dumps(one.target), one.payload, one.attempt, one.due, one.accepted, one.completes)
            for one in deliveries
        ]
        with self.change():
            self._connection.executemany("INSERT OR REPLACE INTO deliveries VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)

    def remove(self, delivery_id: str) -> None:
        """Forget a delivery."""
        with self.change():
            self._connection.execute("DELETE FROM deliveries WHERE id = ?", (delivery_id,))

    def waiting(self) -> list[Delivery]:
        """All deliveries, the most urgent first."""
        query = (
            "SELECT id, origin, target, payload, attempt, due, accepted, completes FROM deliveries ORDER BY due, rowid"
        )
        with self._lock:
            rows = self._connection.execute(query).fetchall()
        return [
            Delivery(
                id=row[0],
                origin=row[1],
                target=json.loads(row[2]),
                payload=row[3],
                attempt=row[4],
                due=row[5],
                accepted=row[6],
                completes=bool(row[7]),
            )
            for row in rows
        ]

    def entries(self) -> dict[str, Entry]:
        """The timetable by ARN."""
        with self._lock:
            rows = self._connection.execute("SELECT arn, definition, anchor, next FROM timetable").fetchall()
        return {row[0]: Entry(arn=row[0], definition=row[1], anchor=row[2], next=row[3]) for row in rows}

    def put_entry(self, entry: Entry) -> None:
        """Write when a schedule is next due."""
        with self.change():
            self._connection.execute(
                "INSERT OR REPLACE INTO timetable VALUES (?, ?, ?, ?)",
                (entry.arn, entry.definition, entry.anchor, entry.next),
            )

    def drop_entry(self, arn: str) -> None:
        """Forget a schedule that is gone or disabled."""
        with self.change():
            self._connection.execute("DELETE FROM timetable WHERE arn = ?", (arn,))

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()
