"""The database of moto's state: backends, large bytes, log events. SQLite, WAL, synchronous=FULL."""

import pickle
import sys
from collections.abc import Iterable, Mapping
from importlib.metadata import version
from pathlib import Path

from sandbox.aws.database import open_database
from sandbox.aws.errors import SandboxError
from sandbox.aws.memory.pickles import EventRow
from sandbox.aws.memory.touched import BackendKey

_SCHEMA = """
CREATE TABLE IF NOT EXISTS made_with (what TEXT PRIMARY KEY, version TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS backends (
    module TEXT, qualname TEXT, account TEXT, region TEXT, state BLOB NOT NULL,
    PRIMARY KEY (module, qualname, account, region));
CREATE TABLE IF NOT EXISTS large_bytes (digest TEXT PRIMARY KEY, data BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS large_uses (
    module TEXT, qualname TEXT, account TEXT, region TEXT, digest TEXT,
    PRIMARY KEY (module, qualname, account, region, digest)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS log_events (stream TEXT, first INTEGER, rows BLOB NOT NULL, PRIMARY KEY (stream, first));
"""
_WHERE = "module = ? AND qualname = ? AND account = ? AND region = ?"


class Tables:
    """The tables; callers hold the memory's lock."""

    def __init__(self, path: Path) -> None:
        """Open or create; SandboxError when another moto or Python wrote the file."""
        self._connection = open_database(path, _SCHEMA)
        now = {"moto": version("moto"), "python": f"{sys.version_info.major}.{sys.version_info.minor}"}
        found = dict(self._connection.execute("SELECT what, version FROM made_with"))
        if found and found != now:
            raise SandboxError(f"the state in {path} was made with {found}, this is {now}; remove the state folder")
        self._connection.executemany("INSERT OR REPLACE INTO made_with VALUES (?, ?)", now.items())

    def backends(self) -> list[tuple[BackendKey, bytes]]:
        """Every stored backend."""
        rows = self._connection.execute("SELECT module, qualname, account, region, state FROM backends")
        return [(BackendKey(*row[:4]), row[4]) for row in rows.fetchall()]

    def large(self, digest: str) -> bytes:
        """Bytes stored by hash."""
        data: bytes = self._connection.execute("SELECT data FROM large_bytes WHERE digest = ?", (digest,)).fetchone()[0]
        return data

    def events(self, stream: str) -> list[EventRow]:
        """A log stream's events in order."""
        chunks = self._connection.execute("SELECT rows FROM log_events WHERE stream = ? ORDER BY first", (stream,))
        return [row for (chunk,) in chunks.fetchall() for row in pickle.loads(chunk)]  # noqa: S301 - our own file

    def begin(self) -> None:
        """Start a transaction."""
        self._connection.execute("BEGIN IMMEDIATE")

    def commit(self) -> None:
        """Make it durable."""
        self._connection.execute("COMMIT")

    def rollback(self) -> None:
        """Undo it."""
        self._connection.execute("ROLLBACK")

    def put_backend(self, key: BackendKey, state: bytes) -> None:
        """Store a backend's state."""
        self._connection.execute("INSERT OR REPLACE INTO backends VALUES (?, ?, ?, ?, ?)", (*_place(key), state))

    def put_large(self, key: BackendKey, large: Mapping[str, bytes], *, dropped: Iterable[str]) -> None:
        """Store bytes that a backend began to use, and forget those that nobody uses any more."""
        for digest, data in large.items():
            self._connection.execute("INSERT OR IGNORE INTO large_bytes VALUES (?, ?)", (digest, data))
            self._connection.execute("INSERT OR IGNORE INTO large_uses VALUES (?, ?, ?, ?, ?)", (*_place(key), digest))
        for digest in dropped:
            self._connection.execute(f"DELETE FROM large_uses WHERE {_WHERE} AND digest = ?", (*_place(key), digest))  # noqa: S608
            self._connection.execute(
                "DELETE FROM large_bytes WHERE digest = ? "
                "AND NOT EXISTS (SELECT 1 FROM large_uses u WHERE u.digest = large_bytes.digest)",
                (digest,),
            )

    def large_used_by(self, key: BackendKey) -> set[str]:
        """The hashes that a backend uses."""
        rows = self._connection.execute(f"SELECT digest FROM large_uses WHERE {_WHERE}", _place(key))  # noqa: S608
        return {digest for (digest,) in rows}

    def put_events(self, stream: str, first: int, rows: list[EventRow]) -> None:
        """Append events of a stream, the first having the given index; index 0 replaces what was there."""
        if first == 0:
            self.drop_events(stream)
        if rows:
            self._connection.execute("INSERT INTO log_events VALUES (?, ?, ?)", (stream, first, pickle.dumps(rows)))

    def drop_events(self, stream: str) -> None:
        """Forget a deleted stream's events."""
        self._connection.execute("DELETE FROM log_events WHERE stream = ?", (stream,))

    def close(self) -> None:
        """Close the file."""
        self._connection.close()


def _place(key: BackendKey) -> tuple[str, str, str, str]:
    return key.module, key.qualname, key.account, key.region
