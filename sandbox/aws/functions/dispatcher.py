"""Asynchronous invocation: run, try twice more, then the dead-letter queue or the on-failure destination.

Sources: https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html and
invocation-async-retain-records.html.
"""

import json
import logging
import time
import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from sandbox.aws.clock.due_queue import DueQueue, Work
from sandbox.aws.clock.source import Ran
from sandbox.aws.errors import AwsError
from sandbox.aws.functions.backlog import AsyncEvent, Backlog
from sandbox.aws.functions.deployed import Cloud, Function
from sandbox.aws.functions.executor import Executor, Outcome
from sandbox.aws.settings import FunctionSettings

_log = logging.getLogger(__name__)
_TROUBLE_SECONDS = 30.0


class Dispatcher:
    """Runs accepted events in the background; those left by an earlier process are resumed."""

    def __init__(
        self,
        *,
        backlog: Backlog,
        executor: Executor,
        cloud: Cloud,
        settings: FunctionSettings,
        on_dropped: Callable[[Function, str], None] = lambda _function, _metric: None,
    ) -> None:
        """Events are read from `backlog`; nothing runs before `queue.start`.

        `on_dropped` is told of events and messages that came to nothing, with Lambda's name of that metric.
        """
        self._on_dropped = on_dropped
        self._backlog = backlog
        self._executor = executor
        self._cloud = cloud
        self._settings = settings
        self.queue: DueQueue[AsyncEvent] = DueQueue(
            "async-invoke",
            Work(
                waiting=backlog.waiting,
                key=lambda event: event.id,
                due=lambda event: event.due,
                run=self._run_safely,
            ),
            workers=settings.async_workers,
        )

    def accept(
        self, *, region: str, function: str, qualifier: str | None, payload: bytes, event_id: str | None = None
    ) -> str:
        """Take an event; when this returns its request id, the event is on disk. The same id twice is one event."""
        now = time.time()
        event = AsyncEvent(
            id=event_id or str(uuid.uuid4()),
            region=region,
            function=function,
            qualifier=qualifier,
            payload=payload or b"{}",
            attempt=0,
            due=now,
            accepted=now,
        )
        self._backlog.put(event)
        self.queue.wake()
        return event.id

    def _run_safely(self, event: AsyncEvent) -> Ran:
        try:
            outcome = self._run(event)
        except Exception:  # noqa: BLE001 - a dead thread would lose the event silently
            _log.exception("an asynchronous invocation of %s stopped", event.function)
            outcome = "failed: InternalFailure"
            if not self.queue.is_stopping:
                self._backlog.put(replace(event, due=time.time() + _TROUBLE_SECONDS))
        return Ran(at=event.due, kind="async-invoke", name=event.function, outcome=outcome)

    def _run(self, event: AsyncEvent) -> str:
        try:
            function = self._cloud.function(event.region, event.function, event.qualifier)
            if time.time() - event.accepted > function.max_age:
                self._give_up(event, function, None, "EventAgeExceeded")
                return "failed: EventAgeExceeded"
            outcome = self._executor.run(function, event.payload, request_id=event.id)
        except AwsError as error:
            if error.code == "TooManyRequestsException":
                self._backlog.put(replace(event, due=time.time() + 1.0))  # throttling does not use up an attempt
                return "throttled"
            _log.warning("asynchronous invocation of %s dropped: %s", event.function, error.code)
            self._backlog.remove(event.id)
            return f"failed: {error.code}"
        told = "succeeded" if outcome.error is None else f"failed: {outcome.error_type}"
        if self.queue.is_stopping and outcome.error is not None:
            return told
        if outcome.error is None:
            self._deliver(function.on_success, event, function, outcome, "Success")
        elif event.attempt < min(function.retries, len(self._settings.async_delays)):
            delay = self._settings.async_delays[event.attempt]
            self._backlog.put(replace(event, attempt=event.attempt + 1, due=time.time() + delay))
            return told
        else:
            self._give_up(event, function, outcome, "RetriesExhausted")
            return told
        self._backlog.remove(event.id)
        return told

    def _give_up(self, event: AsyncEvent, function: Function, outcome: Outcome | None, condition: str) -> None:
        self._deliver(function.on_failure, event, function, outcome, condition)
        if function.dead_letter is not None:
            self._send(function, function.dead_letter, event.payload.decode("utf-8", "replace"), "DeadLetterErrors")
        self._on_dropped(function, "AsyncEventsDropped")
        self._backlog.remove(event.id)

    def _send(self, function: Function, target: str, message: str, metric: str) -> None:
        try:
            self._cloud.send(target, message)
        except Exception as exc:  # noqa: BLE001 - whatever moto raises: the function must not run again for it
            _log.warning("%s did not take a message of %s: %s", target, function.name, type(exc).__name__)
            self._on_dropped(function, metric)

    def _deliver(
        self, target: str | None, event: AsyncEvent, function: Function, outcome: Outcome | None, condition: str
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
        }
        if outcome is not None:
            record["responseContext"] = {"statusCode": 200, "executedVersion": function.version}
            record["responsePayload"] = _loaded(outcome.payload)
            if outcome.error is not None:
                record["responseContext"]["functionError"] = outcome.error
        self._send(function, target, json.dumps(record), "DestinationDeliveryFailures")


def _loaded(payload: bytes) -> Any:
    try:
        return json.loads(payload)
    except ValueError:
        return payload.decode("utf-8", "replace")
