"""What a rotation takes for an answer of Redis, over a real TLS line to a server that says what the test wants."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from rotation.errors import LoginRefusedError, RotationError, ServerBusyError, ServerUnreachableError
from rotation.targets import redis_line
from rotation.targets.redis_line import ForeignAnswerError, Line, Refusal, encoded
from rotation.targets.redis_session import Login, connect
from sandbox.servers import tls
from sandbox.servers.server import Server
from tests.lambdas.redis_bench import RedisBench
from tests.lambdas.scripted_tls import Says, answering, serving
from tests.servers import INITIAL_PASSWORD

CANARY = "canary-password"


@pytest.fixture(scope="module")
def tls_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tls")
    tls.server_pair(tls.authority(folder), folder, (), None)
    return folder


@contextmanager
def line_to(folder: Path, says: Says, timeout: float = 5) -> Iterator[Line]:
    context = ssl.create_default_context(cafile=str(folder / "ca.pem"))
    with serving(folder, says) as port:
        line = Line("127.0.0.1", port, context, timeout)
        try:
            yield line
        finally:
            line.close()


def logging_in(folder: Path, says: Says, db: int = 0) -> None:
    with serving(folder, says) as port:
        login = Login(host="127.0.0.1", port=port, db=db, username="app", password=CANARY)
        with connect(login, (folder / "ca.pem").read_text()) as session:
            session.run("PING")


@pytest.mark.parametrize(
    ("answer", "value"),
    [
        (b"+OK\r\n", "OK"),
        (b":-7\r\n", -7),
        (b"$-1\r\n", None),
        (b"$0\r\n\r\n", ""),
        (b"$4\r\na\r\nb\r\n", "a\r\nb"),
        (b"$2\r\n\xc3\xa9\r\n", "é"),
        (b"$2\r\n\xff!\r\n", "\\xff!"),
        (b"*-1\r\n", None),
        (b"*0\r\n", []),
        (b"*3\r\n:1\r\n*1\r\n$1\r\nx\r\n$-1\r\n", [1, ["x"], None]),
    ],
)
def test_an_answer_is_the_value_that_it_stands_for(tls_folder: Path, answer: bytes, value: Any) -> None:
    with line_to(tls_folder, answering(answer)) as line:
        assert line.ask("PING") == value


def test_an_answer_that_comes_in_pieces_is_one_answer(tls_folder: Path) -> None:
    def says(line: ssl.SSLSocket) -> None:
        line.recv(65536)
        for piece in (b"*2\r", b"\n$5\r\nfir", b"st\r", b"\n$6\r\nsecond\r\n"):
            line.sendall(piece)
            time.sleep(0.01)
        line.recv(65536)

    with line_to(tls_folder, says) as line:
        assert line.ask("PING") == ["first", "second"]


def test_a_refusal_has_its_word_alone_and_leaves_the_line_open(tls_folder: Path) -> None:
    text = f"-NOPERM no permissions to run {CANARY}\r\n".encode()
    with line_to(tls_folder, answering(text, b"+PONG\r\n")) as line:
        with pytest.raises(Refusal) as caught:
            line.ask("ACL", "LIST")
        assert (caught.value.word, str(caught.value)) == ("NOPERM", "NOPERM")
        assert line.ask("PING") == "PONG"


def test_a_refusal_without_a_word_quotes_nothing(tls_folder: Path) -> None:
    with line_to(tls_folder, answering(f"-{CANARY} x\r\n".encode())) as line, pytest.raises(Refusal) as caught:
        line.ask("PING")
    assert CANARY not in repr(caught.value)


def test_a_refusal_in_a_list_is_a_value_of_it(tls_folder: Path) -> None:
    with line_to(tls_folder, answering(b"*2\r\n-ERR no\r\n+OK\r\n")) as line:
        first, second = line.ask("EXEC")
    assert isinstance(first, Refusal)
    assert second == "OK"


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (b"HTTP/1.1 400 Bad Request\r\n", "another kind"),
        (b"%1\r\n+a\r\n+b\r\n", "another kind"),
        (b":seven\r\n", "a number that is none"),
        (b"$3\r\nabcdef\r\n", "another length"),
        (b"$%d\r\n" % (redis_line.LONGEST_TEXT + 1), "a string of 67108865 bytes"),
        (b"*1\r\n" * (redis_line.DEEPEST + 1) + b":1\r\n", "another kind"),
        (b"+" + b"x" * redis_line.LONGEST_HEAD + b"\r\n", "a line without an end"),
    ],
    ids=["http", "resp3", "number", "length", "long", "deep", "endless"],
)
def test_what_is_no_answer_is_told_and_ends_the_line(tls_folder: Path, answer: bytes, told: str) -> None:
    with line_to(tls_folder, answering(answer)) as line:
        with pytest.raises(ForeignAnswerError, match=told):
            line.ask("PING")
        with pytest.raises(OSError, match="Bad file descriptor"):
            line.ask("PING")


@pytest.mark.parametrize("answer", [b"", b"$5\r\nab"])
def test_a_server_that_hangs_up_within_an_answer_is_unreachable(tls_folder: Path, answer: bytes) -> None:
    def says(line: ssl.SSLSocket) -> None:
        line.recv(65536)
        line.sendall(answer)

    with pytest.raises(ServerUnreachableError, match="it hung up"):
        logging_in(tls_folder, says)


def test_a_server_that_does_not_answer_is_unreachable_and_its_late_answer_is_never_taken_for_another(
    tls_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rotation.targets.redis_session.TIMEOUT_SECONDS", 0.3)

    def says(line: ssl.SSLSocket) -> None:
        line.recv(65536)
        line.sendall(b"+OK\r\n")
        line.recv(65536)
        time.sleep(0.6)
        line.sendall(b"+late\r\n")

    with serving(tls_folder, says) as port:
        login = Login(host="127.0.0.1", port=port, db=0, username="app", password=CANARY)
        with connect(login, (tls_folder / "ca.pem").read_text()) as session:
            with pytest.raises(ServerUnreachableError, match="TimeoutError"):
                session.run("PING")
            time.sleep(0.5)
            with pytest.raises(ServerUnreachableError):
                session.run("ACL", "WHOAMI")


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (b"-WRONGPASS invalid username-password pair or user is disabled.\r\n", LoginRefusedError),
        (b"-NOAUTH Authentication required.\r\n", LoginRefusedError),
        (b"-LOADING Redis is loading the dataset in memory\r\n", ServerBusyError),
        (b"-ERR max number of clients reached\r\n", ServerBusyError),
        (b"HTTP/1.1 400 Bad Request\r\n", ServerUnreachableError),
    ],
)
def test_refused_overloaded_and_unreachable_are_three_errors(
    tls_folder: Path, answer: bytes, error: type[RotationError]
) -> None:
    with pytest.raises(error) as caught:
        logging_in(tls_folder, answering(answer))
    assert type(caught.value) is error
    assert CANARY not in str(caught.value) + repr(caught.value.__context__)


def test_a_login_selects_its_database_and_the_first_one_needs_no_selecting(tls_folder: Path) -> None:
    heard: list[bytes] = []

    def says(line: ssl.SSLSocket) -> None:
        while part := line.recv(65536):
            heard.append(part)
            line.sendall(b"+OK\r\n")

    logging_in(tls_folder, says, db=3)
    assert heard == [encoded("AUTH", "app", CANARY), encoded("SELECT", "3"), encoded("PING")]
    heard.clear()
    logging_in(tls_folder, says)
    assert heard == [encoded("AUTH", "app", CANARY), encoded("PING")]


def test_no_word_can_become_a_command_of_its_own() -> None:
    assert encoded("AUTH", "ä", "x\r\nFLUSHALL\r\n") == (
        b"*3\r\n$4\r\nAUTH\r\n$2\r\n\xc3\xa4\r\n$13\r\nx\r\nFLUSHALL\r\n\r\n"
    )


def test_a_line_that_fails_in_the_handshake_leaves_no_socket_open(
    tls_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[socket.socket] = []

    def remembered(*given: Any) -> socket.socket:
        made.append(create(*given))
        return made[-1]

    create = socket.create_connection
    monkeypatch.setattr(socket, "create_connection", remembered)
    with serving(tls_folder, lambda _: None) as port, pytest.raises(ssl.SSLCertVerificationError):
        Line("127.0.0.1", port, ssl.create_default_context(), 5)
    assert [one.fileno() for one in made] == [-1]


@pytest.mark.servers
def test_a_real_redis_is_understood_whatever_its_values_hold(redis_server: Server) -> None:
    bench = RedisBench(redis_server)
    login = {**bench.constants, "username": "default", "password": INITIAL_PASSWORD}
    with bench.session(login) as session:
        for value in ("", "a\r\nb", "é" * 100_000, "$5\r\n"):
            assert session.run("SET", "probe", value) == "OK"
            assert session.run("GET", "probe") == value
        assert session.run("GET", "no-such-key") is None
        assert session.run("DEL", "probe") == 1
        assert session.run("EVAL", "return {1, {'x', false}, {err='ERR no'}}", "0")[:2] == [1, ["x", None]]
        with pytest.raises(RotationError, match=r"refused NO-SUCH-COMMAND first \(ERR\)") as caught:
            session.run("NO-SUCH-COMMAND", "first", CANARY)
    assert CANARY not in str(caught.value)
