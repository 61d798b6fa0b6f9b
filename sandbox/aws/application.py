"""The pipeline of a request: read the call, let interceptors judge it, then our own service or moto answers.

Enforcement of IAM, CloudTrail events, faults and the clock are interceptors: each takes the call and what comes next.
"""

import io
import json
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication

from sandbox.aws.exchange import Answer, Call, read_call
from sandbox.aws.memory.memory import Memory
from sandbox.aws.settings import Settings

_log = logging.getLogger(__name__)

Next = Callable[[Call], Answer]
Interceptor = Callable[[Call, Next], Answer]
Service = Callable[[Call], Answer | None]
Environ = dict[str, Any]

LOOPBACK_NAMES = frozenset({"127.0.0.1", "localhost", "[::1]"})
_UNENCODED = {"Content-Type": "application/json"}


class Application:
    """The WSGI application of the local AWS."""

    def __init__(
        self,
        *,
        settings: Settings,
        moto: WSGIApplication,
        memory: Memory,
        services: Mapping[str, Service],
        interceptors: Sequence[Interceptor] = (),
        health: Callable[[], Mapping[str, Any]],
        shutdown: Callable[[], None],
    ) -> None:
        """`services` answer by signing name and may return None to leave a call to moto; interceptors run in order."""
        self._settings = settings
        self._moto = moto
        self._memory = memory
        self._services = services
        self._interceptors = tuple(interceptors)
        self._health = health
        self._shutdown = shutdown

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one HTTP request; the whole answer is known before the first byte goes out."""
        answer = self._answer(environ)
        headers = [item for item in answer.headers if item[0].lower() != "content-length"]
        if answer.status not in {204, 304}:
            headers.append(("Content-Length", _length(answer)))
        start_response(f"{answer.status} {'OK' if answer.status < 400 else 'Error'}", headers)
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [answer.body]

    def _answer(self, environ: Environ) -> Answer:
        host = environ.get("HTTP_HOST", "").rsplit(":", 1)[0]
        if host not in LOOPBACK_NAMES and not host.endswith(".localhost"):
            return _json(403, {"message": f"Host '{host}' is not loopback; the local AWS answers 127.0.0.1 only."})
        path = environ.get("PATH_INFO", "")
        if path.startswith("/_sandbox/"):
            return self._own(environ, path)
        if path.startswith("/moto-api"):
            return _json(
                404, {"message": "moto's own API is closed here: it would change state behind the disk's back."}
            )
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)) if _has_body(environ) else b""
        call = read_call(
            environ["REQUEST_METHOD"],
            path,
            environ.get("QUERY_STRING", ""),
            _headers(environ),
            body,
            default_region=self._settings.region,
            raw_path=environ.get("RAW_URI", "").split("?", 1)[0],
            source_ip=environ.get("REMOTE_ADDR", "127.0.0.1"),
        )
        try:
            return self._chain(0, environ)(call)
        except Exception:  # noqa: BLE001 - answered as an internal failure
            _log.exception("%s %s failed in the sandbox", call.service, call.operation or call.path)
            return _json(500, {"__type": "InternalFailure", "message": "The local AWS failed; see its log."})

    def _chain(self, index: int, environ: Environ) -> Next:
        if index == len(self._interceptors):
            return lambda call: self._serve(call, environ)
        interceptor, following = self._interceptors[index], self._chain(index + 1, environ)
        return lambda call: interceptor(call, following)

    def _serve(self, call: Call, environ: Environ) -> Answer:
        service = self._services.get(call.service)
        answer = service(call) if service is not None else None
        if answer is not None:
            return answer
        if call.changes_state:
            with self._memory.change():
                return self._ask_moto(call, environ)
        with self._memory.read():
            return self._ask_moto(call, environ)

    def _ask_moto(self, call: Call, environ: Environ) -> Answer:
        started: list[tuple[str, list[tuple[str, str]]]] = []

        def start(status: str, headers: list[tuple[str, str]], _error: Any = None) -> Callable[[bytes], object]:
            started.append((status, headers))
            return lambda _data: None

        inner = {**environ, "wsgi.input": io.BytesIO(call.body), "CONTENT_LENGTH": str(len(call.body))}
        inner.pop("HTTP_TRANSFER_ENCODING", None)
        chunks = self._moto(inner, start)
        try:
            body = b"".join(chunks)
        finally:
            close = getattr(chunks, "close", None)
            if close is not None:
                close()
        status, headers = started[-1]
        return Answer(status=int(status.split(" ", 1)[0]), body=body, headers=tuple(headers))

    def _own(self, environ: Environ, path: str) -> Answer:
        if path == "/_sandbox/health" and environ["REQUEST_METHOD"] == "GET":
            return _json(200, self._health())
        if path == "/_sandbox/shutdown" and environ["REQUEST_METHOD"] == "POST":
            if environ.get("HTTP_X_SANDBOX_TOKEN") != self._settings.token:
                return _json(403, {"message": "X-Sandbox-Token does not name this process."})
            self._shutdown()
            return _json(202, {"message": "stopping"})
        return _json(404, {"message": f"The local AWS has no {path}."})


def _length(answer: Answer) -> str:
    # A HEAD answer of S3 carries the object's length and no body.
    given = next((value for name, value in answer.headers if name.lower() == "content-length"), None)
    return given if given is not None and not answer.body else str(len(answer.body))


def _has_body(environ: Environ) -> bool:
    return bool(environ.get("CONTENT_LENGTH")) or environ.get("wsgi.input_terminated", False)


def _headers(environ: Environ) -> dict[str, str]:
    headers = {name[5:].replace("_", "-").lower(): value for name, value in environ.items() if name.startswith("HTTP_")}
    headers["content-type"] = environ.get("CONTENT_TYPE", "")
    return headers


def _json(status: int, body: Mapping[str, Any]) -> Answer:
    return Answer(status=status, body=json.dumps(body).encode(), headers=tuple(_UNENCODED.items()))
