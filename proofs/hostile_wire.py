"""Men in the middle: what they answer to a client that wants TLS, and every byte that it lets them see."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from sandbox.servers.tls import Pair

SSL_REQUEST = (8).to_bytes(4, "big") + (80877103).to_bytes(4, "big")
"""postgresql.org/docs/15/protocol-message-formats.html, SSLRequest."""
# What asks a careless client for its password in the clear: AuthenticationCleartextPassword, and Redis's NOAUTH.
_ASKS_POSTGRES = b"R" + (8).to_bytes(4, "big") + (3).to_bytes(4, "big")
_ASKS_REDIS = b"-NOAUTH Authentication required.\r\n"
_PATIENCE = 2.0


@dataclass
class Seen:
    """What reached a man in the middle: bytes off the line, and what was inside TLS when he could open it."""

    raw: bytes = b""
    opened: bytes = b""
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def add(self, raw: bytes) -> None:
        """More off the line; a relay has two threads."""
        with self._lock:
            self.raw += raw

    def holds(self, *words: str) -> bool:
        """Whether one of the words is anywhere in it."""
        return any(word.encode() in part for word in words for part in (self.raw, self.opened))


Play = Callable[[socket.socket, Seen], None]


@contextmanager
def listening(play: Play, host: str = "127.0.0.1") -> Iterator[tuple[int, Seen]]:
    """A man in the middle on a port of his own, who plays his part with every client."""
    seen = Seen()
    with socket.create_server((host, 0)) as listener:
        listener.settimeout(0.1)
        over = threading.Event()

        def serve() -> None:
            while not over.is_set():
                with suppress(TimeoutError):
                    client, _ = listener.accept()
                    client.settimeout(_PATIENCE)
                    # A client that hangs up, or speaks no TLS, is how this should end.
                    with client, suppress(OSError):
                        play(client, seen)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield listener.getsockname()[1], seen
        finally:
            over.set()
            thread.join()


def says(answer: bytes, asks: bytes) -> Play:
    """Answers the first words with `answer` and everything after them with `asks`."""

    def play(client: socket.socket, seen: Seen) -> None:
        for reply in _replies(answer, asks):
            got = client.recv(4096)
            seen.add(got)
            if not got:
                return
            client.sendall(reply)

    return play


def strips_postgres() -> Play:
    """Says N: I have no TLS."""
    return says(b"N", _ASKS_POSTGRES)


def errs_postgres() -> Play:
    """Answers the request for TLS with an error, as a server that does not know it; sslmode=prefer goes on without."""
    body = b"SERROR\0C0A000\0Munsupported frontend protocol\0\0"
    return says(b"E" + (len(body) + 4).to_bytes(4, "big") + body, _ASKS_POSTGRES)


def strips_redis() -> Play:
    """Speaks Redis without TLS."""
    return says(_ASKS_REDIS, _ASKS_REDIS)


def presents(pair: Pair, *, asks_first: bool, stuffing: bytes = b"") -> Play:
    """Accepts TLS with a certificate of its own and reads what comes inside.

    `asks_first`: PostgreSQL, where the client asks for TLS first. `stuffing` follows the consent in the clear, for a
    client that takes it as if it had come inside (CVE-2021-23222).
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair.certificate, pair.key)

    def play(client: socket.socket, seen: Seen) -> None:
        if asks_first:
            seen.add(client.recv(8))
            client.sendall(b"S" + stuffing)
        _open(client, seen, context, _ASKS_POSTGRES if asks_first else _ASKS_REDIS)

    return play


def _open(client: socket.socket, seen: Seen, context: ssl.SSLContext, asks: bytes) -> None:
    """TLS as its server, over buffers and not over the socket, so that the bytes off the line are kept too."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    opened = context.wrap_bio(incoming, outgoing, server_side=True)
    is_through = False
    while True:
        try:
            if not is_through:
                opened.do_handshake()
                is_through = True
                opened.write(asks)
            while got := opened.read(4096):
                seen.opened += got
        except ssl.SSLWantReadError:
            pass
        finally:
            client.sendall(outgoing.read())
        raw = client.recv(4096)
        seen.add(raw)
        if not raw:
            return
        incoming.write(raw)


def passes_on(host: str, port: int) -> Play:
    """Changes nothing and listens: the control, with which a login works."""

    def play(client: socket.socket, seen: Seen) -> None:
        with socket.create_connection((host, port), timeout=_PATIENCE) as server:
            back = threading.Thread(target=_pump, args=(server, client, seen))
            back.start()
            _pump(client, server, seen)
            back.join()

    return play


def _pump(source: socket.socket, sink: socket.socket, seen: Seen) -> None:
    with suppress(OSError):
        while got := source.recv(4096):
            seen.add(got)
            sink.sendall(got)
    with suppress(OSError):
        sink.shutdown(socket.SHUT_WR)


def _replies(first: bytes, more: bytes) -> Iterator[bytes]:
    yield first
    while True:
        yield more
