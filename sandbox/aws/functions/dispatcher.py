"""Asynchronous invocation: run, try twice more, then the dead-letter queue or the on-failure destination.

Sources: https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html and
invocation-async-retain-records.html.
"""

import json
import logging
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from sandbox.aws.errors import AwsError
from sandbox.aws.functions.backlog import AsyncEvent, Backlog
from sandbox.aws.functions.deployed import Cloud, Function
from sandbox.aws.functions.executor import Executor, Outcome
from sandbox.aws.settings import FunctionSettings

_log = logging.getLogger(__name__)
_IDLE_SECONDS = 30.0


class Dispatcher:
    """Runs accepted events in the background; those left by an earlier process are resumed."""

    def __init__(self, *, backlog: Backlog, executor: Executor, cloud: Cloud, settings: FunctionSettings) -> None:
        """Events are read from `backlog`; nothing runs before `start`."""
        self._backlog = backlog
        self._executor = executor
        self._cloud = cloud
        self._settings = settings
        self._changed = threading.Condition()
        self._in_flight: set[str] = set()
        self._stopping = False
        self._pool = ThreadPoolExecutor(max_workers=settings.async_workers, thread_name_prefix="async-invoke")
        self._thread = threading.Thread(target=self._loop, name="async-dispatch", daemon=True)

    def start(self) -> None:
        """Begin with what is due."""
        self._thread.start()

    def stop(self) -> None:
        """Start nothing new."""
        with self._changed:
            self._stopping = True
            self._changed.notify()
        self._pool.shutdown(wait=False, cancel_futures=True)

    def join(self) -> None:
        """Wait until what ran has ended."""
        self._pool.shutdown(wait=True)

    def accept(self, *, region: str, function: str, qualifier: str | None, payload: bytes) -> str:
        """Take an event; when this returns its request id, the event is on disk."""
        now = time.time()
        event = AsyncEvent(
            id=str(uuid.uuid4()),
            region=region,
            function=function,
            qualifier=qualifier,
            payload=payload or b"{}",
            attempt=0,
            due=now,
            accepted=now,
        )
        self._backlog.put(event)
        with self._changed:
            self._changed.notify()
        return event.id

    def _loop(self) -> None:
        while True:
            with self._changed:
                if self._stopping:
                    return
                now = time.time()
                events = [event for event in self._backlog.waiting() if event.id not in self._in_flight]
                for event in events:
                    if event.due <= now:
                        self._in_flight.add(event.id)
                        self._pool.submit(self._run_safely, event)
                later = min((event.due - now for event in events if event.due > now), default=_IDLE_SECONDS)
                self._changed.wait(min(later, _IDLE_SECONDS))

    def _run_safely(self, event: AsyncEvent) -> None:
        try:
            self._run(event)
        except Exception:  # noqa: BLE001 - a dead thread would lose the event silently
            _log.exception("an asynchronous invocation of %s stopped by an error of the sandbox", event.function)
            if not self._stopping:
                self._backlog.put(replace(event, due=time.time() + _IDLE_SECONDS))
        finally:
            with self._changed:
                self._in_flight.discard(event.id)
                self._changed.notify()

    def _run(self, event: AsyncEvent) -> None:
        try:
            function = self._cloud.function(event.region, event.function, event.qualifier)
            outcome = self._executor.run(function, event.payload, request_id=event.id)
        except AwsError as error:
            if error.code == "TooManyRequestsException":
                self._backlog.put(replace(event, due=time.time() + 1.0))  # throttling does not use up an attempt
            else:
                _log.warning("asynchronous invocation of %s dropped: %s", event.function, error.code)
                self._backlog.remove(event.id)
            return
        if self._stopping and outcome.error is not None:
            return
        if outcome.error is None:
            self._deliver(function.on_success, event, function, outcome, "Success")
        elif event.attempt < min(function.retries, len(self._settings.async_delays)):
            delay = self._settings.async_delays[event.attempt]
            self._backlog.put(replace(event, attempt=event.attempt + 1, due=time.time() + delay))
            return
        else:
            self._deliver(function.on_failure, event, function, outcome, "RetriesExhausted")
            if function.dead_letter is not None:
                self._cloud.send(function.dead_letter, event.payload.decode("utf-8", "replace"))
        self._backlog.remove(event.id)

    def _deliver(
        self, target: str | None, event: AsyncEvent, function: Function, outcome: Outcome, condition: str
    ) -> None:
        if target is None:
            return
        record: dict[str, Any] = {
            "version": "1.0",
            "timestamp": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%f}"[:-3] + "Z",
            "requestContext": {
                "requestId": event.id,
                "functionArn": f"{function.arn}:{function.version}",
                "condition": condition,
                "approximateInvokeCount": event.attempt + 1,
            },
            "requestPayload": _loaded(event.payload),
            "responseContext": {"statusCode": 200, "executedVersion": function.version},
            "responsePayload": _loaded(outcome.payload),
        }
        if outcome.error is not None:
            record["responseContext"]["functionError"] = outcome.error
        self._cloud.send(target, json.dumps(record))


def _loaded(payload: bytes) -> Any:
    try:
        return json.loads(payload)
    except ValueError:
        return payload.decode("utf-8", "replace")
