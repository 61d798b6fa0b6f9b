"""Invocations: one event through one environment, with Lambda's log lines and error payloads.

Sources: https://docs.aws.amazon.com/lambda/latest/dg/python-logging.html (START, END, REPORT), python-exceptions.html
and troubleshooting-invocation.html (Runtime.ExitError, Sandbox.Timedout).
"""

import base64
import json
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from sandbox.aws.errors import AwsError
from sandbox.aws.functions.deployed import Function
from sandbox.aws.functions.environment import Environment, ExitedError, TimedOutError
from sandbox.aws.functions.pool import EnvironmentPool
from sandbox.aws.functions.runtime_api import Invocation, Reply

_TAIL_BYTES = 4096

PutLogs = Callable[[str, str, list[tuple[int, str]]], None]


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How an invocation ended. `error` is "Unhandled" or None, `tail` the last 4 KB of its log, base64."""

    request_id: str
    payload: bytes = field(repr=False)
    error: str | None
    tail: str = field(repr=False)

    @property
    def error_type(self) -> str | None:
        """The error's type, which is safe to show; its message may hold anything."""
        if self.error is None:
            return None
        try:
            return str(json.loads(self.payload).get("errorType", self.error))
        except (ValueError, AttributeError):
            return self.error


class Executor:
    """Runs functions and waits for them."""

    def __init__(
        self,
        *,
        pool: EnvironmentPool,
        put_logs: PutLogs,
        may_log: Callable[[Function], bool] = lambda _function: True,
        init_timeout: float,
        on_invoked: Callable[[Function, Outcome, float], None] = lambda _function, _outcome, _ms: None,
        on_throttled: Callable[[Function], None] = lambda _function: None,
    ) -> None:
        """`put_logs` takes a group, a stream and events; the last two are told what CloudWatch counts.

        A function whose role may not write its log has none, as on AWS:
        https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs.html#monitoring-cloudwatchlogs-prereqs.
        """
        self._may_log = may_log
        self._on_invoked = on_invoked
        self._on_throttled = on_throttled
        self._pool = pool
        self._put_logs = put_logs
        self._init_timeout = init_timeout

    def run(self, function: Function, payload: bytes, *, request_id: str | None = None) -> Outcome:
        """One invocation, logged; AwsError only for what Lambda refuses before it runs anything."""
        try:
            environment, cold = self._pool.acquire(function)
        except AwsError as error:
            if error.code == "TooManyRequestsException":
                self._on_throttled(function)
            raise
        request_id = request_id or str(uuid.uuid4())
        reply, note, init_ms, ran_ms, reusable = self._attempt(environment, cold, request_id, payload)
        environment.drain()
        memory = environment.peak_memory()
        lines = environment.output.take()
        now = int(time.time() * 1000)
        first = min([now, *(moment for moment, _ in lines)])
        events = [(first, f"START RequestId: {request_id} Version: {function.version}"), *lines]
        if note is not None:
            events.append((now, note))
        events.append((now, f"END RequestId: {request_id}"))
        events.append((now, _report(request_id, function, ran_ms, init_ms, memory)))
        if self._may_log(function):
            self._put_logs(function.log_group, environment.log_stream, events)
        self._pool.release(environment, reusable=reusable)
        text = "\n".join(message for _, message in events).encode()[-_TAIL_BYTES:]
        outcome = Outcome(
            request_id=request_id,
            payload=reply.payload,
            error="Unhandled" if reply.is_error else None,
            tail=base64.b64encode(text).decode(),
        )
        self._on_invoked(function, outcome, ran_ms)
        return outcome

    def _attempt(
        self, environment: Environment, cold: bool, request_id: str, payload: bytes
    ) -> tuple[Reply, str | None, float | None, float, bool]:
        function = environment.function
        init_ms: float | None = None
        started = time.monotonic()
        try:
            if cold:
                failed = environment.wait_ready(self._init_timeout)
                init_ms = (time.monotonic() - environment.started) * 1000
                if failed is not None:
                    return failed, None, init_ms, init_ms, False
            started = time.monotonic()
            deadline = int((time.time() + function.timeout) * 1000)
            invocation = Invocation(
                request_id=request_id, function_arn=function.arn, payload=payload or b"{}", deadline=deadline
            )
            reply = environment.invoke(invocation, float(function.timeout))
            return reply, None, init_ms, (time.monotonic() - started) * 1000, True
        except TimedOutError:
            text = f"Task timed out after {function.timeout:.2f} seconds"
            stamp = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%f}"[:-3]
            reply = _error("Sandbox.Timedout", f"RequestId: {request_id} Error: {text}")
            return reply, f"{stamp}Z {request_id} {text}\n", init_ms, function.timeout * 1000.0, False
        except ExitedError as exc:
            text = f"RequestId: {request_id} Error: Runtime exited with error: {exc.status}"
            elapsed = (time.monotonic() - started) * 1000
            return _error("Runtime.ExitError", text), f"{text}\nRuntime.ExitError", init_ms, elapsed, False


def _error(kind: str, message: str) -> Reply:
    return Reply(payload=json.dumps({"errorType": kind, "errorMessage": message}).encode(), is_error=True)


def _report(request_id: str, function: Function, ran_ms: float, init_ms: float | None, memory: int) -> str:
    billed = int(ran_ms + (init_ms or 0)) + 1
    fields = [
        f"REPORT RequestId: {request_id}",
        f"Duration: {ran_ms:.2f} ms",
        f"Billed Duration: {billed} ms",
        f"Memory Size: {function.memory} MB",
        f"Max Memory Used: {memory} MB",
    ]
    if init_ms is not None:
        fields.append(f"Init Duration: {init_ms:.2f} ms")
    return "\t".join(fields)
