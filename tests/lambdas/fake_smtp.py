"""A small SMTP server on loopback: EHLO, STARTTLS with a real certificate, AUTH LOGIN after it only, QUIT.

`accepts` decides about a login; `hangs_up` ends the line instead of speaking TLS. `replies` holds an answer to give
instead of the usual one, by the command's first word (or `greeting`, `password`). `plaintext` is what came before TLS.
"""

from __future__ import annotations

import base64
import socket
import ssl
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self

from tests.lambdas.fake_http_api import loopback


class FakeSmtp:
    """Use as a context manager; one thread a connection."""

    def __init__(self, accepts: Callable[[str, str], bool]) -> None:
        self.accepts = accepts
        self.replies: dict[str, str] = {}
        self.extensions = ["STARTTLS"]
        self.hangs_up = False
        self.logins: list[str] = []
        self.plaintext: list[str] = []
        authority, pair = loopback()
        self.ca_pem = authority.pem
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(pair.certificate, pair.key)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._threads = [threading.Thread(target=self._serve, daemon=True)]

    @property
    def port(self) -> int:
        return int(self._listener.getsockname()[1])

    def __enter__(self) -> Self:
        self._threads[0].start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(10)
        self._listener.close()

    def _serve(self) -> None:
        while True:
            try:
                line, _ = self._listener.accept()
            except OSError:
                return
            thread = threading.Thread(target=self._talk, args=(line,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _talk(self, line: socket.socket) -> None:
        line.settimeout(10)
        try:
            dialogue = _Dialogue(self, line)
            try:
                dialogue.run()
            finally:
                dialogue.line.close()
        except (OSError, ValueError):
            return  # the client did not trust us or went away

    def secured(self, line: socket.socket) -> ssl.SSLSocket:
        return self._context.wrap_socket(line, server_side=True)


class _Dialogue:
    def __init__(self, server: FakeSmtp, line: socket.socket) -> None:
        self._server, self.line = server, line
        self._secure = False

    def run(self) -> None:
        self._say("greeting", "220 email-smtp.example ESMTP")
        while (word := self._next()) and word != "QUIT":
            if word == "EHLO":
                offers = ["AUTH PLAIN LOGIN"] if self._secure else self._server.extensions
                self._say("EHLO", "".join(f"250-{offer}\r\n" for offer in ["localhost", *offers]) + "250 Ok")
            elif word == "STARTTLS" and not self._secure:
                if self._say("STARTTLS", "220 Ready to start TLS"):
                    if self._server.hangs_up:
                        return
                    self.line, self._secure = self._server.secured(self.line), True
            elif word == "AUTH" and self._secure:
                self._log_in()
            else:
                self._say(word, "530 Must issue a STARTTLS command first")
        self._say("QUIT", "221 Bye")

    def _log_in(self) -> None:
        username = _decoded(self._words[2])
        if not self._say("AUTH", "334 " + base64.b64encode(b"Password:").decode()):
            return
        self._next()
        accepted = self._server.accepts(username, _decoded(self._words[0]))
        self._server.logins.append(username)
        self._say("password", "235 Authentication successful" if accepted else "535 Authentication Credentials Invalid")

    def _next(self) -> str:
        raw = b""
        while not raw.endswith(b"\r\n"):
            byte = self.line.recv(1)
            if not byte:
                return ""
            raw += byte
        text = raw.decode("ascii").strip()
        if not self._secure:
            self._server.plaintext.append(text)
        self._words = text.split(" ")
        return self._words[0].upper()

    def _say(self, word: str, usual: str) -> bool:
        """Whether the usual answer was given."""
        answer = self._server.replies.get(word, usual)
        self.line.sendall(answer.encode("ascii") + b"\r\n")
        return answer == usual


def _decoded(text: str) -> str:
    return base64.b64decode(text).decode("ascii")
