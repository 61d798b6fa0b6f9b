"""Troubles on the way to an API: each has its own error, none shows a value, and TLS is never given up."""

from __future__ import annotations

import socket
import ssl
import time
import warnings
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest

from rotation.errors import LoginRefusedError, RotationError, ServerBusyError, ServerUnreachableError
from rotation.targets import api_session
from rotation.targets.api_session import ApiSession, StatusError, basic, bearer
from tests.lambdas.fake_http_api import FakeHttpApi, Reply

CANARY = "sk-CANARY-0123456789"


@pytest.fixture
def api() -> Iterator[FakeHttpApi]:
    with FakeHttpApi() as api:
        yield api


def session(api: FakeHttpApi, **headers: str) -> ApiSession:
    return ApiSession(api.url, api.ca_pem, {**bearer(CANARY), **headers})


@pytest.mark.parametrize(
    ("status", "error"),
    [
        *((status, LoginRefusedError) for status in (401, 403)),
        *((status, ServerBusyError) for status in (429, 503, 529)),
        *((status, StatusError) for status in (300, 301, 302, 307, 308, 400, 404, 405, 409, 412, 422, 500, 502, 504)),
    ],
)
def test_each_status_is_one_error_that_names_place_request_and_code(
    api: FakeHttpApi, status: int, error: type[RotationError]
) -> None:
    body = {"error": {"type": "some_error", "message": f"about {CANARY}", "code": None}}
    api.forced.append(Reply(status=status, body=body))
    with pytest.raises(RotationError) as caught:
        session(api).call("POST", "/v1/things?limit=1", {"key": CANARY})
    assert type(caught.value) is error
    assert f"localhost:{api.port}" in str(caught.value)
    assert "POST /v1/things?limit=1" in str(caught.value)
    assert f"({status}, some_error)" in str(caught.value)
    assert CANARY not in f"{caught.value!r}{caught.value.__cause__}{caught.value.__context__}"
    if isinstance(caught.value, StatusError):
        assert (caught.value.status, caught.value.code) == (status, "some_error")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"error": {"type": "invalid_request_error", "code": "invalid_api_key"}}, "invalid_api_key"),
        ({"type": "error", "error": {"type": "overloaded_error"}}, "overloaded_error"),
        ({"message": "Invalid username or password", "messageId": "password-auth.failed"}, "password-auth.failed"),
        ({"detail": CANARY}, None),
        ({"error": CANARY}, None),
        ({"error": {"type": CANARY, "code": 7}}, None),
        ({"error": {"type": "x" * 49}}, None),
        ([CANARY], None),
        (CANARY, None),
        (b"<html>" + CANARY.encode(), None),
        (None, None),
    ],
)
def test_only_the_apis_own_word_for_its_error_is_told(api: FakeHttpApi, body: Any, code: str | None) -> None:
    api.forced.append(Reply(status=404, body=body))
    with pytest.raises(StatusError) as caught:
        session(api).call("GET", "/")
    assert caught.value.code == code
    assert CANARY not in str(caught.value)


def test_a_redirect_is_not_followed(api: FakeHttpApi) -> None:
    with FakeHttpApi() as elsewhere:
        api.forced.append(Reply(status=307, headers={"Location": elsewhere.url}))
        with pytest.raises(StatusError, match="redirect"):
            session(api).call("GET", "/")
        assert elsewhere.calls == []


def test_an_answer_may_be_empty_but_not_something_else_than_json(api: FakeHttpApi) -> None:
    api.forced += [Reply(status=204), Reply(body=[1, {"a": None}]), Reply(body=b"<html>")]
    assert session(api).call("DELETE", "/") is None
    assert session(api).call("GET", "/") == [1, {"a": None}]
    with pytest.raises(RotationError, match="no JSON"):
        session(api).call("GET", "/")


def test_an_answer_without_end_is_cut(api: FakeHttpApi, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api_session, "MAXIMUM_BYTES", 100)
    api.forced += [Reply(body=b'"' + b"x" * 98 + b'"'), Reply(body=b'"' + b"x" * 99 + b'"')]
    assert len(session(api).call("GET", "/")) == 98
    with pytest.raises(RotationError, match="more than 100 bytes"):
        session(api).call("GET", "/")


def hang_up(handler: BaseHTTPRequestHandler) -> None:
    handler.connection.shutdown(socket.SHUT_RDWR)


def cut(handler: BaseHTTPRequestHandler) -> None:
    handler.wfile.write(b'HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n{"a": 1}')


def cut_before_the_body(handler: BaseHTTPRequestHandler) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n")


def cut_in_a_chunk(handler: BaseHTTPRequestHandler) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n14\r\n{}")


def babble(handler: BaseHTTPRequestHandler) -> None:
    handler.wfile.write(b"-ERR what do you want\r\n")


def dawdle(handler: BaseHTTPRequestHandler) -> None:
    time.sleep(1)


@pytest.mark.parametrize("trouble", [hang_up, cut, cut_before_the_body, cut_in_a_chunk, babble, dawdle])
def test_no_whole_answer_is_unreachable_and_never_an_empty_success(
    api: FakeHttpApi, trouble: Callable[[BaseHTTPRequestHandler], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api_session, "TIMEOUT_SECONDS", 0.3)
    api.clumsy = trouble
    with pytest.raises(ServerUnreachableError, match=f"localhost:{api.port}"):
        session(api).call("GET", "/")


def test_a_closed_port_and_an_unknown_host_are_unreachable(api: FakeHttpApi) -> None:
    for url in ("https://localhost:1", "https://nowhere.invalid"):
        with pytest.raises(ServerUnreachableError, match="network path"):
            ApiSession(url, api.ca_pem, {}).call("GET", "/")


@pytest.mark.parametrize("ca_pem", [None, "another", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"])
def test_a_server_that_is_not_trusted_gets_no_request(api: FakeHttpApi, ca_pem: str | None) -> None:
    with pytest.raises(ServerUnreachableError, match="CA_PEM"):
        ApiSession(api.url, ca_pem, bearer(CANARY)).call("GET", "/")
    assert api.calls == []


def test_a_certificate_for_another_name_is_refused(api: FakeHttpApi, monkeypatch: pytest.MonkeyPatch) -> None:
    resolve = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", lambda host, *more, **named: resolve("127.0.0.1", *more, **named))
    with pytest.raises(ServerUnreachableError, match="Hostname mismatch"):
        ApiSession(f"https://api.example.com:{api.port}", api.ca_pem, bearer(CANARY)).call("GET", "/")
    assert api.calls == []


def test_an_old_tls_is_refused(api: FakeHttpApi) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        api._context.minimum_version = api._context.maximum_version = ssl.TLSVersion.TLSv1_1
    api._context.set_ciphers("DEFAULT@SECLEVEL=0")
    with pytest.raises(ServerUnreachableError, match="TLS"):
        session(api).call("GET", "/")
    assert api.calls == []


def test_a_proxy_of_the_environment_is_not_asked(api: FakeHttpApi, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    api.forced.append(Reply(body={}))
    assert session(api).call("GET", "/") == {}


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost",
        "localhost",
        "https://",
        f"https://user:{CANARY}@localhost",
        f"https://localhost/?key={CANARY}",
        f"https://localhost/#{CANARY}",
        "https://localhost:0",
        "https://localhost:port",
        "https://localhost:99999",
        "https://[::1",
        "https://local\nhost",
        "https://schön.example",
        "",
    ],
)
def test_a_url_that_is_not_plain_https_is_refused_without_showing_it(url: str) -> None:
    with pytest.raises(RotationError, match="field `url` must be") as caught:
        ApiSession(url, None, {})
    assert CANARY not in str(caught.value)


@pytest.mark.parametrize("key", [f"{CANARY}\r\nX-Evil: 1", f"{CANARY}é", f"{CANARY}\x00"])
def test_a_key_that_no_header_can_carry_is_refused_without_showing_it(api: FakeHttpApi, key: str) -> None:
    with pytest.raises(RotationError, match="header Authorization") as caught:
        ApiSession(api.url, api.ca_pem, bearer(key))
    assert CANARY not in str(caught.value)


@pytest.mark.parametrize("path", ["/a b", "/a\r\nHost: evil", "//evil\n", "a", "/ä"])
def test_a_path_that_no_url_can_carry_is_refused(api: FakeHttpApi, path: str) -> None:
    with pytest.raises(RotationError, match="a path for the API"):
        session(api).call("GET", path)
    assert api.calls == []


def test_the_path_of_the_url_goes_before_every_other(api: FakeHttpApi) -> None:
    link = '<https://elsewhere.example/grafana/api/users?page=2>; rel="next"'
    api.forced += [Reply(body=[1], headers={"Link": link}), Reply(body=[2])]
    below = ApiSession(f"{api.url}/grafana/", api.ca_pem, {})
    first, following = below.page("/api/users")
    assert (first, following) == ([1], "/api/users?page=2")
    assert following is not None
    assert below.page(following) == ([2], None)
    assert [call.path for call in api.calls] == ["/grafana/api/users"] * 2
    assert api.calls[1].query == {"page": "2"}


def test_the_last_page_is_the_one_whose_next_has_no_results(api: FakeHttpApi) -> None:
    link = '<https://x/?c=1>; rel="previous"; results="true"; cursor="1", <https://x/?c=2>; rel="next"; results="{}"'
    for results, following in (("true", "/?c=2"), ("false", None)):
        api.forced.append(Reply(body=[], headers={"Link": link.format(results)}))
        assert session(api).page("/") == ([], following)


def test_basic_auth_carries_every_password_in_utf_8(api: FakeHttpApi) -> None:
    api.forced.append(Reply(body={}))
    ApiSession(api.url, api.ca_pem, basic("admin", "pä:ß\n")).call("GET", "/")
    assert api.calls[0].headers["authorization"] == "Basic YWRtaW46cMOkOsOfCg=="
