"""One request and its answer, as every part of the layer sees them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qs

_SCOPE = re.compile(r"Credential=([^/,\s]+)/(\d{8})/([^/,\s]+)/([^/,\s]+)/aws4_request")
_READS = re.compile(
    r"^(Get|List|Describe|Head|BatchGet|Lookup|Simulate|Filter|Test|Validate|Encrypt|Decrypt|ReEncrypt|Verify|Sign"
    r"|GenerateDataKey|GenerateMac|GenerateRandom|Query$|Scan$|Search)"
)
_CREATES_ON_READ = frozenset({("kms", "DescribeKey"), ("kms", "ListAliases"), ("kms", "ListKeys")})


@dataclass(frozen=True, kw_only=True)
class Call:
    """A request to an AWS service: who asks which service for what.

    `operation` is empty for the REST services (S3, Lambda, EventBridge Scheduler), which are told apart by method and
    path. `access_key` is what the signature names; the signature itself is not checked here.
    """

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes
    service: str
    region: str
    access_key: str
    operation: str

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
    body: bytes
    headers: tuple[tuple[str, str], ...] = field(default=())


def read_call(
    method: str, path: str, query: str, headers: Mapping[str, str], body: bytes, *, default_region: str
) -> Call:
    """The call that an HTTP request makes, from its signature's scope, X-Amz-Target or Action; `headers` in lower case.

    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/create-signed-request.html.
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
    return Call(
        method=method,
        path=path,
        query=query,
        headers=headers,
        body=body,
        service=service.lower(),
        region=region,
        access_key=access_key,
        operation=operation,
    )
