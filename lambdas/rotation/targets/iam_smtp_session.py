"""One login to an SMTP server over TLS that is always verified, with a different error for each trouble."""

import smtplib
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import ClassVar

from rotation.errors import LoginRefusedError, RotationError, ServerBusyError, ServerUnreachableError
from rotation.login import ServerLogin

TIMEOUT_SECONDS = 10
# https://docs.aws.amazon.com/ses/latest/dg/troubleshoot-smtp.html: 535 is a wrong credential, 4xx is worth a retry.
_ACCEPTED, _REFUSED = 235, 535


@dataclass(frozen=True, kw_only=True)
class Login(ServerLogin):
    """Where to connect and as whom."""

    server: ClassVar[str] = "SMTP"


Connect = Callable[[Login, str | None], None]


def connect(login: Login, ca_pem: str | None) -> None:
    """STARTTLS with the server's certificate and name verified, AUTH LOGIN, QUIT. No password before TLS.

    LoginRefusedError: 535. ServerBusyError: 4xx. ServerUnreachableError: no connection, no TLS, or a certificate that
    is not trusted. Errors hold the reply's code and never its text.
    """
    context = ssl.create_default_context(cadata=ca_pem)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    with _translated(login):
        # A name is given, because smtplib would look this machine's up in the DNS. Not `with`: that says QUIT after an
        # error, too, and the server's answer to it would take the error's place.
        server = smtplib.SMTP(login.host, login.port, "localhost", TIMEOUT_SECONDS)
        try:
            _log_in(server, login, context)
            with suppress(OSError):
                server.quit()
        finally:
            server.close()


def _log_in(server: smtplib.SMTP, login: Login, context: ssl.SSLContext) -> None:
    server.ehlo_or_helo_if_needed()
    if not server.has_extn("starttls"):
        raise _unreachable(login, "the server offers no TLS", "switch TLS on at the server; it is never given up here")
    server.starttls(context=context)
    server.ehlo()
    server.user, server.password = login.username, login.password
    code, _ = server.auth("LOGIN", server.auth_login)
    if code != _ACCEPTED:
        raise _refusal(login, code)  # smtplib takes 503 for a success, too


@contextmanager
def _translated(login: Login) -> Iterator[None]:
    try:
        yield
    except smtplib.SMTPServerDisconnected:
        raise _unreachable(login, "it hung up", "see whether it is an SMTP server with STARTTLS") from None
    except smtplib.SMTPResponseException as error:
        raise _refusal(login, error.smtp_code) from None
    except ssl.SSLCertVerificationError as error:
        raise _unreachable(login, error.verify_message, "check CA_PEM and the host name in the secret") from None
    except ssl.SSLError as error:
        raise _unreachable(
            login, f"TLS: {error.reason}", "check the server's TLS settings; TLS is never given up"
        ) from None
    except UnicodeError:
        raise RotationError(
            f"{login.place}: `username` or `password` holds characters that SMTP cannot carry; correct the secret"
        ) from None
    except (OSError, smtplib.SMTPException) as error:
        raise _unreachable(login, type(error).__name__, "check host, port and the network path") from None


def _refusal(login: Login, code: int) -> RotationError:
    if code == _REFUSED:
        return LoginRefusedError(
            f"{login.place} refused the login of '{login.username}' ({code}): the key is inactive, deleted, not known "
            f"there yet, or of another region; heal the secret, or rotate it again"
        )
    if 400 <= code < 500:
        return ServerBusyError(
            f"{login.place} has no room for the login of '{login.username}' ({code}); try again later"
        )
    return RotationError(f"{login.place} refused the login of '{login.username}' ({code}); look the code up")


def _unreachable(login: Login, detail: str, advice: str) -> ServerUnreachableError:
    return ServerUnreachableError(f"{login.place} cannot be reached ({detail}); {advice}")
