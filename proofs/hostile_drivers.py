"""Drivers that fail at a call of one's choice and put the password and the statement into what they raise."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pg8000.exceptions import DatabaseError, InterfaceError  # type: ignore[import-untyped]
from pg8000.native import Connection  # type: ignore[import-untyped]
from redis.exceptions import AuthenticationError, ResponseError
from redis.exceptions import ConnectionError as RedisConnectionError
from scramp import ScramException  # type: ignore[import-untyped]

from rotation.targets import postgres_session, redis_session

_POSTGRES = (
    lambda text: DatabaseError({"S": "ERROR", "C": "28P01", "M": text, "D": text, "W": text}),
    lambda text: DatabaseError({"S": "ERROR", "C": "XX000", "M": text}),
    DatabaseError,
    InterfaceError,
    OSError,
)
_POSTGRES_LOGIN = (*_POSTGRES, ScramException)
_POSTGRES_RUN = (*_POSTGRES, ValueError, KeyError, UnicodeError)
_REDIS = (ResponseError, RedisConnectionError, AuthenticationError, OSError, ValueError, KeyError)


class Failing:
    """Counts the calls of the drivers and fails at one of them; `raised` says with what, `text` what it quoted."""

    def __init__(self, at: int) -> None:
        self._at = at
        self._count = 0
        self.raised: str | None = None
        self.text = ""

    def tick(self, errors: tuple[Any, ...], text: str) -> None:
        """One call; which error it is depends on which call it is."""
        self._count += 1
        if self._count != self._at:
            return
        error = errors[self._at % len(errors)](text)
        self.raised, self.text = type(error).__name__, text
        try:
            raise ValueError(text)
        except ValueError as cause:
            raise error from cause


@contextmanager
def failing(at: int) -> Iterator[Failing]:
    """Both drivers, while inside, fail at call number `at`: a login, a statement or a command."""
    plan = Failing(at)

    class TalkativeConnection(Connection):  # type: ignore[misc]
        def __init__(self, user: str, **given: Any) -> None:
            self._words = f"user={user} password={given['password']}"
            try:
                plan.tick(_POSTGRES_LOGIN, self._words)
            except BaseException:
                given["sock"].close()  # as the driver does
                raise
            super().__init__(user, **given)

        def run(self, sql: str, *more: Any, **named: Any) -> Any:
            plan.tick(_POSTGRES_RUN, f"{sql} {self._words}")
            return super().run(sql, *more, **named)

    class TalkativeRedis(redis_session._VerifiedConnection):
        def connect(self) -> None:
            plan.tick(_REDIS, f"AUTH {self.username} {self.password}")
            super().connect()  # type: ignore[no-untyped-call]

        def send_command(self, *words: Any, **named: Any) -> None:
            if words[0] not in ("AUTH", "HELLO", "CLIENT", "SELECT") or words[:2] == ("CLIENT", "KILL"):
                plan.tick(_REDIS, f"{words} AUTH {self.username} {self.password}")
            super().send_command(*words, **named)  # type: ignore[no-untyped-call]

    places: tuple[tuple[Any, str, type], ...] = (
        (postgres_session, "Connection", TalkativeConnection),
        (redis_session, "_VerifiedConnection", TalkativeRedis),
    )
    real = [getattr(module, name) for module, name, _ in places]
    for module, name, talkative in places:
        setattr(module, name, talkative)
    try:
        yield plan
    finally:
        for (module, name, _), before in zip(places, real, strict=True):
            setattr(module, name, before)
