"""The Lambda Runtime API for one execution environment, on a loopback port of its own.

Source: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html.
"""

import contextlib
import json
import queue
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from sandbox.aws.settings import LOOPBACK

_PREFIX = "/2018-06-01/runtime"


@dataclass(frozen=True, kw_only=True)
class Invocation:
    """One event handed to the function. `deadline` is in milliseconds since the epoch."""

    request_id: str
    function_arn: str
    payload: bytes = field(repr=False)
    deadline: int


@dataclass(frozen=True, kw_only=True)
class Reply:
    """What the function, or the runtime, answered; `is_error` makes it FunctionError Unhandled."""

    payload: bytes = field(repr=False)
    is_error: bool
    during_init: bool = False


class RuntimeApi:
    """Hands events to the runtime client and takes its replies; closed with the environment."""

    def __init__(self) -> None:
        """Listen on a free loopback port."""
        self._events: queue.Queue[Invocation | None] = queue.Queue()
        self._replies: queue.Queue[Reply | None] = queue.Queue()
        self.ready = threading.Event()
        handler = type("Handler", (_Handler,), {"api": self})
        self._server = ThreadingHTTPServer((LOOPBACK, 0), handler)
        self._server.daemon_threads = True
        self.address = f"{LOOPBACK}:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), name="runtime-api", daemon=True).start()

    def send(self, invocation: Invocation) -> None:
        """Give the next event."""
        self._events.put(invocation)

    def reply(self, timeout: float) -> Reply | None:
        """The next reply; None when the process ended first. Raises queue.Empty after `timeout` seconds."""
        return self._replies.get(timeout=max(timeout, 0.001))

    def abandon(self) -> None:
        """Tell whoever waits for a reply that the process is gone."""
        self._replies.put(None)

    def close(self) -> None:
        """Stop listening."""
        self._events.put(None)
        self._server.shutdown()
        self._server.server_close()

    def next_event(self) -> Invocation | None:
        """The runtime client waits here between invocations."""
        self.ready.set()
        return self._events.get()

    def take(self, reply: Reply) -> None:
        """A reply arrived."""
        self._replies.put(reply)


class _Handler(BaseHTTPRequestHandler):
    api: RuntimeApi
    protocol_version = "HTTP/1.1"
    # Head and body go out in two writes: with Nagle's algorithm each answer waits some 40 ms for a delayed ACK.
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        if self.path != f"{_PREFIX}/invocation/next":
            self._send(404, b"{}")
            return
        event = self.api.next_event()
        if event is None:
            self._send(410, b"{}")
            return
        self._send(
            200,
            event.payload,
            {
                "Lambda-Runtime-Aws-Request-Id": event.request_id,
                "Lambda-Runtime-Deadline-Ms": str(event.deadline),
                "Lambda-Runtime-Invoked-Function-Arn": event.function_arn,
                "Lambda-Runtime-Trace-Id": f"Root=1-{event.request_id[:8]}-{event.request_id.replace('-', '')[8:]}",
            },
        )

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.path == f"{_PREFIX}/init/error":
            self.api.take(Reply(payload=body, is_error=True, during_init=True))
        elif self.path.endswith("/response"):
            self.api.take(Reply(payload=body, is_error=False))
        elif self.path.endswith("/error"):
            self.api.take(Reply(payload=body, is_error=True))
        else:
            self._send(404, b"{}")
            return
        self._send(202, json.dumps({"status": "OK"}).encode())

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class names it
        """Say nothing: requests hold values."""

    def _send(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        # A killed process is no error here: whoever waits for it learns so from the process.
        with contextlib.suppress(ConnectionError):
            self.end_headers()
            self.wfile.write(body)
