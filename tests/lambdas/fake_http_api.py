"""A small HTTPS server on loopback for fakes of JSON APIs: a real certificate, real sockets, one thread a connection.

A fake of one API is a subclass with `answer`. Every request is recorded, so a test can see where a value travelled.
"""

from __future__ import annotations

import atexit
import json
import ssl
import tempfile
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl, unquote, urlsplit

from sandbox.servers import tls


@dataclass(frozen=True, kw_only=True)
class Call:
    """One request as it came. Header names are in lower case, the path is without its query and not quoted."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str] = field(repr=False)
    body: Any = field(repr=False)

    @property
    def parts(self) -> tuple[str, ...]:
        """The path's segments."""
        return tuple(self.path.strip("/").split("/"))

    @property
    def bearer(self) -> str:
        """The key of the Authorization header; empty without one."""
        return self.headers.get("authorization", "").removeprefix("Bearer ")


@dataclass(frozen=True, kw_only=True)
class Reply:
    """One answer; `body` becomes JSON, bytes go as they are, None is an empty body."""

    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


@cache
def loopback() -> tuple[tls.Authority, tls.Pair]:
    """A CA and a certificate for loopback, made once a process."""
    folder = tempfile.TemporaryDirectory(prefix="llmobs-api-")
    atexit.register(folder.cleanup)
    authority = tls.authority(Path(folder.name))
    return authority, tls.server_pair(authority, Path(folder.name), [], None)


class FakeHttpApi:
    """Use as a context manager. `forced` holds replies to give before `answer` is asked again, as a service in trouble.

    `clumsy` does the same one level below: it gets the handler and may write half an answer or hang up.
    """

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.forced: list[Reply] = []
        self.clumsy: Callable[[BaseHTTPRequestHandler], None] | None = None
        self.lock = threading.Lock()
        authority, pair = loopback()
        self.ca_pem = authority.pem
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(pair.certificate, pair.key)
        self._server = _Server(("127.0.0.1", 0), self._handler())
        self._server.context = self._context
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    @property
    def url(self) -> str:
        return f"https://localhost:{self.port}"

    def answer(self, call: Call) -> Reply:
        """What this API says; called under the lock. A subclass knows better."""
        return Reply(status=404, body={"error": {"type": "not_found", "message": call.path}})

    def seen(self, method: str, *path: str) -> list[Call]:
        """The recorded requests with a method whose path ends with these segments."""
        return [
            call for call in self.calls if call.method == method and call.parts[len(call.parts) - len(path) :] == path
        ]

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        api = self

        class Handler(BaseHTTPRequestHandler):
            timeout = 5

            def _run(self) -> None:
                raw = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                split = urlsplit(self.path)
                call = Call(
                    method=self.command,
                    path=unquote(split.path),
                    query=dict(parse_qsl(split.query)),
                    headers={name.lower(): value for name, value in self.headers.items()},
                    body=json.loads(raw) if raw else None,
                )
                with api.lock:
                    api.calls.append(call)
                    if api.clumsy is not None:
                        api.clumsy(self)
                        return
                    reply = api.forced.pop(0) if api.forced else api.answer(call)
                content = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()
                content = b"" if reply.body is None else content
                self.send_response(reply.status)
                for name, value in {"Content-Length": str(len(content)), **reply.headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = _run  # noqa: N815 - http.server's names

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
                """Nothing: a test's output stays readable."""

        return Handler


class _Server(ThreadingHTTPServer):
    """TLS is spoken in the connection's own thread, so that a client that hangs up cannot stop the others."""

    daemon_threads = True
    context: ssl.SSLContext

    def finish_request(self, request: Any, client_address: Any) -> None:
        try:
            with self.context.wrap_socket(request, server_side=True) as secured:
                super().finish_request(secured, client_address)
        except OSError:
            return  # the client did not trust us or went away


def tapped_api(connect: Callable[..., Any], tap: Callable[[], Any]) -> Callable[..., Any]:
    """An API's connect whose calls each pass through the tap that is set at that moment (workbench.Fuse)."""

    class Tapped:
        def __init__(self, session: Any) -> None:
            self._session = session

        def call(self, method: str, path: str, body: Mapping[str, object] | None = None) -> Any:
            with tap()(f"{method} {path}"):
                return self._session.call(method, path, body)

        def page(self, path: str) -> Any:
            with tap()(f"GET {path}"):
                return self._session.page(path)

    return lambda url, ca_pem, headers: Tapped(connect(url, ca_pem, headers))
