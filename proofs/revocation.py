"""After an emergency every earlier version of every secret is refused, and every session opened before is gone.

On real PostgreSQL and Redis, with the whole catalogue in the local AWS, the functions as they are shipped, the state
machine with its own role, and `secretsctl emergency --all` as an operator gives it. Before it: several versions of each
secret, made so fast that none was retired in between, and a session of every version that logs in.
"""

from __future__ import annotations

import hashlib
import json
import ssl
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from catalog.kind import Kind
from catalog.model import Secret
from proofs.revocation_place import Place, place
from rotation.errors import LoginRefusedError
from rotation.targets.postgres_session import Login, connect
from rotation.targets.redis_session import Login as RedisLogin
from rotation.targets.redis_session import connect as connect_redis
from secretsctl.talk import show_table
from tests.lambdas.postgres_bench import replication_connection

ROUNDS = 3
AIM_SECONDS = 30.0
INCIDENT = "INC-1"


@dataclass(frozen=True, kw_only=True)
class Opened:
    """A session that was open before; `ask` raises once it is gone, `close` lets go of our end of it."""

    secret: str
    version: str
    ask: Callable[[], object]
    close: Callable[[], object]

    def is_alive(self) -> bool:
        """Whether it still answers."""
        try:
            self.ask()
        except Exception:  # noqa: BLE001 - each driver has its own way to find a dead connection
            return False
        return True


@dataclass(kw_only=True)
class Outcome:
    """What came of it, for one kind of secret."""

    secrets: int = 0
    versions: int = 0
    refused: int = 0
    archived: int = 0
    sessions: int = 0
    gone: int = 0

    @property
    def holds(self) -> bool:
        """Whether all of it is dead."""
        return self.refused == self.versions and self.gone == self.sessions


@dataclass(frozen=True, kw_only=True)
class Proof:
    """By kind; `seconds` is when the last session was gone, from the end of the command on; `code` is its verdict.

    `living` is how many sessions still answered when the emergency began: a rotation ends some by itself.
    """

    kinds: dict[str, Outcome]
    seconds: float
    code: int
    living: int
    report: dict[str, Any]

    @property
    def holds(self) -> bool:
        """Whether the promise was kept."""
        return self.code == 0 and self.seconds <= AIM_SECONDS and all(kind.holds for kind in self.kinds.values())


def prove() -> bool:
    """Print what was refused and what was ended, by kind."""
    with place() as made:
        proof = fought(made, ROUNDS)
    show_table(
        ["kind", "secrets", "earlier versions", "refused", "kept for archives", "sessions before", "gone"],
        [
            [kind, *map(str, (end.secrets, end.versions, end.refused, end.archived, end.sessions, end.gone))]
            for kind, end in sorted(proof.kinds.items())
        ],
    )
    told = proof.report
    sys.stdout.write(
        f"emergency: {told.get('rotated')} rotated and {told.get('retired')} retired in {told.get('seconds')} s, "
        f"{len(told.get('no_value', ()))} without a value, exit code {proof.code}; "
        f"{proof.living} sessions answered when it began, the "
        f"last one was gone {proof.seconds:.1f} s after its end (aim: at most {AIM_SECONDS:.0f} s)\n"
    )
    return proof.holds


def fought(made: Place, rounds: int) -> Proof:
    """Rotate some times, open sessions all the while, have the emergency, and look at what is left."""
    opened = _opened(made)
    for number in range(rounds):
        for secret in made.rotated:
            digest = hashlib.sha256(f"{number}/{secret.name}".encode()).hexdigest()[:40]
            made.rotate(secret, f"emergency-{digest}")
        opened += _opened(made)
    earlier = {secret.name: set(made.values(secret)) for secret in made.rotated}
    living = sum(session.is_alive() for session in opened)
    result = made.secretsctl("emergency", "--all", "--incident", INCIDENT, "--reason", "a proof", "--yes", "--json")
    ended = time.monotonic()
    report = json.loads(result.stdout) if result.stdout.startswith("{") else {}
    if result.exit_code:
        sys.stderr.write(result.stderr)
    alive = list(opened)
    while alive and time.monotonic() - ended <= AIM_SECONDS:
        alive = [session for session in alive if session.is_alive()]
        if alive:
            time.sleep(0.2)
    seconds = time.monotonic() - ended
    for session in opened:
        with suppress(Exception):  # it is cut already: closing it can only say so
            session.close()
    return Proof(
        kinds=_judged(made, earlier, opened, alive),
        seconds=seconds,
        code=result.exit_code,
        living=living,
        report=report,
    )


def _judged(made: Place, earlier: dict[str, set[str]], opened: list[Opened], alive: list[Opened]) -> dict[str, Outcome]:
    kinds: dict[str, Outcome] = {}
    for secret in made.rotated:
        kind = kinds.setdefault(secret.kind.value, Outcome())
        values, current = made.values(secret), made.current(secret)
        kind.secrets += 1
        before = [session for session in opened if session.secret == secret.name]
        kind.sessions += len(before)
        kind.gone += len(before) - sum(session in alive for session in before)
        if missing := earlier[secret.name] - values.keys():
            raise RuntimeError(f"{secret.name}: versions {sorted(missing)} can no longer be tried")
        for version in earlier[secret.name] - {current}:
            kind.versions += 1
            if secret.kind is Kind.KEYRING:
                state = verifies(values[version], values[current])
                kind.archived += state == "archive"
                kind.refused += state in ("refused", "archive")
            else:
                kind.refused += not _logs_in(made, secret, values[version])
    return kinds


def verifies(old: dict[str, Any], current: dict[str, Any]) -> str:
    """What the current ring makes of what an old version's key signs: the ring's own rule.

    A verifier looks the key up by its kid. A ring without an end of retention keeps old keys as `retired`, for what
    they encrypted long ago: nothing new is accepted as theirs, as they neither sign nor will.
    """
    found = [entry for entry in current["ring"] if entry["kid"] == old["kid"] and entry["key"] == old["key"]]
    if not found:
        return "refused"
    only_archive = current["retention_days"] is None and all(entry["state"] == "retired" for entry in found)
    return "archive" if only_archive else "accepted"


def _logs_in(made: Place, secret: Secret, document: dict[str, Any]) -> bool:
    try:
        if secret.kind is Kind.REDIS:
            with connect_redis(RedisLogin.of(document), made.redis.ca_pem):
                return True
        with connect(Login.of(document), made.postgres.ca_pem):
            return True
    except LoginRefusedError:
        return False


def _opened(made: Place) -> list[Opened]:
    """A session with the current version of every secret that logs in somewhere."""
    sessions = []
    for secret in made.rotated:
        if secret.kind is Kind.KEYRING:
            continue
        version = made.current(secret)
        document = made.values(secret)[version]
        sessions.append(_session(made, secret, version, document))
        if document.get("replication"):
            sessions.append(_replicating(made, secret, version, document))
    return sessions


def _session(made: Place, secret: Secret, version: str, document: dict[str, Any]) -> Opened:
    if secret.kind is Kind.REDIS:
        cache = connect_redis(RedisLogin.of(document), made.redis.ca_pem)
        return Opened(
            secret=secret.name,
            version=version,
            ask=lambda: cache.run("PING"),
            close=lambda: cache.__exit__(None, None, None),
        )
    session = connect(Login.of(document), made.postgres.ca_pem)
    return Opened(
        secret=secret.name,
        version=version,
        ask=lambda: session.run("SELECT 1"),
        close=lambda: session.__exit__(None, None, None),
    )


def _replicating(made: Place, secret: Secret, version: str, document: dict[str, Any]) -> Opened:
    """A connection as a standby makes one."""
    connection = replication_connection(document, ssl.create_default_context(cadata=made.postgres.ca_pem))
    return Opened(
        secret=secret.name,
        version=version,
        ask=lambda: connection.run("IDENTIFY_SYSTEM"),
        close=connection.close,
    )
