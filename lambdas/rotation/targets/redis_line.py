"""A line to Redis: commands out, answers in, as far as a rotation speaks RESP2.

Source: redis.io/docs/latest/develop/reference/protocol-spec. Not redis-py, whose import takes longer than boto3's half:
docs/adr/0014.
"""

import re
import socket
import ssl
from typing import Any

LONGEST_HEAD = 64 * 1024  # bytes of one line: Redis's own limit for one (PROTO_INLINE_MAX_SIZE)
LONGEST_TEXT = 64 * 1024 * 1024  # bytes of one string: CLIENT LIST takes some 400 a connection
DEEPEST = 8  # arrays in arrays: ACL LOG has 2

_FULL = "max number of clients reached"
_WORD = re.compile(r"[A-Z]{2,}\Z")


class Refusal(Exception):  # noqa: N818 - an answer of the server, which inside of an array is a value
    """The server's error: its word, such as WRONGPASS, and never its text, which may quote the command."""

    def __init__(self, text: str) -> None:
        word = text.partition(" ")[0]
        super().__init__(word if _WORD.match(word) else "no error word")
        self.full = _FULL in text

    @property
    def word(self) -> str:
        """The error word."""
        return str(self.args[0])


class ForeignAnswerError(Exception):
    """What came is no RESP2, or larger than any answer that is asked for; its text says which and quotes nothing."""


class Line:
    """One connection over TLS. After any error but a Refusal it is closed: a late answer would be taken for the next.

    Raises OSError, of which ssl.SSLError and TimeoutError are kinds, when the line is cut.
    """

    def __init__(self, host: str, port: int, context: ssl.SSLContext, timeout_seconds: float) -> None:
        plain = socket.create_connection((host, port), timeout_seconds)
        try:
            # Small messages to and fro: without this an answer may wait 40 ms for a delayed acknowledgement.
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._socket = context.wrap_socket(plain, server_hostname=host)
        except BaseException:
            plain.close()
            raise
        self._file = self._socket.makefile("rb")

    def ask(self, *words: str) -> Any:
        """Send one command and return its answer: text, a whole number, None, or a list of these and of refusals.

        Text is UTF-8; a byte that is none, as in the name of somebody else's connection, is told as \\xNN.
        """
        try:
            self._socket.sendall(encoded(*words))
            answer = self._read(DEEPEST)
        except BaseException:
            self.close()
            raise
        if isinstance(answer, Refusal):
            raise answer
        return answer

    def close(self) -> None:
        """End the line; doing so twice is nothing."""
        self._file.close()
        self._socket.close()

    def _read(self, depth: int) -> Any:
        head = self._file.readline(LONGEST_HEAD)
        if not head:
            raise ConnectionResetError("end of the line")
        if not head.endswith(b"\r\n"):
            raise ForeignAnswerError("a line without an end")
        kind, rest = head[:1], _text(head[1:-2])
        if kind == b"+":
            return rest
        if kind == b"-":
            return Refusal(rest)
        if kind == b":":
            return _number(rest)
        if kind == b"$":
            return self._bulk(_number(rest))
        if kind == b"*" and depth:
            number = _number(rest)
            return None if number < 0 else [self._read(depth - 1) for _ in range(number)]
        raise ForeignAnswerError("an answer of another kind")

    def _bulk(self, length: int) -> str | None:
        if length < 0:
            return None
        if length > LONGEST_TEXT:
            raise ForeignAnswerError(f"a string of {length} bytes")
        content = self._file.read(length + 2)
        if len(content) < length + 2:
            raise ConnectionResetError("end of the line")
        if not content.endswith(b"\r\n"):
            raise ForeignAnswerError("a string of another length than it says")
        return _text(content[:-2])


def encoded(*words: str) -> bytes:
    """A command on the wire. Each word goes with its length, so nothing in it can become a command of its own."""
    parts = [word.encode("utf-8") for word in words]
    return b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%b\r\n" % (len(part), part) for part in parts)


def _text(content: bytes) -> str:
    return content.decode("utf-8", "backslashreplace")


def _number(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise ForeignAnswerError("a number that is none") from None
