"""The protocol of Secrets Manager, once, for every kind of secret.

Secrets Manager calls createSecret, setSecret, testSecret and finishSecret in this order and, after any error, all of
them again (https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_lambda-functions.html). So each
step can run again, at any time, after a crash at any call of any step, and late, when another rotation took over.

Calls of one clean rotation: 4 DescribeSecret, 6 GetSecretValue (7 for a role: the admin secret), 1 PutSecretValue,
2 UpdateSecretVersionStage, 1 GetSchedule, 1 CreateSchedule; 3 logins, none of which fails.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from rotation import guards
from rotation.candidates import fallbacks
from rotation.document import Document
from rotation.errors import RotationError, SpentError
from rotation.journal import Journal
from rotation.publishing import Publisher
from rotation.retirements import Retirements
from rotation.retiring import RETIRED, STRAGGLING, Retirement, Retirer
from rotation.settings import Settings
from rotation.targets.target import Fallbacks, Target
from rotation.versions import CURRENT, PENDING, PREVIOUS, SUPPLIED, Secret, SecretVersions, Version

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
        self._publisher = Publisher(versions, retirements, clock)

    def run(self, request: Request, journal: Journal) -> Retirement | None:
        """Run one step to its end, or raise RotationError. Doing nothing because all is done already is success.

        Returns what became of a retirement, None for every other step.
        """
        secret = self._versions.describe(request.secret_id)
        target = self._targets[guards.require_ours(secret, self._settings)]
        if request.step == HEAL:
            # A rotation that is stuck must not keep AWSCURRENT from being healed.
            known = filter(None, [secret.unfinished])
            target.heal(self._versions.current(secret).document, self._fallbacks(secret, target, *known))
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
                self._publisher.tidy(secret, target, request.token)
            journal.info("already current")
            return
        if request.step == "createSecret":
            self._create(secret, target, request.token, journal)
        elif request.step in STEPS:
            guards.require_pending(secret, request.token)
            {"setSecret": self._set, "testSecret": self._test, "finishSecret": self._publisher.publish}[request.step](
                secret, target, request.token, journal
            )
        else:
            raise RotationError(f"step '{request.step}' is unknown; Secrets Manager sends {', '.join(STEPS)}")

    def _create(self, secret: Secret, target: Target, token: str, journal: Journal) -> None:
        """Store the next value as AWSPENDING. An earlier run's value is kept: the server may know it already."""
        guards.require_no_rival(secret, token)
        self._publisher.require_no_other(secret, target, token)
        current = self._versions.current(secret)
        if target.issued and self._has_pending(secret, target, token, current):
            journal.info("already created")
            return
        if target.overlaps:
            secret = self._require_retired(secret, target, token, current, journal)
        # No read first: the put itself fails when the version has a value, whoever wrote it and when.
        if self._versions.put_pending(secret.arn, token, self._next(secret, target, token, current)):
            journal.info("created")
            return
        guards.require_same_server(self._versions.required(secret, token), current.document, target)
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
        """Make the server accept the pending credential.

        A version that was stored late, when another rotation had taken its turn, would block RotateSecret for good:
        AWSPENDING is taken off it, so the next rotation makes one of its own.
        """
        current = self._versions.current(secret).document

        def pending() -> Document:
            document = self._versions.required(secret, token)
            guards.require_same_server(document, current, target)
            return document

        try:
            target.apply(current, pending, self._fallbacks(secret, target, token))
        except SpentError:
            self._versions.clear(secret, PENDING, token)
            raise
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
            target.verify(self._versions.current(secret).document)
            journal.info("nothing pending to test: AWSCURRENT works")

    def _fallbacks(self, secret: Secret, target: Target, *known: str) -> Fallbacks:
        return fallbacks(self._settings, self._versions, secret, target, _known(secret, *known))


def _known(secret: Secret, *more: str) -> frozenset[str]:
    return frozenset(filter(None, (secret.holder(CURRENT), *more)))
