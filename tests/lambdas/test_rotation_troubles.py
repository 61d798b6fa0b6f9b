"""A wrong password, a full server and an unreachable or untrusted one are three errors, and TLS is never given up."""

from __future__ import annotations

import dataclasses
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from rotation.errors import LoginRefusedError, RotationError, ServerBusyError, ServerUnreachableError
from rotation.targets import postgres_session, redis_session
from sandbox.servers import redis, tls
from sandbox.servers.server import Server
from tests.lambdas.postgres_bench import PostgresBench
from tests.servers import INITIAL_PASSWORD, reachable_folder, running

pytestmark = pytest.mark.servers
Login = Any
Connect = Callable[[Login, str | None], Any]


@pytest.fixture(params=["postgres", "redis"])
def place(request: pytest.FixtureRequest, postgres_server: Server, redis_server: Server) -> tuple[Connect, Login, str]:
    """A driver, a login that works with it, and the CA that it needs."""
    if request.param == "redis":
        login: Login = redis_session.Login(
            host=redis_server.host, port=redis_server.port, db=0, username="default", password=INITIAL_PASSWORD
        )
        return redis_session.connect, login, redis_server.ca_pem
    bench = PostgresBench(postgres_server)
    login = postgres_session.Login.of({**bench.constants, "username": "postgres", "password": INITIAL_PASSWORD})
    return postgres_session.connect, login, postgres_server.ca_pem


@pytest.fixture
def plaintext_port() -> Iterator[int]:
    """A server that speaks no TLS: it declines PostgreSQL's request with N, as the protocol has it."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            client, _ = listener.accept()
            with client:
                client.recv(1024)
                client.sendall(b"N")

        thread = threading.Thread(target=serve)
        thread.start()
        yield listener.getsockname()[1]
        thread.join()


def test_the_right_authority_and_password_get_in(place: tuple[Connect, Login, str]) -> None:
    connect, login, ca_pem = place
    with connect(login, ca_pem):
        pass


def test_another_authority_is_refused(place: tuple[Connect, Login, str], tmp_path: Path) -> None:
    connect, login, _ = place
    with pytest.raises(ServerUnreachableError, match=r"certificate.*check CA_PEM"):
        connect(login, tls.authority(tmp_path).pem)


def test_the_systems_authorities_do_not_vouch_for_a_private_server(place: tuple[Connect, Login, str]) -> None:
    connect, login, _ = place
    with pytest.raises(ServerUnreachableError, match=r"certificate.*check CA_PEM"):
        connect(login, None)


def test_a_given_authority_is_the_only_one_that_is_trusted(
    place: tuple[Connect, Login, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect, login, ca_pem = place
    (tmp_path / "system.pem").write_text(ca_pem)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "system.pem"))
    with connect(login, None):
        pass
    with pytest.raises(ServerUnreachableError, match="certificate"):
        connect(login, tls.authority(tmp_path / "other").pem)


def test_a_certificate_for_another_name_is_refused(
    place: tuple[Connect, Login, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    connect, login, ca_pem = place
    resolve = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", lambda host, *more, **named: resolve("127.0.0.1", *more, **named))
    with pytest.raises(ServerUnreachableError, match=r"Hostname mismatch.*check CA_PEM and the host name"):
        connect(dataclasses.replace(login, host="elsewhere.example"), ca_pem)


def test_a_server_without_tls_is_refused(place: tuple[Connect, Login, str], plaintext_port: int) -> None:
    connect, login, ca_pem = place
    with pytest.raises(
        ServerUnreachableError, match=r"no TLS.*switch TLS on|it hung up|TLS: WRONG_VERSION_NUMBER.*never given up"
    ):
        connect(dataclasses.replace(login, port=plaintext_port), ca_pem)


def test_a_closed_port_is_unreachable(place: tuple[Connect, Login, str]) -> None:
    connect, login, ca_pem = place
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(ServerUnreachableError, match=r"ConnectionRefusedError.*check host, port and the network path"):
        connect(dataclasses.replace(login, port=port), ca_pem)


def test_a_wrong_password_is_a_refusal_that_does_not_quote_it(place: tuple[Connect, Login, str]) -> None:
    connect, login, ca_pem = place
    with pytest.raises(LoginRefusedError, match="wrong password") as caught:
        connect(dataclasses.replace(login, password="canary-wrong"), ca_pem)
    assert "canary" not in str(caught.value) + repr(caught.value.__context__) + repr(login)


def test_a_full_postgresql_is_busy_and_not_a_wrong_password(postgres_server: Server) -> None:
    bench = PostgresBench(postgres_server)
    name = bench.role()
    bench.rotate(name)
    bench.sql(f"ALTER ROLE {bench.value(name)['username']} CONNECTION LIMIT 0")
    with pytest.raises(ServerBusyError, match=r"no room for the login.*SQLSTATE 53300.*try again"):
        bench.logs_in(bench.value(name))


def test_a_busy_server_ends_the_search_for_a_credential(postgres_server: Server) -> None:
    bench = PostgresBench(postgres_server)
    tried = []

    def busy(login: Login, _: str | None) -> Any:
        tried.append(login)
        raise ServerBusyError("full")

    login = postgres_session.Login.of({**bench.constants, "username": "u", "password": "p"})
    with pytest.raises(ServerBusyError):
        postgres_session.open_first([login, login], None, busy, "")
    assert len(tried) == 1


def test_a_full_redis_is_not_a_wrong_password_and_its_limit_is_named() -> None:
    with reachable_folder() as folder, running(redis, folder, "redis") as server:
        login = redis_session.Login(
            host=server.host, port=server.port, db=0, username="default", password=INITIAL_PASSWORD
        )
        with redis_session.connect(login, server.ca_pem) as session:
            session.run("CONFIG", "SET", "maxclients", "1")
            with pytest.raises(ServerUnreachableError, match=r"full \(maxclients\)"):
                redis_session.connect(login, server.ca_pem)


def test_a_statement_that_fails_tells_its_code_and_not_its_text(postgres_server: Server) -> None:
    bench = PostgresBench(postgres_server)
    with pytest.raises(RotationError, match="SQLSTATE 42601") as caught:
        bench.sql("ALTER ROLE app PASSWORD 'canary' NONSENSE")
    assert "canary" not in str(caught.value)


def test_a_session_that_the_server_ended_is_unreachable_or_says_so(postgres_server: Server) -> None:
    bench = PostgresBench(postgres_server)
    name = bench.role()
    bench.rotate(name)
    login = postgres_session.Login.of(bench.value(name))
    with postgres_session.connect(login, postgres_server.ca_pem) as session:
        bench.sql(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{login.username}'")
        with pytest.raises((ServerUnreachableError, ServerBusyError)):
            session.run("SELECT 1")


def test_postgresql_accepts_no_plaintext_login(postgres_server: Server) -> None:
    with socket.create_connection((postgres_server.host, postgres_server.port), timeout=5) as line:
        # StartupMessage without the request for TLS: int32 length, int32 196608, user=postgres.
        body = (196608).to_bytes(4, "big") + b"user\0postgres\0database\0llm_observatory\0\0"
        line.sendall((len(body) + 4).to_bytes(4, "big") + body)
        answer = line.recv(1024)
    assert answer.startswith(b"E")
    assert b"pg_hba.conf rejects" in answer
