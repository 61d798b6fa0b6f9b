"""A connection to PostgreSQL over TLS that is always verified, with a different error for each trouble."""

import socket
import ssl
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import Any, ClassVar, Protocol

from pg8000.exceptions import DatabaseError, InterfaceError  # type: ignore[import-untyped]
from pg8000.native import Connection  # type: ignore[import-untyped]
from scramp import ScramException  # type: ignore[import-untyped]

from rotation import document as documents
from rotation.document import Document
from rotation.errors import LoginRefusedError, RotationError, ServerBusyError, ServerUnreachableError
from rotation.login import ServerLogin
from rotation.targets.target import Fallbacks

TIMEOUT_SECONDS = 10
APPLICATION = "llm-observatory-rotation"  # how the server's administrators, and our other rotators, know our sessions
# Below the socket's timeout, so that the server gives up first and says why.
_LIMITS = {"statement_timeout": "8000", "lock_timeout": "5000"}
# https://www.postgresql.org/docs/15/errcodes-appendix.html
_REFUSED = {"28000", "28P01"}
_BUSY = {"53300", "57P01", "57P02", "57P03"}


@dataclass(frozen=True, kw_only=True)
class Login(ServerLogin):
    """Where to connect and as whom."""

    server: ClassVar[str] = "PostgreSQL"
    dbname: str

    @classmethod
    def own_fields(cls, document: Document) -> dict[str, Any]:
        """The database."""
        return {"dbname": documents.text(document, "dbname")}


class Session(Protocol):
    """What the targets need of a connection. Leaving it by an exception rolls back."""

    def run(self, sql: str) -> list[list[Any]]:
        """Run one statement; rows or an empty list."""

    def __enter__(self) -> "Session": ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


Connect = Callable[[Login, str | None], Session]


class PostgresSession:
    """One connection. Errors hold SQLSTATE and never the server's text, which may quote the statement."""

    def __init__(self, connection: Connection, place: str) -> None:
        self._connection = connection
        self._place = place

    def run(self, sql: str) -> list[list[Any]]:
        """Run one statement. RotationError when the server refuses it, ServerUnreachableError when the line is cut."""
        try:
            return self._connection.run(sql) or []
        except DatabaseError as error:
            raise _database_error(error, self._place, "a statement") from None
        except (InterfaceError, OSError) as error:
            raise _unreachable(self._place, error) from None

    def __enter__(self) -> "PostgresSession":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._connection.close()
        except (InterfaceError, OSError):
            return  # cut already: the server has rolled back, which is what closing is for


def connect(login: Login, ca_pem: str | None) -> PostgresSession:
    """Log in over TLS 1.2 or newer with the server's certificate and name verified; there is no way to go without.

    LoginRefusedError: wrong password, or the role may not log in. ServerBusyError: no free connection, or starting up.
    ServerUnreachableError: no connection, no TLS, or a certificate that is not trusted.
    """
    context = ssl.create_default_context(cadata=ca_pem)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        line = socket.create_connection((login.host, login.port), TIMEOUT_SECONDS)
        # Small messages to and fro: without this each login waits 40 ms for a delayed acknowledgement.
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    except OSError as error:
        raise _unreachable(login.place, error) from None
    try:
        # The socket is made here because pg8000 leaves its own open when the handshake fails.
        connection = Connection(
            login.username,
            host=login.host,
            port=login.port,
            database=login.dbname,
            password=login.password,
            ssl_context=context,
            sock=line,
            application_name=APPLICATION,
            startup_params=_LIMITS,
        )
    except DatabaseError as error:
        raise _database_error(error, login.place, f"the login of '{login.username}'") from None
    except ScramException:
        raise LoginRefusedError(
            f"{login.place}: the password exchange of '{login.username}' failed; the server does not hold this password"
        ) from None
    except (InterfaceError, OSError) as error:
        line.close()
        raise _unreachable(login.place, error) from None
    return PostgresSession(connection, login.place)


def open_first(logins: Iterable[Login], ca_pem: str | None, connect: Connect, advice: str) -> tuple[Login, Session]:
    """The first login that the server accepts. A busy or unreachable server ends the search: it proves nothing."""
    refused = 0
    for login in logins:
        try:
            return login, connect(login, ca_pem)
        except LoginRefusedError:
            refused += 1
    raise LoginRefusedError(f"none of {refused} stored credentials can log in; {advice}")


def admin_logins(document: Document, fallbacks: Fallbacks) -> Iterator[Login]:
    """The admin's logins for a secret's server and database; RotationError when the admin is one of another server."""
    for admin in fallbacks.admin():
        if any(admin.get(field) != document.get(field) for field in ("host", "port")):
            raise RotationError(
                f"the admin secret is for {admin.get('host')}:{admin.get('port')}, this secret for "
                f"{document.get('host')}:{document.get('port')}; give the function the admin secret of the same server"
            )
        # The secret's own database: whether the group owns it is asked there.
        yield Login.of({**admin, "dbname": document.get("dbname")})


def _database_error(error: DatabaseError, place: str, what: str) -> RotationError:
    code = error.args[0].get("C", "unknown") if error.args and isinstance(error.args[0], dict) else "unknown"
    if code in _REFUSED:
        return LoginRefusedError(
            f"{place} refused {what} (SQLSTATE {code}): wrong password, or the role may not log in from here; "
            f"rotate the secret again"
        )
    if code in _BUSY:
        return ServerBusyError(
            f"{place} has no room for {what} (SQLSTATE {code}): all connections taken, or it is starting or stopping; "
            f"try again when it is ready"
        )
    return RotationError(f"{place} refused {what} (SQLSTATE {code}); look the code up in its log")


def _unreachable(place: str, error: Exception) -> ServerUnreachableError:
    cause = error.__cause__ if isinstance(error, InterfaceError) and error.__cause__ else error
    if isinstance(cause, ssl.SSLCertVerificationError):
        detail, advice = cause.verify_message, "check CA_PEM and the host name in the secret"
    elif isinstance(cause, ssl.SSLError):
        detail, advice = f"TLS: {cause.reason}", "check the server's TLS settings; TLS is never given up"
    elif isinstance(cause, InterfaceError) and "refuses SSL" in str(cause):
        detail, advice = "the server offers no TLS", "switch TLS on at the server; it is never given up here"
    else:
        detail, advice = type(cause).__name__, "check host, port and the network path"
    return ServerUnreachableError(f"{place} cannot be reached ({detail}); {advice}")
