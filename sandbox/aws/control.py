"""The sandbox's own routes, under /_sandbox/: what a person or a test asks of the local AWS that no AWS has."""

import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl

from sandbox.aws.errors import SandboxError
from sandbox.aws.exchange import Answer
from sandbox.aws.settings import CONTROL_PREFIX, TOKEN_HEADER

Handler = Callable[[Mapping[str, Any]], Mapping[str, Any]]


class Control:
    """Routes by method and path. All but `open` ones need the process's token, which its ready file holds."""

    def __init__(self, token: str) -> None:
        """`token` proves that the caller may read the state folder."""
        self._token = token
        self._routes: dict[tuple[str, str], tuple[Handler, bool]] = {}

    def add(self, method: str, path: str, handler: Handler, *, is_open: bool = False) -> None:
        """Answers `method` on /_sandbox/`path` with what `handler` makes of the body, or of a GET's query.

        `path` may begin with /_sandbox/ as well.
        """
        self._routes[method, CONTROL_PREFIX + path.removeprefix(CONTROL_PREFIX)] = (handler, is_open)

    def answer(self, method: str, path: str, query: str, token: str, body: bytes) -> Answer:
        """The route's JSON: 400 with the text of a SandboxError, 403 without the token, 404 where there is no route."""
        route = self._routes.get((method, path))
        if route is None:
            return as_json(404, {"message": f"The local AWS has no {method} {path}."})
        handler, is_open = route
        if not is_open and token != self._token:
            return as_json(403, {"message": f"{TOKEN_HEADER} does not name this process."})
        try:
            given = json.loads(body or b"{}") if method != "GET" else dict(parse_qsl(query))
            if not isinstance(given, dict):
                raise SandboxError("the body must be a JSON object")
            return as_json(200, handler(given))
        except (SandboxError, ValueError) as exc:
            return as_json(400, {"message": str(exc)})


def as_json(status: int, body: Mapping[str, Any]) -> Answer:
    """An answer that carries JSON."""
    return Answer(status=status, body=json.dumps(body).encode(), headers=(("Content-Type", "application/json"),))
