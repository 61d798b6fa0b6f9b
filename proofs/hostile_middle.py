"""Clients that meet a man in the middle: each must give up, with the right error, before it has said anything."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psycopg
import redis as redis_py
from pg8000.native import identifier, literal  # type: ignore[import-untyped]
from redis.backoff import NoBackoff
from redis.retry import Retry

from proofs import hostile_wire as wire
from proofs.hostile_leaks import CANARY
from rotation.errors import RotationError, ServerUnreachableError
from rotation.targets import postgres_session, redis_session
from rotation.targets.postgres_sql import verifier
from sandbox.servers import tls
from sandbox.servers.server import Server
from tests.lambdas.postgres_bench import PostgresBench
from tests.lambdas.redis_bench import RedisBench

_USER = "victim-of-the-proof"
_TELLING = (CANARY, _USER, "SCRAM", "n,,", "AUTH", "HELLO", "llm_observatory")
"""Words of a login; none of them may reach a man in the middle, in no case and at no time."""
IN, UNREACHABLE = "logged in", "unreachable"
OTHER_HOST = "127.0.0.2"
"""Loopback too, and not among the names of the servers' certificates."""


@dataclass(frozen=True, kw_only=True)
class Met:
    """What one client did when it met one man in the middle."""

    client: str
    man: str
    outcome: str
    as_meant: bool
    silent: bool
    heard: int
    """Bytes off the line."""
    opened: int
    """Bytes that he could read inside TLS."""


Client = Callable[[str, int, Path], None]


def meetings(postgres: Server, redis: Server, authority: tls.Authority, folder: Path) -> Iterator[Met]:
    """Every client with every man in the middle of its protocol; `authority` is the one that the clients trust."""
    folder.mkdir()
    ca_file = folder / "ca.pem"
    ca_file.write_text(postgres.ca_pem, encoding="ascii")
    other = tls.server_pair(tls.authority(folder / "other"), folder / "other", [], None)
    trusted = tls.server_pair(authority, folder / "trusted", [], None)
    PostgresBench(postgres).sql(
        f"CREATE ROLE {identifier(_USER)} LOGIN IN ROLE llm_observatory_app PASSWORD {literal(verifier(CANARY))}"
    )
    RedisBench(redis).command("ACL", "SETUSER", _USER, "on", f">{CANARY}", "~*", "&*", "+@all")
    stuffing = b"R" + (8).to_bytes(4, "big") + (0).to_bytes(4, "big") + b"Z" + (5).to_bytes(4, "big") + b"I"
    men: dict[str, dict[str, tuple[wire.Play, str, bool]]] = {
        "postgres": {
            "only passes on": (wire.passes_on(postgres.host, postgres.port), postgres.host, True),
            "says that there is no TLS": (wire.strips_postgres(), postgres.host, False),
            "answers with an error": (wire.errs_postgres(), postgres.host, False),
            "another certificate": (wire.presents(other, asks_first=True), postgres.host, False),
            "right authority, wrong name": (wire.presents(trusted, asks_first=True), OTHER_HOST, False),
            "says yes and more": (
                wire.presents(other, asks_first=True, stuffing=stuffing),
                postgres.host,
                False,
            ),
        },
        "redis": {
            "only passes on": (wire.passes_on(redis.host, redis.port), redis.host, True),
            "speaks without TLS": (wire.strips_redis(), redis.host, False),
            "another certificate": (wire.presents(other, asks_first=False), redis.host, False),
            "right authority, wrong name": (wire.presents(trusted, asks_first=False), OTHER_HOST, False),
        },
    }
    clients: dict[str, dict[str, Client]] = {
        "postgres": {"pg8000, the functions'": _pg8000, "libpq, DATABASE_URL": _libpq},
        "redis": {"redis-py, the functions'": _redis, "redis-py, REDIS_URL": _redis_url},
    }
    for kind, some in clients.items():
        for client, connect in some.items():
            for man, (play, host, works) in men[kind].items():
                yield _meet(client, connect, man, play, host, ca_file, works=works)


def _meet(client: str, connect: Client, man: str, play: wire.Play, host: str, ca_file: Path, *, works: bool) -> Met:
    with wire.listening(play, host) as (port, seen):
        try:
            connect(host, port, ca_file)
            outcome = IN
        except ServerUnreachableError:
            outcome = UNREACHABLE
        except RotationError as error:
            outcome = type(error).__name__
    return Met(
        client=client,
        man=man,
        outcome=outcome,
        as_meant=outcome == (IN if works else UNREACHABLE),
        silent=not seen.holds(*_TELLING) and not seen.opened,
        heard=len(seen.raw),
        opened=len(seen.opened),
    )


def _pg8000(host: str, port: int, ca_file: Path) -> None:
    login = postgres_session.Login(host=host, port=port, dbname="llm_observatory", username=_USER, password=CANARY)
    with postgres_session.connect(login, ca_file.read_text(encoding="ascii")):
        pass


def _libpq(host: str, port: int, ca_file: Path) -> None:
    # Through psycopg, which lets other threads run while it waits: the man in the middle is one of ours.
    try:
        psycopg.connect(
            host=host,
            port=port,
            dbname="llm_observatory",
            user=_USER,
            password=CANARY,
            sslmode="verify-full",
            sslrootcert=str(ca_file),
            connect_timeout=10,
        ).close()
    except psycopg.OperationalError:
        raise ServerUnreachableError("libpq gave up") from None


def _redis(host: str, port: int, ca_file: Path) -> None:
    login = redis_session.Login(host=host, port=port, db=0, username=_USER, password=CANARY)
    with redis_session.connect(login, ca_file.read_text(encoding="ascii")):
        pass


def _redis_url(host: str, port: int, ca_file: Path) -> None:
    url = f"rediss://{_USER}:{quote(CANARY, safe='')}@{host}:{port}/0"
    with redis_py.Redis.from_url(url, ssl_ca_certs=str(ca_file), retry=Retry(NoBackoff(), 0)) as one:
        try:
            one.ping()
        except redis_py.exceptions.ConnectionError:
            raise ServerUnreachableError("redis-py gave up") from None
