"""The protocol of Secrets Manager, once, for every kind of secret.

Secrets Manager calls createSecret, setSecret, testSecret and finishSecret in this order and, after any error, all of
them again (https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_lambda-functions.html). So each
step can run again, at any time, after a crash at any call of any step, and late, when another rotation took over.

Calls of one clean rotation: 4 DescribeSecret, 5 GetSecretValue (6 for a role: the admin secret), 1 PutSecretValue,
2 UpdateSecretVersionStage, 1 CreateSchedule; 2 logins, none of which fails.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from rotation import guards
from rotation.candidates import fallbacks
from rotation.document import Document
from rotation.errors import RotationError
from rotation.journal import Journal
from rotation.retirements import Retirements
from rotation.retiring import MARGIN, RETIRED, STRAGGLING, Retirement, Retirer
from rotation.settings import Settings
from rotation.targets.target import Fallbacks, Target
from rotation.versions import CURRENT, PENDING, PREVIOUS, SUPPLIED, Secret, SecretVersions, Version, no_current

STEPS = ("createSecret", "setSecret", "testSecret", "finishSecret")
# Ours, Secrets Manager never sends them: an operator's command heals, the function `retire` retires.
HEAL, RETIRE = "healSecret", "retireSecret"


@dataclass(frozen=True, kw_only=True)
class Request:
    """One call of the function. The token is empty for a heal, which makes no version.

    `label_later` has a retirement leave AWSPREVIOUS to the one that finishSecret has planned: a write less in an
    emergency of thousands.
    """

    secret_id: str
    token: str
    step: str
    label_later: bool = False


class Rotator:
    """Guards each step and runs it. Holds no state between steps: what was done is read from labels and servers."""

    def __init__(
        self,
        *,
        settings: Settings,
        versions: SecretVersions,
        targets: dict[str, Target],
        retirements: Retirements,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._settings = settings
        self._versions = versions
        self._targets = targets
        self._retirements = retirements
        self._clock = clock
        self._retirer = Retirer(settings, versions, retirements, clock)

    def run(self, request: Request, journal: Journal) -> Retirement | None:
        """Run one step to its end, or raise RotationError. Doing nothing because all is done already is success.

        Returns what became of a retirement, None for every other step.
        """
        secret = self._versions.describe(request.secret_id)
        target = self._targets[guards.require_ours(secret, self._settings)]
        if request.step == HEAL:
            # A rotation that is stuck must not keep AWSCURRENT from being healed.
            known = filter(None, [secret.unfinished])
            target.heal(self._current(secret).document, self._fallbacks(secret, target, *known))
            journal.info("healed")
        elif request.step == RETIRE:
            return self._retire(secret, target, request, journal)
        else:
            self._rotate(secret, target, request, journal)
        return None

    def _rotate(self, secret: Secret, target: Target, request: Request, journal: Journal) -> None:
        guards.require_rotation(secret)
        guards.require_known(secret, request.token)
        if request.token == secret.holder(CURRENT):
            if request.step == "finishSecret":
                self._tidy(secret, target, request.token)
            journal.info("already current")
            return
        if request.step == "createSecret":
            self._create(secret, target, request.token, journal)
        elif request.step in STEPS:
            guards.require_pending(secret, request.token)
            {"setSecret": self._set, "testSecret": self._test, "finishSecret": self._finish}[request.step](
                secret, target, request.token, journal
            )
        else:
            raise RotationError(f"step '{request.step}' is unknown; Secrets Manager sends {', '.join(STEPS)}")

    def _create(self, secret: Secret, target: Target, token: str, journal: Journal) -> None:
        """Store the next value as AWSPENDING. An earlier run's value is kept: the server may know it already."""
        guards.require_no_rival(secret, token)
        current = self._current(secret)
        if target.issued and self._has_pending(secret, target, token, current):
            journal.info("already created")
            return
        if target.overlaps:
            secret = self._require_retired(secret, target, token, current, journal)
        # No read first: the put itself fails when the version has a value, whoever wrote it and when.
        if self._versions.put_pending(secret.arn, token, self._next(secret, target, token, current)):
            journal.info("created")
            return
        guards.require_same_server(self._pending(secret, token), current.document, target)
        journal.info("already created")

    def _has_pending(self, secret: Secret, target: Target, token: str, current: Version) -> bool:
        pending = self._versions.pending(secret.arn, token)
        if pending is not None:
            guards.require_same_server(pending.document, current.document, target)
        return pending is not None

    def _next(self, secret: Secret, target: Target, token: str, current: Version) -> Document:
        more = self._fallbacks(secret, target, token)
        supplied = more.supplied() if target.issued and secret.holder(SUPPLIED) else None
        if supplied is not None:
            guards.require_same_server(supplied, current.document, target)
            return supplied
        return target.generate(secret.name, current.document, more, urgent=guards.is_emergency(token))

    def _require_retired(
        self, secret: Secret, target: Target, token: str, current: Version, journal: Journal
    ) -> Secret:
        """The credential before the current one is over: by its time, and because nobody uses it any more.

        Retirement should have seen to it; when it did not, this does. Returns the labels as this leaves them, and not
        as they are now: what somebody else has moved meanwhile must stay a surprise.
        """
        overlap = guards.overlap(secret)  # a wrong tag is an error before there is anything to wait for
        if not guards.has_unretired(secret):
            return secret
        until = self._retirer.published(secret, current) + overlap
        warning = guards.require_overlap_over(secret, token, until, self._clock())
        if warning:
            journal.warning("overlap waived", warning)
        if guards.is_emergency(token):  # what it replaces is retired at once
            return secret
        retirement = self._retirer.end(secret, target, urgent=False, known=_known(secret, token))
        if retirement.outcome == STRAGGLING:
            raise RotationError(
                f"secret '{secret.name}': AWSPREVIOUS is in use after its overlap: {'; '.join(retirement.stragglers)}. "
                f"Have them read the secret again, or use the emergency procedure"
            )
        if retirement.outcome != RETIRED:
            return secret
        self._retirer.unlabel(secret)
        return replace(secret, stages={version: stages - {PREVIOUS} for version, stages in secret.stages.items()})

    def _retire(self, secret: Secret, target: Target, request: Request, journal: Journal) -> Retirement:
        retirement = self._retirer.retire(secret, target, request.token, label_later=request.label_later)
        if retirement.until is not None:
            self._retirements.again(secret, secret.holder(CURRENT) or request.token, retirement.until)
        journal.outcome(retirement.outcome, retirement.stragglers)
        return retirement

    def _set(self, secret: Secret, target: Target, token: str, journal: Journal) -> None:
        """Make the server accept the pending credential."""
        current = self._current(secret).document

        def pending() -> Document:
            document = self._pending(secret, token)
            guards.require_same_server(document, current, target)
            return document

        target.apply(current, pending, self._fallbacks(secret, target, token))
        journal.info("set")

    def _test(self, secret: Secret, target: Target, token: str, journal: Journal) -> None:
        """Use the pending credential.

        With RotateImmediately=false AWS runs this step alone, on an AWSPENDING version made for it and then removed
        (API page RotateSecret), so a version without a value is no error. The honest thing to test is then what is
        there: AWSCURRENT, unless it is the marker. finishSecret does not accept such a version.
        """
        pending = self._versions.pending(secret.arn, token)
        if pending is not None and target.value in ("", *pending.document):
            target.verify(pending.document)
            journal.info("tested")
        elif secret.is_marker(CURRENT):
            journal.info("nothing to test: no value yet")
        else:
            target.verify(self._current(secret).document)
            journal.info("nothing pending to test: AWSCURRENT works")

    def _finish(self, secret: Secret, target: Target, token: str, journal: Journal) -> None:
        """Publish: one compare-and-swap of AWSCURRENT, then AWSPENDING goes. AWS makes the old version AWSPREVIOUS.

        The retirement is planned before: a death in between leaves a plan that finds nothing to do. The other way round
        it would leave an old credential that nobody ends.
        """
        if target.value not in ("", *self._pending(secret, token)):
            raise RotationError(
                f"secret '{secret.name}': version '{token}' holds no credential; start again with RotateSecret"
            )
        if target.retires and not secret.is_marker(CURRENT):
            self._retirements.plan(secret, token, self._clock() + guards.overlap(secret) + MARGIN)
        self._versions.promote(secret, token)
        journal.info("published")
        self._tidy(secret, target, token)
        journal.info("finished")

    def _tidy(self, secret: Secret, target: Target, token: str) -> None:
        """Take off the labels of the way here.

        Secrets Manager clears AWSPENDING too, when it drives the rotation. An emergency leaves it to that: beside
        AWSCURRENT it blocks nothing (API page RotateSecret), and ten thousand rotations share 50 writes a second. A
        supplied value that this rotation has not taken up keeps its label for the next one.
        """
        if PENDING in secret.stages[token] and not guards.is_emergency(token):
            self._versions.clear(secret, PENDING, token)
        supplied = self._versions.labelled(secret.arn, SUPPLIED) if secret.holder(SUPPLIED) else None
        if supplied is not None:
            current = self._current(secret).document
            if all(
                current.get(field) == supplied.document.get(field)
                for field in target.credential & supplied.document.keys()
            ):
                self._versions.clear(secret, SUPPLIED, supplied.id)

    def _current(self, secret: Secret) -> Version:
        current = self._versions.labelled(secret.arn, CURRENT)
        if current is None:
            raise no_current(secret)
        return current

    def _pending(self, secret: Secret, token: str) -> Document:
        pending = self._versions.pending(secret.arn, token)
        if pending is None:
            raise RotationError(
                f"secret '{secret.name}': version '{token}' has no value or is no longer AWSPENDING; if no other "
                f"rotation took over, start again with RotateSecret"
            )
        return pending.document

    def _fallbacks(self, secret: Secret, target: Target, *known: str) -> Fallbacks:
        return fallbacks(self._settings, self._versions, secret, target, _known(secret, *known))


def _known(secret: Secret, *more: str) -> frozenset[str]:
    return frozenset(filter(None, (secret.holder(CURRENT), *more)))
