"""The users of hostile values on the real servers: made, rotated, taken away, and refused where a server cannot."""

from __future__ import annotations

import hashlib
import io
import itertools
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from functools import partial

from pg8000.native import identifier, literal  # type: ignore[import-untyped]

from proofs.hostile_values import NO_PASSWORDS, NO_ROLE_NAMES, NO_USER_NAMES, Value
from rotation.errors import RotationError
from rotation.targets.postgres_session import PostgresSession
from rotation.targets.postgres_sql import verifier
from sandbox.servers.server import Server
from tests.lambdas.postgres_bench import PostgresBench
from tests.lambdas.redis_bench import RedisBench
from tests.lambdas.workbench import ADMIN

GROUP = "llm_observatory_app"


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """A value that a server cannot hold: the text of its refusal, None if it was taken; what it left there."""

    what: str
    text: str | None
    left: str

    @property
    def is_clear(self) -> bool:
        """Refused with one of our errors, and nothing was made of it."""
        return self.text is not None and not self.left


class Users:
    """Makes and removes them through the administrators of both servers."""

    def __init__(self, postgres: Server, redis: Server) -> None:
        self._postgres, self._redis = PostgresBench(postgres), RedisBench(redis)

    @contextmanager
    def existing(self, values: Sequence[Value]) -> Iterator[None]:
        """The users of some values with their passwords; PostgreSQL gets verifiers and Redis hashes, as always."""
        with self._admin() as session:
            session.run("BEGIN")
            for value in values:
                secret = literal(verifier(value.password))
                session.run(f"CREATE ROLE {identifier(value.username)} LOGIN IN ROLE {GROUP} PASSWORD {secret}")
            session.run("COMMIT")
        for value in values:
            digest = hashlib.sha256(value.password.encode()).hexdigest()
            self._redis.command("ACL", "SETUSER", value.in_redis, "reset", "on", f"#{digest}", "+@all")
        try:
            yield
        finally:
            with self._admin() as session:
                for value in values:
                    session.run(f"DROP ROLE {identifier(value.username)}")
            self._redis.command("ACL", "DELUSER", *(value.in_redis for value in values))

    def rotated(self, first: Value, second: Value) -> list[str]:
        """Two names through whole rotations, of PostgreSQL and of Redis; every problem."""
        with redirect_stdout(io.StringIO()):  # the functions' own log lines
            return self._takes_turns(first, second) + self._takes_two_passwords(first)

    def _takes_turns(self, first: Value, second: Value) -> list[str]:
        bench, names = self._postgres, [first.username, second.username]
        secret = bench.role(GROUP, names=names)
        problems = []
        for turn in range(3):
            bench.rotate(secret)
            value = bench.value(secret)
            if value["username"] != names[turn % 2] or not bench.logs_in(value):
                problems.append(f"values {first.number} and {second.number}: turn {turn} does not log in")
        old = bench.value(secret, "AWSPREVIOUS")
        if bench.retire(secret)["outcome"] != "retired" or bench.logs_in(old):
            problems.append(f"values {first.number} and {second.number}: the old role is not retired")
        if not bench.logs_in(bench.value(secret)):
            problems.append(f"values {first.number} and {second.number}: the role in use was retired")
        with self._admin() as session:
            for name in names:
                session.run(f"DROP ROLE {identifier(name)}")
        return problems

    def _takes_two_passwords(self, value: Value) -> list[str]:
        bench = self._redis
        digest = hashlib.sha256(value.password.encode()).hexdigest()
        bench.command("ACL", "SETUSER", value.in_redis, "reset", "on", f"#{digest}", "~*", "&*", "+@all")
        secret = f"llm-observatory/staging/redis-hostile-{value.number}"
        document = {**bench.constants, "username": value.in_redis}
        bench.secret(secret, "redis", document)
        bench.give(secret, {**document, "password": value.password})
        bench.rotate(secret)
        problems = []
        if not all(bench.logs_in(bench.value(secret, stage)) for stage in ("AWSCURRENT", "AWSPREVIOUS")):
            problems.append(f"value {value.number}: one of two passwords does not log in to Redis")
        old = bench.value(secret, "AWSPREVIOUS")
        if bench.retire(secret)["outcome"] != "retired" or bench.logs_in(old) or not bench.logs_in(bench.value(secret)):
            problems.append(f"value {value.number}: the old password of Redis is not retired")
        bench.command("ACL", "DELUSER", value.in_redis)
        return problems

    def refusals(self) -> Iterator[Refusal]:
        """Everything that a server cannot hold, given to the code that would give it to the server."""
        for what, name in NO_ROLE_NAMES.items():
            before = self._roles()
            text = _refused(partial(self._rotate_role, name))
            yield Refusal(what=f"role name {what}", text=text, left=", ".join(sorted(self._roles() - before)))
        for what, name in NO_USER_NAMES.items():
            before = self._users()
            text = _refused(partial(self._redis.command, "ACL", "SETUSER", name, "on"))
            yield Refusal(what=f"Redis user name {what}", text=text, left=", ".join(sorted(self._users() - before)))
        for what, password in NO_PASSWORDS.items():
            yield Refusal(what=f"password {what}", text=_refused(partial(verifier, password)), left="")

    def _rotate_role(self, name: str) -> None:
        with redirect_stdout(io.StringIO()):
            self._postgres.rotate(self._postgres.role(GROUP, names=[name, f"other{next(_numbers)}"]))

    def _roles(self) -> set[str]:
        return {row[0] for row in self._postgres.sql("SELECT rolname FROM pg_roles")}

    def _users(self) -> set[str]:
        return set(self._redis.command("ACL", "USERS"))

    @contextmanager
    def _admin(self) -> Iterator[PostgresSession]:
        with self._postgres.session(self._postgres.value(ADMIN)) as session:
            yield session


_numbers = itertools.count()


def _refused(attempt: Callable[[], object]) -> str | None:
    try:
        attempt()
    except RotationError as error:
        return str(error)
    return None
