"""Requests that are signed before the clock starts, and sent over kept connections: what is timed is the server.

boto3 takes a millisecond or two a call itself, which would hide half of what a server costs.
"""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import boto3
from botocore.awsrequest import AWSResponse
from botocore.config import Config

from sandbox.aws.settings import ADMINISTRATOR_KEY, ADMINISTRATOR_SECRET

REGION = "us-east-1"


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """A signed request."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes


class Captured(Exception):  # noqa: N818 - how a request gets out of botocore
    """Ends a call once it is signed."""


def client(endpoint: str, service: str) -> Any:
    """A client of the server at `endpoint`."""
    create: Any = boto3.client
    return create(
        service,
        endpoint_url=endpoint,
        region_name=REGION,
        aws_access_key_id=ADMINISTRATOR_KEY,
        aws_secret_access_key=ADMINISTRATOR_SECRET,
        config=Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}),
    )


def prepare(made: Any, operation: str, count: int, **arguments: Any) -> list[Prepared]:
    """`count` signed requests of an operation, each with a token of its own where it takes one."""
    taken: list[Prepared] = []

    def take(request: Any, **_: Any) -> AWSResponse:
        parts = urlsplit(request.url)
        body = request.body if request.body is not None else b""
        body = body.read() if hasattr(body, "read") else body
        headers = {
            name: value.decode() if isinstance(value, bytes) else str(value) for name, value in request.headers.items()
        }
        headers.pop("Expect", None)  # nothing answers "100 Continue" to it
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        taken.append(
            Prepared(
                method=request.method,
                target=target or "/",
                headers=headers,
                body=body.encode() if isinstance(body, str) else body,
            )
        )
        raise Captured

    made.meta.events.register("before-send", take)
    try:
        for _ in range(count):
            try:
                getattr(made, operation)(**arguments)
            except Captured:
                continue
    finally:
        made.meta.events.unregister("before-send", take)
    return taken


def sent(endpoint: str, requests: Sequence[Prepared], threads: int) -> tuple[list[float], float]:
    """The seconds of each call, and of all, with so many clients at once. AssertionError when a call fails."""
    seconds: list[float] = []
    failed: list[str] = []
    gate = threading.Barrier(threads + 1)
    workers = [
        threading.Thread(target=_send, args=(endpoint, requests[number::threads], gate, seconds, failed))
        for number in range(threads)
    ]
    for worker in workers:
        worker.start()
    gate.wait()
    began = time.perf_counter()
    for worker in workers:
        worker.join()
    elapsed = time.perf_counter() - began
    assert not failed, failed[0]
    return seconds, elapsed


def _send(
    endpoint: str, requests: Sequence[Prepared], gate: threading.Barrier, seconds: list[float], failed: list[str]
) -> None:
    connection = http.client.HTTPConnection(endpoint.removeprefix("http://"), timeout=30)
    clock: Callable[[], float] = time.perf_counter
    gate.wait()
    for request in requests:
        began = clock()
        connection.request(request.method, request.target, body=request.body, headers=request.headers)
        response = connection.getresponse()
        said = response.read()
        seconds.append(clock() - began)
        if response.status >= 300:
            failed.append(f"{endpoint}{request.target}: {response.status} {said[:200]!r}")
            break
    connection.close()
