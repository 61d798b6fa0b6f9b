"""A bench for certificates: a private CA in memory, and a listener that presents a pair as a server does."""

from __future__ import annotations

import socket
import ssl
import struct
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from rotation.targets.certificate import Certificate
from rotation.targets.certificate_authority import Authority
from rotation.targets.certificate_handshake import Presented
from tests.lambdas.fake_private_ca import ARN, FakePrivateCa
from tests.lambdas.workbench import PREFIX, Bench

NAME = PREFIX + "postgres-certificate"
DAYS = 135


class CertificateBench(Bench):
    """`ca` is the authority; `waited` are the seconds that the rotation slept; `tap` sees every call of both.

    The server presents AWSCURRENT's certificate, as after a delivery; a test of the look itself has `listening`.
    """

    def __init__(self, *, trusted: bool = True, **constants: Any) -> None:
        targets: dict[str, Any] = {"certificate": None}  # it needs the bench's clock
        super().__init__("certificate", targets)
        self.ca = FakePrivateCa(now=lambda: self.fake.now, around=lambda name: self.fake.around(name))
        self.waited: list[float] = []
        self.target = self.certificate(self.ca.root_pem if trusted else None, look=self._adopted)
        targets["certificate"] = self.target
        self.constants = {
            "server": "postgres",
            "host": "127.0.0.1",
            "port": 5432,
            "issuer_arn": ARN,
            "validity_days": DAYS,
            **constants,
        }
        self.secret(NAME, "certificate", self.constants)

    def certificate(self, ca_pem: str | None, **more: Any) -> Certificate:
        """The target, for consumers that trust `ca_pem`."""
        return Certificate(
            ca_pem, authority=Authority(self.ca.client, self.waited.append), clock=lambda: self.fake.now, **more
        )

    def change_authority(self) -> None:
        """Another authority under the same ARN, with a root of its own."""
        self.ca.__dict__.update(FakePrivateCa("two", self.ca.now, around=self.ca.around).__dict__)

    @property
    def tap(self) -> Callable[[str], Any]:
        return self.fake.around

    @tap.setter
    def tap(self, tap: Callable[[str], Any]) -> None:
        self.fake.around = tap

    def _adopted(self, server: str, host: str, port: int, ca_pem: str) -> Presented:
        return Presented(serial=self.value(NAME)["serial"])


@contextmanager
def listening(document: dict[str, Any]) -> Iterator[int]:
    """A server on a free port of loopback that presents the document's pair to everyone. Yields the port."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.TemporaryDirectory() as folder:
        pair = Path(folder) / "pair.pem"
        pair.write_text(document["key_pem"] + document["certificate_pem"])
        context.load_cert_chain(pair)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=_serve, args=(listener, context, document["server"]), daemon=True)
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            with suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            thread.join(5)


def _serve(listener: socket.socket, context: ssl.SSLContext, server: str) -> None:
    while True:
        try:
            line, _ = listener.accept()
        except OSError:
            return
        with line, suppress(OSError):
            line.settimeout(5)
            if server == "postgres":
                assert struct.unpack("!II", line.recv(8)) == (8, 80877103)
                line.sendall(b"S")
            with context.wrap_socket(line, server_side=True) as session:
                session.recv(1)
