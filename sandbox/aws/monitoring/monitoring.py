"""CloudWatch and the deliveries of SNS, put together for one local AWS."""

from __future__ import annotations

from collections.abc import Callable

from sandbox.aws.clock.agenda import Agenda
from sandbox.aws.control import Control
from sandbox.aws.events.event import Event
from sandbox.aws.functions.deployed import Function
from sandbox.aws.functions.executor import Outcome
from sandbox.aws.memory.memory import Memory
from sandbox.aws.monitoring.alarm_patches import install_alarm_patches
from sandbox.aws.monitoring.alarms import Alarms
from sandbox.aws.monitoring.cloudwatch import CloudWatch
from sandbox.aws.monitoring.filters import install_metric_filters
from sandbox.aws.monitoring.metrics import Metric, Metrics
from sandbox.aws.monitoring.notifications import AlarmActions, install_notifications
from sandbox.aws.monitoring.outbox import Outbox
from sandbox.aws.service_may import ServiceMay
from sandbox.aws.settings import Settings


class Monitoring:
    """Metrics, filters, alarms and notifications of one account."""

    def __init__(
        self,
        settings: Settings,
        *,
        memory: Memory,
        service_may: ServiceMay,
        invoke_later: Callable[[str, str, str | None, bytes], None],
        publish: Callable[[Event], None],
    ) -> None:
        """`invoke_later` takes region, function, qualifier and payload; `publish` takes events for the default bus."""
        self.metrics = Metrics(settings.state)
        self.outbox = Outbox(settings.state)
        actions = AlarmActions(memory=memory, service_may=service_may, invoke_later=invoke_later)
        self._alarms = Alarms(
            account=settings.account, memory=memory, metrics=self.metrics, actions=actions, publish=publish
        )
        self.cloudwatch = CloudWatch(self.metrics, account=settings.account, memory=memory, alarms=self._alarms)
        self._background = (self._alarms.background, self.outbox.background)
        install_alarm_patches()
        install_metric_filters(self.metrics)
        install_notifications(self.outbox, service_may, self.metrics)

    def serve(self, control: Control, agenda: Agenda) -> None:
        """Show notifications to a person, and look at alarms after every step of an advance of the clock."""
        self.outbox.serve(control)
        agenda.at_step_end(self._alarms.evaluate_all)

    def start(self) -> None:
        """Begin with what is due."""
        for work in self._background:
            work.start()

    def stop(self) -> None:
        """Start nothing new."""
        for work in self._background:
            work.stop()

    def join(self) -> None:
        """Wait until what ran has ended, and close the files."""
        for work in self._background:
            work.join()
        self.outbox.close()
        self.metrics.close()

    def invoked(self, function: Function, outcome: Outcome, milliseconds: float) -> None:
        """Count an invocation of a function.

        Source: https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html.
        """
        region = function.arn.split(":")[3]
        counted = {"Invocations": 1.0, "Errors": 0.0 if outcome.error is None else 1.0}
        for name, value in counted.items():
            self.metrics.put(_of_function(region, name, function.name), value)
        self.metrics.put(_of_function(region, "Duration", function.name), milliseconds, unit="Milliseconds")

    def dropped(self, function: Function, name: str) -> None:
        """Count an asynchronous event that came to nothing: AsyncEventsDropped, DeadLetterErrors and the like."""
        self.metrics.put(_of_function(function.arn.split(":")[3], name, function.name), 1.0)

    def throttled(self, function: Function) -> None:
        """Count an invocation that the reserved concurrency did not let in."""
        self.metrics.put(_of_function(function.arn.split(":")[3], "Throttles", function.name), 1.0)


def _of_function(region: str, name: str, function: str) -> Metric:
    return Metric(region=region, namespace="AWS/Lambda", name=name, dimensions={"FunctionName": function})
