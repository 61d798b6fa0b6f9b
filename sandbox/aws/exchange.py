"""One request and its answer, as every part of the layer sees them."""

import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

from sandbox.aws.caller import Caller
from sandbox.aws.operation import RoutedRequest

_SCOPE = re.compile(r"Credential=([^/,\s]+)/(\d{8})/([^/,\s]+)/([^/,\s]+)/aws4_request")
_READS = re.compile(
    r"^(Get|List|Describe|Head|BatchGet|Lookup|Simulate|Filter|Test|Validate|Encrypt|Decrypt|ReEncrypt|Verify|Sign"
    r"|GenerateDataKey|GenerateMac|GenerateRandom|Query$|Scan$|Search)"
)
_CREATES_ON_READ = frozenset({("kms", "DescribeKey"), ("kms", "ListAliases"), ("kms", "ListKeys")})


@dataclass(frozen=True, kw_only=True)
class Call:
    """A request to an AWS service: who asks which service for what.

    `service` is the name in the signature's scope and `operation` the documented one, empty when the service is not
    known. `path` is decoded and `raw_path` as it was sent. `id` is the request id. `caller` is set once the signature
    was judged.
    """

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    service: str
    region: str
    access_key: str
    operation: str
    routed: RoutedRequest = field(repr=False)
    raw_path: str
    source_ip: str = "127.0.0.1"
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    caller: Caller | None = None

    @property
    def parameters(self) -> Mapping[str, Any]:
        """The request's parameters by their documented names; may hold secret values."""
        return self.routed.parameters

    @property
    def changes_state(self) -> bool:
        """True unless the call is known to be a pure read; an unknown one counts as a change."""
        if (self.service, self.operation) in _CREATES_ON_READ:
            return True
        if self.operation:
            return not _READS.match(self.operation)
        return self.method not in {"GET", "HEAD", "OPTIONS"}


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What goes back: status, headers and the whole body."""

    status: int
    body: bytes = field(repr=False)
    headers: tuple[tuple[str, str], ...] = field(default=())


def read_call(
    method: str,
    path: str,
    query: str,
    headers: Mapping[str, str],
    body: bytes,
    *,
    default_region: str,
    raw_path: str,
    source_ip: str = "127.0.0.1",
) -> Call:
    """The call that an HTTP request makes, from its signature's scope, X-Amz-Target, Action or path.

    `headers` are in lower case, `path` is decoded. Source:
    https://docs.aws.amazon.com/IAM/latest/UserGuide/create-signed-request.html.
    """
    parameters = parse_qs(query)
    credential = parameters.get("X-Amz-Credential", [""])[0]
    scope = _SCOPE.search(headers.get("authorization", "")) or _SCOPE.search(f"Credential={credential}")
    access_key, _, region, service = scope.groups() if scope else ("", "", default_region, "")
    operation = headers.get("x-amz-target", "").rsplit(".", 1)[-1]
    if not operation and headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        parameters = parse_qs(body.decode("utf-8", "replace"))
    if not operation and service not in {"s3", "lambda"}:
        operation = parameters.get("Action", [""])[0]
    routed = RoutedRequest(service.lower(), method, raw_path, query, headers, body)
    return Call(
        method=method,
        path=path,
        query=query,
        headers=headers,
        body=body,
        service=service.lower(),
        region=region,
        access_key=access_key,
        operation=operation or routed.name,
        routed=routed,
        raw_path=raw_path,
        source_ip=source_ip,
    )
