"""Which documented operation an HTTP request is, and its parameters: botocore's models through moto's parsers."""

from __future__ import annotations

import io
from collections.abc import Mapping
from functools import cached_property, lru_cache
from typing import Any

from botocore.exceptions import UnknownServiceError
from moto.core.model import OperationModel, ServiceModel
from moto.core.parse import PROTOCOL_PARSERS
from moto.core.request import Request, determine_request_protocol
from moto.core.routing import get_service_router
from moto.core.utils import get_service_model
from werkzeug.exceptions import HTTPException

# Where the name in a signature's scope is not the name of botocore's model.
_MODELS = {"monitoring": "cloudwatch", "states": "stepfunctions", "access-analyzer": "accessanalyzer", "ses": "sesv2"}


class RoutedRequest:
    """One HTTP request, matched to an operation of its service when that is first asked for."""

    def __init__(
        self, service: str, method: str, path: str, query: str, headers: Mapping[str, str], body: bytes
    ) -> None:
        """`path` is as it was sent, `headers` are in lower case."""
        self._service = service
        self._sent = (method, path, query, headers, body)

    @property
    def name(self) -> str:
        """The operation's documented name; empty where service or operation are not known.

        Such a request has no name that a policy, an event or a fault could mean.
        """
        return "" if self._matched is None else str(self._matched[0].name)

    @property
    def model(self) -> OperationModel | None:
        """The documented shapes of the operation's input and output."""
        return None if self._matched is None else self._matched[0]

    @cached_property
    def parameters(self) -> Mapping[str, Any]:
        """The parameters by their documented names, which may hold secret values; none when the body does not fit.

        The service itself answers what is wrong with such a body.
        """
        if self._matched is None:
            return {}
        operation, uri, request = self._matched
        content: Any = {
            "method": request.method,
            "values": request.values,
            "headers": request.headers,
            "body": self._sent[-1],
            "url_path": request.path,
            "url_params": uri,
        }
        try:
            protocol = determine_request_protocol(operation.service_model, request.content_type)
            parsed: Mapping[str, Any] = PROTOCOL_PARSERS[protocol](operation).parse(content)
        except Exception:  # noqa: BLE001 - moto's parsers raise whatever the input provokes
            return {}
        return parsed

    @cached_property
    def _matched(self) -> tuple[OperationModel, Mapping[str, Any], Request] | None:
        model = model_of(self._service)
        if model is None:
            return None
        request = Request(_environ(*self._sent))
        try:
            return *get_service_router(model.service_name).match(request), request
        except (HTTPException, NotImplementedError, KeyError):
            return None


def _environ(method: str, path: str, query: str, headers: Mapping[str, str], body: bytes) -> dict[str, Any]:
    environ: dict[str, Any] = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers.items()}
    environ.update(
        REQUEST_METHOD=method,
        SCRIPT_NAME="",
        PATH_INFO=path,
        RAW_URI=path,
        QUERY_STRING=query,
        CONTENT_TYPE=headers.get("content-type", ""),
        CONTENT_LENGTH=str(len(body)),
        SERVER_NAME="localhost",
        SERVER_PORT="80",
    )
    environ["wsgi.url_scheme"] = "http"
    environ["wsgi.input"] = io.BytesIO(body)
    return environ


@lru_cache(maxsize=64)
def model_of(service: str) -> ServiceModel | None:
    """The documented operations of a service by its name in a signature; None for a name that no service has."""
    try:
        return get_service_model(_MODELS.get(service, service)) if service else None
    except UnknownServiceError:
        return None
