"""Temporary credentials, on disk before they are handed out: what moto drops of a session is kept here.

One row an access key. The state folder has mode 0700: secret keys lie in it as moto's own do.
"""

import json
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from sandbox.aws.database import open_database

_SCHEMA = """
CREATE TABLE IF NOT EXISTS credentials (access_key TEXT PRIMARY KEY, expires REAL NOT NULL, document TEXT NOT NULL);
"""
# Long after it expired a key is still answered with ExpiredToken; then it is unknown, as on AWS (how long is ours).
_KEPT_SECONDS = 7 * 24 * 3600.0
_CACHED = 1024

Kind = Literal["role", "user", "federated"]


@dataclass(frozen=True, kw_only=True)
class Temporary:
    """One set of temporary credentials. Times are seconds since the epoch.

    `issuer_*` are of the role or the IAM user; `user_id` is `aws:userid`. `tags` were passed when the session was made
    and `transitive` names those that a next session inherits. `policies` are the texts of session policies.
    """

    access_key: str
    secret_key: str = field(repr=False)
    token: str = field(repr=False)
    kind: Kind
    arn: str
    user_id: str
    issuer_arn: str
    issuer_id: str
    issuer_name: str
    issued: float
    expires: float
    tags: Mapping[str, str] = field(default_factory=dict)
    transitive: tuple[str, ...] = ()
    policies: tuple[str, ...] = ()
    mfa: bool = False
    source_identity: str | None = None


class TemporaryCredentials:
    """The table of temporary credentials of one local AWS."""

    def __init__(self, state: Path, *, clock: Callable[[], float] = time.time) -> None:
        """Open or create the table under `state`, which must exist with mode 0700."""
        self._clock = clock
        self._lock = threading.Lock()
        self._connection = open_database(state / "sessions.sqlite", _SCHEMA)
        self._cache: dict[str, Temporary] = {}

    def put(self, made: Temporary) -> None:
        """Keep new credentials; they are on disk when this returns."""
        with self._lock:
            self._connection.execute("BEGIN IMMEDIATE")
            self._connection.execute("DELETE FROM credentials WHERE expires < ?", (self._clock() - _KEPT_SECONDS,))
            row = (made.access_key, made.expires, json.dumps(asdict(made)))
            self._connection.execute("INSERT INTO credentials VALUES (?, ?, ?)", row)
            self._connection.execute("COMMIT")
            self._remember(made)

    def get(self, access_key: str) -> Temporary | None:
        """The credentials of an access key, expired ones included."""
        found = self._cache.get(access_key)
        if found is not None:
            return found
        with self._lock:
            query = "SELECT document FROM credentials WHERE access_key = ?"
            row = self._connection.execute(query, (access_key,)).fetchone()
            if row is None:
                return None
            read: dict[str, Any] = json.loads(row[0])
            listed = {name: tuple(read[name]) for name in ("transitive", "policies")}
            return self._remember(Temporary(**{**read, **listed}))

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()

    def _remember(self, found: Temporary) -> Temporary:
        # Rows never change, so what is remembered never gets stale.
        if len(self._cache) >= _CACHED:
            self._cache.pop(next(iter(self._cache)))
        self._cache[found.access_key] = found
        return found
