"""Secrets on disk: SQLite, WAL, synchronous=FULL, one connection a thread; what was committed outlives kill -9."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sandbox.aws.database import open_database
from sandbox.aws.secretsmanager.codec import decode, encode
from sandbox.aws.secretsmanager.model import Secret, Value, Version
from sandbox.aws.secretsmanager.sealing import Seal

_SCHEMA = """
CREATE TABLE IF NOT EXISTS secrets (
    arn TEXT PRIMARY KEY, region TEXT NOT NULL, name TEXT NOT NULL, document TEXT NOT NULL, UNIQUE (region, name));
CREATE TABLE IF NOT EXISTS secret_values (
    arn TEXT NOT NULL, version TEXT NOT NULL, sealed BLOB NOT NULL, PRIMARY KEY (arn, version)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS rotations (
    arn TEXT PRIMARY KEY, token TEXT NOT NULL, kind TEXT NOT NULL, step INTEGER NOT NULL, attempt INTEGER NOT NULL,
    due REAL NOT NULL, rotation_token TEXT NOT NULL);
"""


class SecretStorage:
    """The tables of Secrets Manager in one file of the state folder."""

    def __init__(self, state: Path) -> None:
        """Open or create the database under `state`, which must exist with mode 0700."""
        self._path = state / "secrets.sqlite"
        self._seal = Seal(state / "secrets.key")
        self._local = threading.local()
        self._writer = threading.RLock()
        self.connection().executescript(_SCHEMA)

    def connection(self) -> sqlite3.Connection:
        """This thread's connection, in autocommit mode."""
        found: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if found is None:
            found = self._local.connection = open_database(self._path, is_shared=False)
        return found

    @contextmanager
    def change(self) -> Iterator[None]:
        """One write transaction: committed and synced when the block ends, undone when it raises."""
        connection = self.connection()
        if connection.in_transaction:
            yield
            return
        with self._writer:  # threads queue here rather than in SQLite's sleeping busy handler
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")

    def by_arn(self, arn: str) -> Secret | None:
        """The secret with exactly this ARN."""
        return self._one("SELECT document FROM secrets WHERE arn = ?", arn)

    def by_name(self, region: str, name: str) -> Secret | None:
        """The secret of this name in a region, deleted ones in their recovery window included."""
        return self._one("SELECT document FROM secrets WHERE region = ? AND name = ?", region, name)

    def all_in(self, region: str) -> list[Secret]:
        """Every secret of a region."""
        rows = self.connection().execute("SELECT document FROM secrets WHERE region = ? ORDER BY name", (region,))
        return [decode(text) for (text,) in rows]

    def save(self, secret: Secret, values: dict[str, Value] | None = None) -> None:
        """Write the metadata, the given values, and drop values of versions that are gone."""
        with self.change():
            connection = self.connection()
            connection.execute(
                "INSERT INTO secrets VALUES (?, ?, ?, ?) ON CONFLICT (arn) DO UPDATE SET document = excluded.document",
                (secret.arn, secret.region, secret.name, encode(secret)),
            )
            for version_id, value in (values or {}).items():
                sealed = self._seal.close(value.data, place=f"{secret.arn}|{version_id}")
                connection.execute(
                    "INSERT OR REPLACE INTO secret_values VALUES (?, ?, ?)", (secret.arn, version_id, sealed)
                )
            stored = connection.execute("SELECT version FROM secret_values WHERE arn = ?", (secret.arn,)).fetchall()
            gone = [(secret.arn, version) for (version,) in stored if version not in secret.versions]
            connection.executemany("DELETE FROM secret_values WHERE arn = ? AND version = ?", gone)

    def delete(self, arn: str) -> None:
        """Remove a secret with all its versions and any rotation of it."""
        with self.change():
            for table in ("secrets", "secret_values", "rotations"):
                self.connection().execute(f"DELETE FROM {table} WHERE arn = ?", (arn,))  # noqa: S608 - fixed names

    def value(self, secret: Secret, version: Version) -> Value | None:
        """The value of a version, or None while it has none."""
        row = (
            self.connection()
            .execute("SELECT sealed FROM secret_values WHERE arn = ? AND version = ?", (secret.arn, version.id))
            .fetchone()
        )
        if row is None or version.kind is None:
            return None
        return Value(kind=version.kind, data=self._seal.open(row[0], place=f"{secret.arn}|{version.id}"))

    def _one(self, query: str, *parameters: str) -> Secret | None:
        row = self.connection().execute(query, parameters).fetchone()
        return decode(row[0]) if row is not None else None
