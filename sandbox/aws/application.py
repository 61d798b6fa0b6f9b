"""The pipeline of a request: read the call, let interceptors judge it, then our own service or moto answers.

Enforcement of IAM, CloudTrail events, faults and the clock are interceptors: each takes the call and what comes next.
"""

import io
import logging
import socket
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication

from sandbox.aws.control import Control, as_json
from sandbox.aws.errors import AwsError
from sandbox.aws.exchange import Answer, Call, read_call
from sandbox.aws.faults.rule import ConnectionDropped
from sandbox.aws.memory.memory import Memory
from sandbox.aws.settings import CONTROL_PREFIX, Settings
from sandbox.aws.wire import refused

_log = logging.getLogger(__name__)

Next = Callable[[Call], Answer]
Interceptor = Callable[[Call, Next], Answer]
Service = Callable[[Call], Answer | None]
Environ = dict[str, Any]

# moto looks up the caller of every request; these services change no user and no role.
_IDENTITIES = frozenset({"moto.iam.models"})
_NOT_OF_IDENTITIES = frozenset({"events", "kms", "lambda", "logs", "monitoring", "s3", "scheduler", "sns", "sqs"})

LOOPBACK_NAMES = frozenset({"127.0.0.1", "localhost", "[::1]"})


class Application:
    """The WSGI application of the local AWS."""

    def __init__(
        self,
        *,
        settings: Settings,
        moto: WSGIApplication,
        memory: Memory,
        services: Mapping[str, Service],
        identify: Callable[[Call], Call],
        interceptors: Sequence[Interceptor] = (),
        control: Control,
    ) -> None:
        """`services` answer by signing name and may return None to leave a call to moto; interceptors run in order.

        `identify` gives a call its caller before all of them, or raises the error that is answered.
        """
        self._settings = settings
        self._moto = moto
        self._memory = memory
        self._services = services
        self._identify = identify
        self._interceptors = tuple(interceptors)
        self._control = control

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
            return as_json(403, {"message": f"Host '{host}' is not loopback; the local AWS answers 127.0.0.1 only."})
        path = environ.get("PATH_INFO", "")
        if path.startswith(CONTROL_PREFIX):
            token = environ.get("HTTP_X_SANDBOX_TOKEN", "")
            return self._control.answer(
                environ["REQUEST_METHOD"], path, environ.get("QUERY_STRING", ""), token, _body(environ)
            )
        if path.startswith("/moto-api"):
            return as_json(
                404, {"message": "moto's own API is closed here: it would change state behind the disk's back."}
            )
        call = read_call(
            environ["REQUEST_METHOD"],
            path,
            environ.get("QUERY_STRING", ""),
            _headers(environ),
            _body(environ),
            default_region=self._settings.region,
            raw_path=environ.get("RAW_URI", "").split("?", 1)[0],
            source_ip=environ.get("REMOTE_ADDR", "127.0.0.1"),
        )
        try:
            try:
                call = self._identify(call)
            except AwsError as error:
                return refused(call, error)
            return self._chain(0, environ)(call)
        except ConnectionDropped:
            environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
            return Answer(status=500, body=b"")  # goes nowhere: the connection is closed
        except NotImplementedError:
            named = f"{call.operation or call.path} of {call.service}"
            return refused(call, AwsError("NotImplemented", f"The local AWS has no {named}.", status=501))
        except Exception:  # noqa: BLE001 - answered as an internal failure
            _log.exception("%s %s", call.service, call.operation or call.path)
            return as_json(500, {"__type": "InternalFailure", "message": "The local AWS failed; see its log."})

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
        only_reads = _IDENTITIES if call.service in _NOT_OF_IDENTITIES else frozenset()
        with self._memory.work(changes=call.changes_state, only_reads=only_reads):
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


def _length(answer: Answer) -> str:
    # A HEAD answer of S3 carries the object's length and no body.
    given = next((value for name, value in answer.headers if name.lower() == "content-length"), None)
    return given if given is not None and not answer.body else str(len(answer.body))


def _body(environ: Environ) -> bytes:
    if not environ.get("CONTENT_LENGTH") and not environ.get("wsgi.input_terminated", False):
        return b""
    body: bytes = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    return body


def _headers(environ: Environ) -> dict[str, str]:
    headers = {name[5:].replace("_", "-").lower(): value for name, value in environ.items() if name.startswith("HTTP_")}
    headers["content-type"] = environ.get("CONTENT_TYPE", "")
    return headers
