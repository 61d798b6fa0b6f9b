"""Where a call's time goes inside the local AWS: `python -m bench.layers`, in one process and without HTTP.

Prints the median milliseconds of each layer's own work, by operation. `reading` is what comes before the first layer:
the request, its signature and who the caller is; `service` is moto or our own service, with the write to disk.
"""

from __future__ import annotations

import io
import statistics
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

from werkzeug.serving import make_server

from bench.calls import Calls
from bench.replay import REGION, Prepared
from sandbox.aws.assembly import LocalAwsParts
from sandbox.aws.server import QuietHandler
from sandbox.aws.settings import LOOPBACK, Settings

CALLS = 100


class Watch:
    """Times nested layers: each gets the seconds that are its own."""

    def __init__(self) -> None:
        """Nothing yet."""
        self.own: dict[str, list[float]] = defaultdict(list)
        self._inner = [0.0]

    def of(self, name: str, layer: Callable[..., Any]) -> Callable[..., Any]:
        """`layer`, timed."""

        def timed(*arguments: Any) -> Any:
            self._inner.append(0.0)
            began = time.perf_counter()
            try:
                return layer(*arguments)
            finally:
                whole = time.perf_counter() - began
                self.own[name].append(whole - self._inner.pop())
                self._inner[-1] += whole

        return timed


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(state=Path(folder), account="222233334444", region=REGION, token="bench")
        # A server of werkzeug's takes the port; the calls that are timed go to the application itself.
        server = make_server(LOOPBACK, 0, lambda *_: [], threaded=True, request_handler=QuietHandler)
        parts = LocalAwsParts(settings, port=server.server_port, shutdown=lambda _given: {})
        application: Any = parts.application
        server.app = application
        threading.Thread(target=server.serve_forever, daemon=True).start()
        signed = Calls(f"http://{LOOPBACK}:{server.server_port}").signed(CALLS)
        watch = Watch()
        application._interceptors = tuple(
            watch.of(type(layer.__self__).__name__, layer) for layer in application._interceptors
        )
        application._serve = watch.of("service", application._serve)
        whole = watch.of("reading", application)
        for number, (operation, requests) in enumerate(signed.items()):
            watch.own.clear()
            for request in requests:
                _asked(whole, request, server.server_port)
            if number == 0:
                print(f"{'ms':<20} " + " ".join(f"{name:>8}" for name in watch.own))
            print(
                f"{operation:<20} " + " ".join(f"{statistics.median(own) * 1000:>8.2f}" for own in watch.own.values())
            )
        server.shutdown()


def _asked(application: Callable[..., Any], request: Prepared, port: int) -> None:
    path, _, query = request.target.partition("?")
    environ: dict[str, Any] = {
        f"HTTP_{name.upper().replace('-', '_')}": value for name, value in request.headers.items()
    }
    environ |= {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "RAW_URI": request.target,
        "REQUEST_URI": request.target,
        "QUERY_STRING": query,
        "CONTENT_TYPE": request.headers.get("Content-Type", ""),
        "CONTENT_LENGTH": str(len(request.body)),
        "HTTP_HOST": f"{LOOPBACK}:{port}",
        "REMOTE_ADDR": LOOPBACK,
        "SERVER_NAME": LOOPBACK,
        "SERVER_PORT": str(port),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(request.body),
        "wsgi.errors": sys.stderr,
    }
    statuses: list[str] = []
    said = b"".join(application(environ, lambda status, _headers: statuses.append(status)))
    assert statuses[0].startswith("2"), (statuses, said[:200])


if __name__ == "__main__":
    main()
