"""CloudTrail of one local AWS put together, and how it starts and stops."""

from __future__ import annotations

from sandbox.aws.clock.agenda import Agenda
from sandbox.aws.control import Control
from sandbox.aws.memory.memory import Memory
from sandbox.aws.settings import Settings
from sandbox.aws.trail.delivery import Delivery
from sandbox.aws.trail.destinations import Destinations, Permissions
from sandbox.aws.trail.digest import Signer
from sandbox.aws.trail.history import History
from sandbox.aws.trail.log_files import Outlet
from sandbox.aws.trail.trail import Publish, Trail


class CloudTrail:
    """The record of one account, and the trails that deliver it."""

    def __init__(
        self, settings: Settings, *, memory: Memory, permissions: Permissions, outlet: Outlet, publish: Publish
    ) -> None:
        """`outlet` is where trails deliver to; `publish` is the default bus's."""
        self._history = History(settings.state)
        signer = Signer(settings.state / "trail.pem")
        destinations = Destinations(account=settings.account, permissions=permissions)
        self._delivery = Delivery(
            account=settings.account,
            history=self._history,
            memory=memory,
            outlet=outlet,
            signer=signer,
            destinations=destinations,
            interval=settings.trail_interval,
        )
        self.trail = Trail(
            account=settings.account,
            region=settings.region,
            history=self._history,
            delivery=self._delivery,
            destinations=destinations,
            signer=signer,
            publish=publish,
        )

    def serve(self, control: Control, agenda: Agenda) -> None:
        """Show the record to a person, and deliver after every step of an advance of the clock."""
        self.trail.serve(control)
        agenda.at_step_end(self._delivery.at_step_end)

    def start(self) -> None:
        """Deliver in the background."""
        self._delivery.background.start()

    def stop(self) -> None:
        """Begin no delivery any more."""
        self._delivery.background.stop()

    def join(self) -> None:
        """Wait for the delivery that is under way, and close the file."""
        self._delivery.background.join()
        self._history.close()
