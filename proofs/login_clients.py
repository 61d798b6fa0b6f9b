"""Client processes: each logs in afresh with values that it read a while ago and kept, as consumers do.

A login is one attempt of the driver, libpq for PostgreSQL and redis-py's connection without a retry for Redis, with TLS
verified. A refused attempt is counted and never made again with a newer value.
"""

from __future__ import annotations

import heapq
import json
import multiprocessing
import random
import time
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from psycopg import pq
from psycopg.conninfo import make_conninfo

from proofs.login_place import client
from rotation.errors import LoginRefusedError, RotationError
from rotation.targets.redis_session import Login, connect

APPLICATION = "llmobs-proof-client"
ENGINES = ("postgres", "redis")
LOGINS_A_VALUE = 20
"""A consumer logs in so often with a value that it read once, at random ages of it."""
REFUSED, OTHER = "refused", "other"
_PASSWORD_FAILED = "password authentication failed"


@dataclass(frozen=True, kw_only=True)
class Orders:
    """What every client process is told; `secrets` maps a secret's whole name to its engine."""

    endpoint: str
    ca_file: Path
    secrets: Mapping[str, str]
    longest_cache: float
    seed: int


@dataclass(frozen=True, kw_only=True)
class Failure:
    """A first attempt that did not get in."""

    secret: str
    version: str
    age: float
    kind: str
    text: str


@dataclass(kw_only=True)
class Done:
    """What one process did: the start and the length of every login by engine, and what failed."""

    started: dict[str, array[float]] = field(default_factory=lambda: {engine: array("d") for engine in ENGINES})
    took: dict[str, array[float]] = field(default_factory=lambda: {engine: array("d") for engine in ENGINES})
    ages: array[float] = field(default_factory=lambda: array("d"))
    failures: list[Failure] = field(default_factory=list)
    reads: int = 0


class Clients:
    """The processes, from start to the end of their work."""

    def __init__(self, count: int, orders: Orders) -> None:
        """Start `count` of them; they log in until they are stopped."""
        # Started anew, not forked: a fork would copy this process's threads' locks.
        context = multiprocessing.get_context("spawn")
        self._stop = context.Event()
        self._counted = context.Array("Q", count * len(ENGINES), lock=False)
        self._lines: list[Connection] = []
        self._processes = []
        for number in range(count):
            here, there = context.Pipe(duplex=False)
            process = context.Process(target=work, args=(number, orders, self._stop, self._counted, there), daemon=True)
            process.start()
            there.close()
            self._lines.append(here)
            self._processes.append(process)

    def count(self, engine: str) -> int:
        """Logins so far, failed ones too."""
        return sum(self._counted[ENGINES.index(engine) :: len(ENGINES)])

    def stop(self) -> Sequence[Done]:
        """Let them finish the login that they are at; what each did. EOFError when one has died."""
        self._stop.set()
        done = [line.recv() for line in self._lines]
        for process in self._processes:
            process.join()
        return done


def work(number: int, orders: Orders, stop: Any, counted: Any, line: Connection) -> None:
    """A client process's life."""
    chance = random.Random(orders.seed * 1000 + number)
    secrets = client(orders.endpoint, "secretsmanager")
    everybody = [Consumer(name, engine, orders, chance) for name, engine in orders.secrets.items()]
    # By the time of their next logins; the number breaks ties.
    waiting = [(time.monotonic(), place) for place in range(len(everybody))]
    heapq.heapify(waiting)
    done = Done()
    while not stop.is_set():
        due, place = heapq.heappop(waiting)
        time.sleep(max(0.0, due - time.monotonic()))
        consumer = everybody[place]
        if consumer.has_value():
            failure = consumer.log_in(done)
            if failure is not None:
                done.failures.append(failure)
            counted[number * len(ENGINES) + ENGINES.index(consumer.engine)] += 1
        else:
            consumer.read(secrets)
            done.reads += 1
        heapq.heappush(waiting, (consumer.due, place))
    line.send(done)


class Consumer:
    """One reader of one secret with a cache, who logs in at random moments of a value's time in it."""

    def __init__(self, secret: str, engine: str, orders: Orders, chance: random.Random) -> None:
        """It has read nothing yet."""
        self.engine = engine
        self._secret = secret
        self._orders = orders
        self._chance = chance
        self._document: dict[str, Any] = {}
        self._version = ""
        self._asked = 0.0
        self._moments: list[float] = []
        self._ca_pem = orders.ca_file.read_text(encoding="utf-8")

    @property
    def due(self) -> float:
        """When it logs in next, or reads again; on the monotonic clock."""
        return self._moments[-1] if self._moments else self._asked

    def has_value(self) -> bool:
        """Whether it has one that it may still use, and has not used often enough."""
        return bool(self._moments) and time.monotonic() - self._asked <= self._orders.longest_cache

    def read(self, secrets: Any) -> None:
        """AWSCURRENT, as any consumer gets it. Its age counts from the question: so it is never older than that."""
        self._asked = time.monotonic()
        answer = secrets.get_secret_value(SecretId=self._secret)
        self._document = json.loads(answer["SecretString"])
        self._version = answer["VersionId"]
        ages = (self._chance.uniform(0, self._orders.longest_cache) for _ in range(LOGINS_A_VALUE))
        self._moments = sorted((self._asked + age for age in ages), reverse=True)

    def log_in(self, done: Done) -> Failure | None:
        """One attempt, and one statement when it got in."""
        self._moments.pop()
        attempt = self._postgres if self.engine == "postgres" else self._redis
        started = time.monotonic()
        kind, text = attempt()
        done.started[self.engine].append(started)
        done.took[self.engine].append(time.monotonic() - started)
        done.ages.append(started - self._asked)
        if not kind:
            return None
        age = started - self._asked
        return Failure(secret=self._secret, version=self._version, age=age, kind=kind, text=text)

    def _postgres(self) -> tuple[str, str]:
        document = self._document
        parameters = {
            "host": document["host"],
            "port": document["port"],
            "dbname": document["dbname"],
            "user": document["username"],
            "password": document["password"],
            "sslmode": "verify-full",
            "sslrootcert": str(self._orders.ca_file),
            # libpq asks for GSSAPI first where there are credentials for it: a connection that would count twice.
            "gssencmode": "disable",
            "application_name": APPLICATION,
        }
        if document.get("replication"):
            parameters["replication"] = "true"
        connection = pq.PGconn.connect(make_conninfo(**parameters).encode())
        try:
            if connection.status != pq.ConnStatus.OK:
                text = connection.error_message.decode(errors="replace").strip()
                return (REFUSED if _PASSWORD_FAILED in text else OTHER), text[-200:]
            result = connection.exec_(b"IDENTIFY_SYSTEM" if document.get("replication") else b"SELECT 1")
            if result.status != pq.ExecStatus.TUPLES_OK:
                return OTHER, connection.error_message.decode(errors="replace").strip()[-200:]
        finally:
            connection.finish()
        return "", ""

    def _redis(self) -> tuple[str, str]:
        try:
            with connect(Login.of(self._document), self._ca_pem) as session:
                session.run("PING")
        except RotationError as error:
            return (REFUSED if isinstance(error, LoginRefusedError) else OTHER), str(error)
        return "", ""
