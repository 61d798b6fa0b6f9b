"""A connection to Redis over TLS that is always verified, with a different error for each trouble."""

import ssl
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Any, ClassVar, Protocol

from rotation import document as documents
from rotation.document import Document
from rotation.errors import LoginRefusedError, RotationError, ServerBusyError, ServerUnreachableError
from rotation.login import ServerLogin
from rotation.targets.redis_line import ForeignAnswerError, Line, Refusal

TIMEOUT_SECONDS = 10
# AUTH is answered with the first, and a command of who is not logged in with the other:
# redis.io/docs/latest/develop/reference/errors/common
_REFUSED = frozenset({"WRONGPASS", "NOAUTH"})
_STARTING = "LOADING"


@dataclass(frozen=True, kw_only=True)
class Login(ServerLogin):
    """Where to connect and as whom."""

    server: ClassVar[str] = "Redis"
    db: int

    @classmethod
    def own_fields(cls, document: Document) -> dict[str, Any]:
        """The database, by its number."""
        return {"db": documents.number(document, "db")}


class Session(Protocol):
    """What the target needs of a connection."""

    def run(self, *words: str) -> Any:
        """Run one command."""

    def __enter__(self) -> "Session": ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


Connect = Callable[[Login, str | None], Session]


class RedisSession:
    """One connection. Errors hold Redis's error word and never its text, which may quote the command."""

    def __init__(self, line: Line, place: str) -> None:
        self._line = line
        self._place = place

    def run(self, *words: str) -> Any:
        """Run one command. RotationError when the server refuses it, ServerUnreachableError when the line is cut."""
        try:
            return self._line.ask(*words)
        except (Refusal, ForeignAnswerError, OSError) as error:
            raise _translate(error, self._place, f"{words[0]} {words[1]}" if words[1:] else words[0]) from None

    def __enter__(self) -> "RedisSession":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._line.close()


def connect(login: Login, ca_pem: str | None) -> RedisSession:
    """Log in over TLS 1.2 or newer with the server's certificate and name verified; there is no way to go without.

    LoginRefusedError, ServerBusyError and ServerUnreachableError as for PostgreSQL. One attempt, never a second.
    """
    context = ssl.create_default_context(cadata=ca_pem)  # with a CA given, it is the only one that is trusted
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    what = f"the login of '{login.username}'"
    try:
        line = Line(login.host, login.port, context, TIMEOUT_SECONDS)
    except OSError as error:
        raise _translate(error, login.place, what) from None
    try:
        line.ask("AUTH", login.username, login.password)
        if login.db:  # 0 is where a connection begins, and a user may well have no right to SELECT
            line.ask("SELECT", str(login.db))
    except (Refusal, ForeignAnswerError, OSError) as error:
        line.close()
        raise _translate(error, login.place, what) from None
    return RedisSession(line, login.place)


def _translate(error: Refusal | ForeignAnswerError | OSError, place: str, what: str) -> RotationError:
    if isinstance(error, Refusal):
        return _refusal(error, place, what)
    if isinstance(error, ForeignAnswerError):
        detail, advice = "its answer is none of Redis's", "check host and port in the secret"
    elif isinstance(error, ssl.SSLCertVerificationError):
        detail, advice = error.verify_message, "check CA_PEM and the host name in the secret"
    elif isinstance(error, (ConnectionResetError, ssl.SSLEOFError)):
        # Over TLS a full Redis hangs up before the handshake and cannot say why (acceptCommonHandler).
        detail, advice = "it hung up", "see whether it is full (maxclients) and whether this is its TLS port"
    elif isinstance(error, ssl.SSLError):
        detail, advice = f"TLS: {error.reason}", "check the server's TLS settings; TLS is never given up"
    else:
        detail, advice = type(error).__name__, "check host, port and the network path"
    return ServerUnreachableError(f"{place} cannot be reached ({detail}); {advice}")


def _refusal(refusal: Refusal, place: str, what: str) -> RotationError:
    if refusal.word in _REFUSED:
        return LoginRefusedError(f"{place} refused {what}: wrong password, or the user is off; rotate the secret again")
    if refusal.word == _STARTING or refusal.full:
        return ServerBusyError(
            f"{place} has no room for {what}: all connections taken, or it is loading its data; "
            f"try again when it is ready"
        )
    return RotationError(f"{place} refused {what} ({refusal.word}); check the user's ACL and the server's log")
