"""How every part of the local AWS opens its SQLite file: for its owner alone, and durable."""

import sqlite3
from pathlib import Path


def open_database(
    path: Path, schema: str = "", *, is_synced: bool = True, is_shared: bool = True
) -> sqlite3.Connection:
    """A connection in autocommit mode to the file at `path` (mode 0600), made with `schema` when it is missing.

    A commit survives `kill -9` either way; `is_synced` (synchronous=FULL) also a crash of the machine. `is_shared` lets
    several threads use it, one at a time. Source: https://www.sqlite.org/pragma.html#pragma_synchronous.
    """
    path.touch(mode=0o600)
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=not is_shared, timeout=30)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute(f"PRAGMA synchronous={'FULL' if is_synced else 'NORMAL'}")
    connection.executescript(schema)
    return connection
