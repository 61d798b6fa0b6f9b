"""A connection to Redis over TLS that is always verified, with a different error for each trouble."""

import ssl
from collections.abc import Callable
from dataclasses import dataclass
from socket import socket
from types import TracebackType
from typing import Any, ClassVar, Protocol

from redis.backoff import NoBackoff
from redis.connection import SSLConnection
from redis.exceptions import (
    AuthenticationError,
    BusyLoadingError,
    ConnectionError,  # noqa: A004 - redis gives its errors the built-in names
    RedisError,
    TimeoutError,  # noqa: A004
)
from redis.retry import Retry

from rotation import document as documents
from rotation.document import Document
from rotation.errors import LoginRefusedError, RotationError, ServerBusyError, ServerUnreachableError
from rotation.login import ServerLogin

TIMEOUT_SECONDS = 10
_FULL = "max number of clients reached"


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

    def __init__(self, connection: SSLConnection, place: str) -> None:
        self._connection = connection
        self._place = place

    def run(self, *words: str) -> Any:
        """Run one command. RotationError when the server refuses it, ServerUnreachableError when the line is cut."""
        try:
            self._connection.send_command(*words)  # type: ignore[no-untyped-call]
            return self._connection.read_response()
        except (RedisError, OSError) as error:
            raise _translate(error, self._place, f"{words[0]} {words[1]}" if words[1:] else words[0]) from None

    def __enter__(self) -> "RedisSession":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.disconnect()  # type: ignore[no-untyped-call]


class _VerifiedConnection(SSLConnection):
    """redis-py adds the CA to the system's trust store; here the given CA is the only one that is trusted."""

    def __init__(self, context: ssl.SSLContext, **arguments: Any) -> None:
        super().__init__(**arguments)
        self._context = context

    def _wrap_socket_with_ssl(self, sock: socket) -> ssl.SSLSocket:
        return self._context.wrap_socket(sock, server_hostname=self.host)


def connect(login: Login, ca_pem: str | None) -> RedisSession:
    """Log in over TLS 1.2 or newer with the server's certificate and name verified; there is no way to go without.

    LoginRefusedError, ServerBusyError and ServerUnreachableError as for PostgreSQL. No retry: redis-py would repeat a
    refused login for 5 s and hide it.
    """
    context = ssl.create_default_context(cadata=ca_pem)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    connection = _VerifiedConnection(
        context,
        host=login.host,
        port=login.port,
        db=login.db,
        username=login.username,
        password=login.password,
        protocol=2,
        decode_responses=True,
        socket_timeout=TIMEOUT_SECONDS,
        socket_connect_timeout=TIMEOUT_SECONDS,
        retry=Retry(NoBackoff(), 0),
        driver_info=None,
    )
    try:
        connection.connect()  # type: ignore[no-untyped-call]
    except (RedisError, OSError) as error:
        connection.disconnect()  # type: ignore[no-untyped-call]
        raise _translate(error, login.place, f"the login of '{login.username}'") from None
    return RedisSession(connection, login.place)


def _translate(error: Exception, place: str, what: str) -> RotationError:
    if isinstance(error, AuthenticationError):
        return LoginRefusedError(f"{place} refused {what}: wrong password, or the user is off; rotate the secret again")
    if isinstance(error, BusyLoadingError) or _FULL in str(error):
        return ServerBusyError(
            f"{place} has no room for {what}: all connections taken, or it is loading its data; "
            f"try again when it is ready"
        )
    if isinstance(error, (ConnectionError, TimeoutError, OSError)):
        cause: BaseException = error.__cause__ or error.__context__ or error
        if isinstance(cause, ssl.SSLCertVerificationError):
            detail, advice = cause.verify_message, "check CA_PEM and the host name in the secret"
        elif isinstance(cause, ssl.SSLError) and not isinstance(cause, ssl.SSLEOFError):
            detail, advice = f"TLS: {cause.reason}", "check the server's TLS settings; TLS is never given up"
        elif isinstance(cause, (ConnectionResetError, ssl.SSLEOFError)):
            # Over TLS a full Redis hangs up before the handshake and cannot say why (acceptCommonHandler).
            detail, advice = "it hung up", "see whether it is full (maxclients) and whether this is its TLS port"
        else:
            detail, advice = type(cause).__name__, "check host, port and the network path"
        return ServerUnreachableError(f"{place} cannot be reached ({detail}); {advice}")
    code = getattr(error, "status_code", None) or type(error).__name__
    return RotationError(f"{place} refused {what} ({code}); check the user's ACL and the server's log")
