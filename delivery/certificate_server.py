"""A server that takes up a new certificate without a restart, and what it presents."""

from __future__ import annotations

import os
import signal
import socket
import ssl
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from delivery.certificate_folder import CERTIFICATE, KEY
from delivery.certificate_pair import trusting
from delivery.errors import DeliveryError

TIMEOUT_SECONDS = 5
# www.postgresql.org/docs/15/protocol-message-formats.html, SSLRequest: length 8 and the number 1234 5679
_SSL_REQUEST = struct.pack("!II", 8, 80877103)


class Server(Protocol):
    """What a delivery needs of a server."""

    def reload(self) -> None:
        """Have it load the files again; sessions go on. DeliveryError when it refuses or cannot be asked."""

    def presented(self) -> str | None:
        """The serial of the certificate that it shows to a new client; None when that client refuses it."""


@dataclass(frozen=True, kw_only=True)
class Door:
    """Where the server listens: `address` is connected to, and `host` is the name that its certificate must have."""

    host: str
    port: int
    ca_pem: str
    address: str

    def place(self, what: str) -> str:
        """The server, for errors."""
        return f"{what} at {self.address}:{self.port}"

    @contextmanager
    def session(self, prelude: bytes = b"") -> Iterator[ssl.SSLSocket]:
        """TLS with chain and name verified. `prelude` is sent before, and answered with `S`."""
        with socket.create_connection((self.address, self.port), TIMEOUT_SECONDS) as line:
            if prelude:
                line.sendall(prelude)
                if line.recv(1) != b"S":
                    raise DeliveryError(f"the server at {self.address}:{self.port} offers no TLS; switch it on there")
            context = trusting(self.ca_pem, at_any_time=True)
            with context.wrap_socket(line, server_hostname=self.host) as session:
                yield session

    def serial(self, prelude: bytes = b"") -> str | None:
        """The serial that is presented to us."""
        try:
            with self.session(prelude) as session:
                return str((session.getpeercert() or {}).get("serialNumber"))
        except ssl.SSLCertVerificationError:
            return None
        except OSError as error:
            raise DeliveryError(
                f"the server at {self.address}:{self.port} cannot be reached ({type(error).__name__}); look whether "
                f"it runs"
            ) from None


@dataclass(frozen=True, kw_only=True)
class Postgres:
    """Reloads on SIGHUP, as pg_reload_conf() does, and reads certificate and key again then.

    Files that it cannot load leave the old ones in force, and a line in its log. Sources:
    www.postgresql.org/docs/15/ssl-tcp.html#SSL-SERVER-FILES and its note on reloading,
    www.postgresql.org/docs/15/functions-admin.html#FUNCTIONS-ADMIN-SIGNAL
    """

    door: Door
    data: Path

    def reload(self) -> None:
        """Signal the postmaster, once it is sure that it is one: a pid file may outlive its process."""
        pid_file = self.data / "postmaster.pid"
        try:
            pid = int(pid_file.read_text(encoding="ascii").splitlines()[0])
            if Path(f"/proc/{pid}/cwd").resolve(strict=True) != self.data.resolve():
                raise ProcessLookupError
            os.kill(pid, signal.SIGHUP)
        except (OSError, ValueError, IndexError) as error:
            raise DeliveryError(
                f"PostgreSQL with its data in {self.data} could not be told to reload ({type(error).__name__}); look "
                f"whether it runs, and run this as root or as its account"
            ) from None

    def presented(self) -> str | None:
        """The serial, after the request for TLS that PostgreSQL wants first."""
        return self.door.serial(_SSL_REQUEST)


@dataclass(frozen=True, kw_only=True)
class Redis:
    """Reloads when CONFIG SET names both files in one command, from version 7.0.1.

    One command, because after the first of two the key would not be the certificate's. The names may be those that it
    has already: github.com/redis/redis/pull/9748 and github.com/redis/redis/pull/10713. Files that it cannot load are
    an error, and the old ones stay. The user needs `+config|set` and nothing else.
    """

    door: Door
    current: Path
    username: str
    password: str = field(repr=False)

    def reload(self) -> None:
        """Log in and set both."""
        files = {"tls-cert-file": CERTIFICATE, "tls-key-file": KEY}
        words = [word for name, file in files.items() for word in (name, str(self.current / file))]
        place = self.door.place("Redis")
        try:
            with self.door.session() as session, session.makefile("rwb") as stream:
                for command in (("AUTH", self.username, self.password), ("CONFIG", "SET", *words)):
                    stream.write(_resp(command))
                    stream.flush()
                    if not (answer := stream.readline()).startswith(b"+OK"):
                        code = answer[1:].split(b" ", 1)[0].decode("ascii", "replace").strip()
                        raise DeliveryError(f"{place} refused {command[0]} ({code}); look at the user and at its log")
        except ssl.SSLCertVerificationError as error:
            raise DeliveryError(
                f"{place} presents a certificate that is not trusted ({error.verify_message}); if it is an older one, "
                f"name its CA with --trust"
            ) from None
        except OSError as error:
            raise DeliveryError(f"{place} cannot be reached ({type(error).__name__}); look whether it runs") from None

    def presented(self) -> str | None:
        """The serial."""
        return self.door.serial()


def _resp(words: tuple[str, ...]) -> bytes:
    """A command as Redis takes it: redis.io/docs/latest/develop/reference/protocol-spec."""
    parts = [word.encode() for word in words]
    return b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%b\r\n" % (len(part), part) for part in parts)
