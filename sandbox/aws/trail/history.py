"""The events themselves, in SQLite: written before a call is answered, kept for 90 days.

They are not synced one by one: a crash of the machine could lose the last ones, and with it goes the machine's sandbox.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox.aws.database import open_database
from sandbox.aws.trail.record import Record, Recorded
from sandbox.aws.trail.resources import Named
from sandbox.aws.trail.who import username

KEPT_SECONDS = 90 * 24 * 3600.0
"""docs.aws.amazon.com/awscloudtrail/latest/userguide/view-cloudtrail-events.html: the last 90 days."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS events (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL, at REAL NOT NULL, region TEXT NOT NULL,
    management INTEGER NOT NULL, read_only INTEGER NOT NULL, name TEXT NOT NULL, source TEXT NOT NULL,
    username TEXT NOT NULL, access_key TEXT NOT NULL, named TEXT NOT NULL, body TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS events_by_time ON events (at);
CREATE INDEX IF NOT EXISTS events_by_id ON events (id);
CREATE INDEX IF NOT EXISTS events_by_name ON events (name);
CREATE TABLE IF NOT EXISTS resources (
    seq INTEGER NOT NULL, type TEXT NOT NULL, name TEXT NOT NULL, PRIMARY KEY (name, seq)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS deliveries (trail TEXT PRIMARY KEY, state TEXT NOT NULL);
"""
_COLUMNS = "id, at, region, management, read_only, name, source, username, access_key, named, body"


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A stored event and what it is about; `at` is in seconds since the epoch."""

    seq: int
    at: float
    region: str
    body: Record
    named: tuple[Named, ...] = ()


class History:
    """All events of one account; every method may be called from any thread."""

    def __init__(self, state: Path) -> None:
        """Open or create the file under `state`."""
        self._lock = threading.Lock()
        self._connection = open_database(state / "trail.sqlite", _SCHEMA, is_synced=False)

    def add(self, recorded: Recorded) -> None:
        """Store an event; it is there for good when this returns."""
        event = recorded.event
        who = event["userIdentity"]
        row = (
            event["eventID"],
            recorded.at,
            event["awsRegion"],
            int(event["managementEvent"]),
            int(event["readOnly"]),
            event["eventName"],
            event["eventSource"],
            username(who),
            who.get("accessKeyId", ""),
            json.dumps(recorded.named),
            json.dumps(event),
        )
        with self._lock:
            self._connection.execute("BEGIN")
            seq = self._connection.execute(
                f"INSERT INTO events ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608
                row,
            ).lastrowid
            self._connection.executemany(
                "INSERT OR IGNORE INTO resources VALUES (?, ?, ?)",
                [(seq, item.type, _stored(item.name)) for item in recorded.named],
            )
            self._connection.execute("COMMIT")

    def find(self, condition: str, values: Sequence[Any], limit: int, *, oldest_first: bool = False) -> list[Entry]:
        """Events that meet an SQL condition of ours over the table's columns, newest first unless said otherwise."""
        order = "ASC" if oldest_first else "DESC"
        query = (
            f"SELECT seq, at, region, named, body FROM events WHERE {condition} "  # noqa: S608
            f"ORDER BY seq {order} LIMIT ?"
        )
        with self._lock:
            rows = self._connection.execute(query, (*values, limit)).fetchall()
        return [
            Entry(
                seq=seq,
                at=at,
                region=region,
                body=json.loads(body),
                named=tuple(Named(*item) for item in json.loads(named)),
            )
            for seq, at, region, named, body in rows
        ]

    def prune(self, now: float) -> None:
        """Forget what is older than 90 days."""
        with self._lock:
            # The clock never goes back: what is before an event in the table is before it in time.
            query = "SELECT seq FROM events WHERE at < ? ORDER BY at DESC LIMIT 1"
            newest = self._connection.execute(query, (now - KEPT_SECONDS,)).fetchone()
            if newest is None:
                return
            self._connection.execute("BEGIN")
            self._connection.execute("DELETE FROM events WHERE seq <= ?", newest)
            self._connection.execute("DELETE FROM resources WHERE seq <= ?", newest)
            self._connection.execute("COMMIT")

    def delivery(self, trail: str) -> dict[str, Any]:
        """What is known of a trail's deliveries; empty before the first."""
        with self._lock:
            row = self._connection.execute("SELECT state FROM deliveries WHERE trail = ?", (trail,)).fetchone()
        return json.loads(row[0]) if row is not None else {}

    def set_delivery(self, trail: str, state: dict[str, Any]) -> None:
        """Remember how far a trail's deliveries are."""
        with self._lock:
            self._connection.execute("INSERT OR REPLACE INTO deliveries VALUES (?, ?)", (trail, json.dumps(state)))

    def forget_deliveries_but(self, trails: Collection[str]) -> None:
        """Forget the deliveries of trails that are gone: a new one of the same name begins anew."""
        with self._lock:
            known = [row[0] for row in self._connection.execute("SELECT trail FROM deliveries").fetchall()]
            gone = [(trail,) for trail in known if trail not in trails]
            self._connection.executemany("DELETE FROM deliveries WHERE trail = ?", gone)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()


def _stored(name: str) -> str:
    # A caller can send half a surrogate pair, which SQLite takes for no text.
    return name.encode("utf-8", "replace").decode()
