"""A TLS server that takes one connection and says what a test wants."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

Says = Callable[[ssl.SSLSocket], None]


@contextmanager
def serving(folder: Path, says: Says) -> Iterator[int]:
    """The port of a server that takes one connection and then does as `says`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.pem", folder / "server.key")
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            plain, _ = listener.accept()
            with plain, suppress(OSError), context.wrap_socket(plain, server_side=True) as line:
                says(line)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            thread.join()


def answering(*answers: bytes) -> Says:
    """Says one answer a command, then waits until the client is gone."""

    def says(line: ssl.SSLSocket) -> None:
        for answer in answers:
            line.recv(65536)
            line.sendall(answer)
        line.recv(65536)

    return says
