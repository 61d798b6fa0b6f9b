"""How the fake AWS is spoken to over HTTP: JSON with X-Amz-Target, Lambda's paths, and STS's forms."""

from __future__ import annotations

import json
from http.server import BaseHTTPRequestHandler
from typing import Any, Protocol


class RefusalError(Exception):
    """An error answer: AWS's code and text."""

    def __init__(self, code: str, text: str = "") -> None:
        super().__init__(code)
        self.code, self.text = code, text


class Answering(Protocol):
    """What answers: a refusal is raised."""

    def answer(self, operation: str, request: dict[str, Any]) -> dict[str, Any]: ...

    def invoke(self, name: str, event: dict[str, Any]) -> dict[str, Any] | str | None: ...

    def identity(self) -> tuple[int, str]: ...


def handler_of(aws: Answering) -> type[BaseHTTPRequestHandler]:
    """The requests' handler."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # else each answer waits 40 ms for an acknowledgement

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            target = self.headers.get("X-Amz-Target")
            if self.path.startswith("/2015-03-31/functions/"):
                self._invoke(self.path.split("/")[3], json.loads(body))
                return
            if target is None:
                self._send(*aws.identity(), "text/xml")
                return
            try:
                answer = aws.answer(target.rpartition(".")[2], json.loads(body))
                self._send(200, json.dumps(answer), "application/x-amz-json-1.1")
            except RefusalError as refusal:
                text = json.dumps({"__type": refusal.code, "message": refusal.text, "Message": refusal.text})
                self._send(400, text, "application/x-amz-json-1.1")

        def _invoke(self, name: str, event: dict[str, Any]) -> None:
            try:
                answer = aws.invoke(name, event)
            except RefusalError as refusal:
                kind = ("x-amzn-ErrorType", refusal.code)
                self._send(400, json.dumps({"Message": refusal.text}), "application/json", kind)
                return
            if isinstance(answer, str):
                text = json.dumps({"errorMessage": answer, "errorType": "RotationError"})
                self._send(200, text, "application/json", ("X-Amz-Function-Error", "Unhandled"))
            else:
                self._send(200, json.dumps(answer), "application/json")

        def _send(self, status: int, text: str, kind: str, *more: tuple[str, str]) -> None:
            content = text.encode()
            self.send_response(status)
            for header in more:
                self.send_header(*header)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            pass

    return Handler
