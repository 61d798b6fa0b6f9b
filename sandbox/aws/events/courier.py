"""Deliveries off the request path: tried again while that may help, then sent to the dead-letter queue or dropped.

Sources: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-retry-policy.html and eb-rule-dlq.html;
https://docs.aws.amazon.com/scheduler/latest/UserGuide/configuring-schedule-dlq.html. AWS backs off exponentially with
jitter: the delays, without jitter, are ours.
"""

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Protocol

from sandbox.aws.clock.due_queue import DueQueue, Work
from sandbox.aws.clock.source import Ran
from sandbox.aws.errors import AwsError
from sandbox.aws.events.deliveries import Delivery, DeliveryStore

_log = logging.getLogger(__name__)
_LONGEST_DELAY = 600.0
_ATTEMPTS = 185
_AGE_SECONDS = 86400.0
_WORKERS = 2
# AWS sends these to the dead-letter queue at once: trying again cannot help.
_FINAL = ("AccessDenied", "NotFound", "DoesNotExist", "NonExistent", "NotAuthorized", "Validation", "Invalid")


class Outlet(Protocol):
    """How payloads reach targets of one kind of origin."""

    def deliver(self, delivery: Delivery) -> None:
        """Hand the payload over; AwsError when the target does not take it. The same id twice is one delivery."""

    def bury(self, delivery: Delivery, queue_arn: str, attributes: Mapping[str, str]) -> None:
        """Send to a dead-letter queue; AwsError when it does not take it."""


class Courier:
    """Delivers what rules and schedules leave in the store."""

    def __init__(
        self, *, store: DeliveryStore, rules: Outlet, schedules: Outlet, completed: Callable[[str], None]
    ) -> None:
        """`completed` is told the ARN of a schedule after its last invocation."""
        self._store = store
        self._rules = rules
        self._schedules = schedules
        self._completed = completed
        self.queue: DueQueue[Delivery] = DueQueue(
            "courier",
            Work(waiting=store.waiting, key=lambda one: one.id, due=lambda one: one.due, run=self._run),
            workers=_WORKERS,
        )

    def _run(self, delivery: Delivery) -> Ran:
        try:
            outcome = self._attempt(delivery)
        except Exception:  # noqa: BLE001 - a dead thread would lose the delivery silently
            _log.exception("a delivery to %s stopped", delivery.target["Arn"])
            self._later(delivery, AwsError("InternalFailure", "the local AWS failed"))
            outcome = "failed: InternalFailure"
        return Ran(
            at=delivery.due, kind="delivery", name=f"{delivery.origin} -> {delivery.target['Arn']}", outcome=outcome
        )

    def _attempt(self, delivery: Delivery) -> str:
        try:
            self._outlet(delivery).deliver(delivery)
        except AwsError as error:
            self._later(delivery, error)
            return f"failed: {error.code}"
        self._end(delivery)
        return "delivered"

    def _later(self, delivery: Delivery, error: AwsError) -> None:
        policy = delivery.target.get("RetryPolicy") or {}
        delay = min(_LONGEST_DELAY, 2.0**delivery.attempt)
        final = any(word in error.code for word in _FINAL)
        exhausted = None
        if delivery.attempt >= int(policy.get("MaximumRetryAttempts", _ATTEMPTS)):
            exhausted = "MaximumRetryAttempts"
        elif time.time() + delay - delivery.accepted > float(policy.get("MaximumEventAgeInSeconds", _AGE_SECONDS)):
            exhausted = "MaximumEventAgeInSeconds"
        if not final and exhausted is None:
            self._store.put([replace(delivery, attempt=delivery.attempt + 1, due=time.time() + delay)])
            return
        _log.warning("a delivery from %s to %s was given up: %s", delivery.origin, delivery.target["Arn"], error.code)
        self._bury(delivery, error, None if final else exhausted)
        self._end(delivery)

    def _bury(self, delivery: Delivery, error: AwsError, exhausted: str | None) -> None:
        queue = (delivery.target.get("DeadLetterConfig") or {}).get("Arn")
        if not queue:
            return
        origin = "SCHEDULE_ARN" if _is_schedule(delivery) else "RULE_ARN"
        attributes = {
            origin: delivery.origin,
            "TARGET_ARN": str(delivery.target["Arn"]),
            "ERROR_CODE": _code(error.code),
            "ERROR_MESSAGE": error.message[:1024] or error.code,
            "RETRY_ATTEMPTS": str(delivery.attempt),
        }
        if exhausted is not None:
            attributes["EXHAUSTED_RETRY_CONDITION"] = exhausted
        try:
            self._outlet(delivery).bury(delivery, queue, attributes)
        except AwsError as refused:
            _log.warning("the dead-letter queue %s took nothing: %s", queue, refused.code)

    def _end(self, delivery: Delivery) -> None:
        self._store.remove(delivery.id)
        if delivery.completes:
            self._completed(delivery.origin)

    def _outlet(self, delivery: Delivery) -> Outlet:
        return self._schedules if _is_schedule(delivery) else self._rules


def _is_schedule(delivery: Delivery) -> bool:
    return delivery.origin.split(":")[2] == "scheduler"


def _code(code: str) -> str:
    """EventBridge's own codes where the documentation names them."""
    if "AccessDenied" in code or "NotAuthorized" in code:
        return "NO_PERMISSIONS"
    if any(word in code for word in ("NotFound", "DoesNotExist", "NonExistent")):
        return "NO_RESOURCE"
    return code


def arguments_of(target: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """A target's parameters for one service, such as SqsParameters; empty when it has none."""
    found: Mapping[str, Any] = target.get(name) or {}
    return found
