"""The buses: an event is matched with the rules of its bus, and its deliveries are on disk when `publish` returns."""

import time
import uuid
from collections.abc import Callable, Mapping
from typing import Any

from sandbox.aws.clock.clock import iso
from sandbox.aws.events.deliveries import Delivery, DeliveryStore
from sandbox.aws.events.event import Event
from sandbox.aws.events.payload import payload_of
from sandbox.aws.events.rules import Rule, Rules

_DELIVERIES = uuid.UUID("5b1b2c5e-6c0f-4f43-9a54-7c0a3f9c2a11")


class Bus:
    """All buses of one account."""

    def __init__(self, *, rules: Rules, store: DeliveryStore, wake: Callable[[], None]) -> None:
        """`wake` tells the courier that there is something to deliver."""
        self._rules = rules
        self._store = store
        self._wake = wake

    def publish(self, event: Event) -> None:
        """Take an event; a target's trouble is never the publisher's."""
        envelope = event.envelope()
        found = [
            delivery
            for rule in self._rules.on(event.region, event.bus)
            if rule.matches(envelope)
            for delivery in self.deliveries(rule, envelope)
        ]
        if found:
            self._store.put(found)
            self._wake()

    def deliveries(self, rule: Rule, envelope: Mapping[str, Any]) -> list[Delivery]:
        """One for each target of a rule, due now."""
        now = time.time()
        return [
            Delivery(
                # The same event for the same target is one delivery, also when a kill makes a bus forward it twice.
                id=str(uuid.uuid5(_DELIVERIES, f"{envelope['id']} {rule.arn} {target['Id']}")),
                origin=rule.arn,
                target=target,
                payload=payload_of(target, envelope, rule_arn=rule.arn, ingested=iso(now)),
                due=now,
                accepted=now,
            )
            for target in rule.targets
        ]
