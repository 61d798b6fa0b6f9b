"""EventBridge put together: buses, their schedules, EventBridge Scheduler and the courier that delivers for both."""

from collections.abc import Mapping
from pathlib import Path

from moto.s3 import models as s3_models

from sandbox.aws.access.access import Access
from sandbox.aws.application import Service
from sandbox.aws.clock.agenda import Agenda
from sandbox.aws.cloud import MotoCloud
from sandbox.aws.events.as_role import AsRole
from sandbox.aws.events.bus import Bus
from sandbox.aws.events.courier import Courier
from sandbox.aws.events.deliveries import DeliveryStore
from sandbox.aws.events.outlet import RuleOutlet
from sandbox.aws.events.rules import Rules
from sandbox.aws.events.service import EventsService
from sandbox.aws.functions.dispatcher import Dispatcher
from sandbox.aws.memory.memory import Memory
from sandbox.aws.schedules.rule_times import RuleTimes
from sandbox.aws.schedules.scheduler import Schedules
from sandbox.aws.schedules.service import PRINCIPAL, SchedulerService, install_scheduler_patches

_EVENTS = "events.amazonaws.com"


class EventBridge:
    """All of EventBridge for one account; `bus.publish` is what services of AWS send events with."""

    def __init__(self, *, account: str, endpoint: str, state: Path, memory: Memory, access: Access) -> None:
        """Nothing is delivered before the agenda that `join_agenda` is given starts."""
        self._account = account
        self._endpoint = endpoint
        self._memory = memory
        self._access = access
        self._store = DeliveryStore(state)
        self._rules = Rules(account=account, memory=memory)
        self.bus = Bus(rules=self._rules, store=self._store, wake=self._wake)
        self._courier: Courier | None = None
        install_scheduler_patches()
        # moto's own way from S3 to rules asks no policy; the trail's events are what AWS's rules match.
        s3_models.events_send_notification = lambda *_given, **_more: None  # type: ignore[attr-defined]

    def join_agenda(self, agenda: Agenda, *, dispatcher: Dispatcher, cloud: MotoCloud) -> None:
        """Deliver to functions by `dispatcher`, when `agenda` says so."""
        schedules = Schedules(account=self._account, memory=self._memory, store=self._store, wake=self._wake)
        outlet = RuleOutlet(
            account=self._account,
            memory=self._memory,
            service_may=self._access.service_may,
            dispatcher=dispatcher,
            function_exists=lambda region, arn: cloud.function(region, arn, None),
            as_role=self._as_role(_EVENTS),
            publish=self.bus.publish,
            has_bus=self._rules.has_bus,
        )
        self._courier = Courier(
            store=self._store, rules=outlet, schedules=self._as_role(PRINCIPAL), completed=schedules.completed
        )
        agenda.add(
            RuleTimes(account=self._account, rules=self._rules, bus=self.bus, store=self._store, wake=self._wake)
        )
        agenda.add(schedules)
        agenda.add_queue(self._courier.queue)

    def services(self) -> Mapping[str, Service]:
        """What answers requests, by signing name."""
        events = EventsService(account=self._account, rules=self._rules, publish=self.bus.publish)
        scheduler = SchedulerService(account=self._account, role_session=self._access.role_session)
        return {"events": events.answer, "scheduler": scheduler.answer}

    def close(self) -> None:
        """Close what is open."""
        self._store.close()

    def _as_role(self, service: str) -> AsRole:
        return AsRole(
            endpoint=self._endpoint,
            role_session=self._access.role_session,
            role_may=self._access.role_may,
            service=service,
        )

    def _wake(self) -> None:
        if self._courier is not None:
            self._courier.queue.wake()
