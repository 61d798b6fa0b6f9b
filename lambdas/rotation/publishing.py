"""The end of a rotation: AWSCURRENT moves to the new version, and no other rotation may be about to move it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from rotation import guards
from rotation.errors import RotationError
from rotation.journal import Journal
from rotation.retirements import Retirements
from rotation.retiring import MARGIN
from rotation.targets.target import Target
from rotation.versions import CURRENT, PENDING, SUPPLIED, Secret, SecretVersions

# No function runs for longer (components/aws/rotation.py), with some time for a request that is on its way at its end.
LONGEST_RUN = timedelta(minutes=3)


class Publisher:
    """Publishes a version. The plan of the retirement, made first, is also the sign that a run is about to publish."""

    def __init__(self, versions: SecretVersions, retirements: Retirements, clock: Callable[[], datetime]) -> None:
        self._versions = versions
        self._retirements = retirements
        self._clock = clock

    def require_no_other(self, secret: Secret, target: Target, token: str) -> None:
        """No run of another rotation can publish yet.

        AWSPENDING can be taken off a rotation whose run has looked at it for the last time and stalls; Secrets Manager
        compares and swaps AWSCURRENT alone, so that run goes on and publishes a credential that this one has replaced
        at the server. It has planned its retirement before that look, so the plan is there to be seen, and no run
        outlives LONGEST_RUN.
        """
        plan = self._retirements.planned(secret) if target.retires else None
        if plan is None or plan.token in (token, secret.holder(CURRENT)):
            return
        until = plan.at - MARGIN - guards.overlap(secret) + LONGEST_RUN
        if self._clock() < until:
            raise RotationError(
                f"secret '{secret.name}': version '{plan.token}' is not AWSPENDING any more, but a run that is under "
                f"way may publish it yet; rotate again after {until.astimezone(UTC).isoformat(timespec='seconds')}"
            )

    def publish(self, secret: Secret, target: Target, token: str, journal: Journal) -> None:
        """One compare-and-swap of AWSCURRENT, then AWSPENDING goes. AWS makes the old version AWSPREVIOUS.

        Whether the steps before have run and succeeded is written nowhere, so the credential is used once more. The
        retirement is planned before the move: a death in between leaves a plan that finds nothing to do. The other way
        round it would leave an old credential that nobody ends. AWSPENDING is looked at again after it: either this run
        sees that the label has moved on, or the rotation that it has moved to sees the plan.
        """
        pending = self._versions.required(secret, token)
        if target.value not in ("", *pending):
            raise RotationError(
                f"secret '{secret.name}': version '{token}' holds no credential; start again with RotateSecret"
            )
        target.verify(pending)
        if target.retires:
            self._retirements.plan(secret, token, self._clock() + guards.overlap(secret) + MARGIN)
            self._versions.required(secret, token)
        self._versions.promote(secret, token)
        journal.info("published")
        self.tidy(secret, target, token)
        journal.info("finished")

    def tidy(self, secret: Secret, target: Target, token: str) -> None:
        """Take off the labels of the way here.

        Secrets Manager clears AWSPENDING too, when it drives the rotation. An emergency leaves it to that: beside
        AWSCURRENT it blocks nothing (API page RotateSecret), and ten thousand rotations share 50 writes a second. A
        supplied value that this rotation has not taken up keeps its label for the next one.
        """
        if PENDING in secret.stages[token] and not guards.is_emergency(token):
            self._versions.clear(secret, PENDING, token)
        supplied = self._versions.labelled(secret.arn, SUPPLIED) if secret.holder(SUPPLIED) else None
        if supplied is not None:
            current = self._versions.current(secret).document
            if all(
                current.get(field) == supplied.document.get(field)
                for field in target.credential & supplied.document.keys()
            ):
                self._versions.clear(secret, SUPPLIED, supplied.id)
