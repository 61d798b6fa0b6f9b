"""The server process: one port on loopback, ready when its file says so, gone on SIGTERM, SIGINT or when asked."""

import fcntl
import json
import os
import signal
import socket
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from moto.moto_server.werkzeug_app import MotoRequestHandler
from werkzeug.serving import ThreadedWSGIServer, make_server

from sandbox.aws.application import Interceptor
from sandbox.aws.assembly import LocalAwsParts
from sandbox.aws.errors import SandboxError
from sandbox.aws.log import set_up_log
from sandbox.aws.process import READY_FILE
from sandbox.aws.settings import LOOPBACK, Settings

LOCK_FILE = "aws.lock"
# A thread that writes gives the interpreter away at every step of SQLite and gets it back only after this; Python's own
# 5 ms made a write under eight clients ten times slower than one alone (bench/local_aws.py).
_SWITCH_SECONDS = 0.0005


class QuietHandler(MotoRequestHandler):
    """HTTP/1.1 with kept connections; requests are not logged, because they hold values."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = 120

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing."""


def serve(settings: Settings, *, interceptors: Sequence[Interceptor] = ()) -> None:
    """Run until stopped; SandboxError when the port is taken or another process holds the state folder."""
    settings.state.mkdir(parents=True, exist_ok=True, mode=0o700)
    settings.state.chmod(0o700)
    set_up_log()
    sys.setswitchinterval(_SWITCH_SECONDS)
    with (settings.state / LOCK_FILE).open("w") as lock:
        _hold(lock.fileno(), settings.state)
        listener = _listen(settings.port)
        port = int(listener.getsockname()[1])
        _run(settings, listener, port, interceptors)


def _run(settings: Settings, listener: socket.socket, port: int, interceptors: Sequence[Interceptor]) -> None:
    stop_server: list[ThreadedWSGIServer] = []

    def shutdown(*_given: Any) -> dict[str, Any]:
        # serve_forever runs in this very thread when a signal arrives: shutdown would wait for itself.
        threading.Thread(target=stop_server[0].shutdown, name="shutdown", daemon=True).start()
        return {"stopping": True}

    parts = LocalAwsParts(settings, port=port, shutdown=shutdown, interceptors=interceptors)
    server = make_server(
        LOOPBACK, port, parts.application, threaded=True, request_handler=QuietHandler, fd=listener.fileno()
    )
    assert isinstance(server, ThreadedWSGIServer)
    server.daemon_threads = True
    server.block_on_close = False
    stop_server.append(server)
    signal.signal(signal.SIGTERM, shutdown)
    signal.signal(signal.SIGINT, shutdown)
    parts.start()
    ready = settings.state / READY_FILE
    _write_ready(ready, {"port": port, "pid": os.getpid(), "token": settings.token})
    sys.stdout.write(f"local AWS ready on http://{LOOPBACK}:{port} (pid {os.getpid()})\n")
    sys.stdout.flush()
    try:
        server.serve_forever(poll_interval=0.1)
    finally:
        listener.close()
        parts.stop()


def _hold(descriptor: int, state: Path) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as exc:
        raise SandboxError(f"another local AWS runs on {state}; stop it first") from exc


def _listen(port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((LOOPBACK, port))
    except OSError as exc:
        listener.close()
        raise SandboxError(f"port {port} on {LOOPBACK} is taken; give another one, or 0 for any free one") from exc
    listener.listen(256)
    return listener


def _write_ready(path: Path, content: dict[str, Any]) -> None:
    fresh = path.with_suffix(".new")
    fresh.touch(mode=0o600)
    fresh.write_text(json.dumps(content))
    fresh.rename(path)
