"""The protocol of Secrets Manager, once, for every kind of secret.

Secrets Manager calls createSecret, setSecret, testSecret and finishSecret in this order and, after any error, all of
them again (https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_lambda-functions.html). So each
step can run again, at any time, after a crash at any call of any step, and late, when another rotation took over.

Calls of one clean rotation: 4 DescribeSecret, 5 GetSecretValue (6 for a role: the admin secret), 1 PutSecretValue and
2 UpdateSecretVersionStage; 2 logins, none of which fails.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from rotation import guards
from rotation.document import Document
from rotation.errors import RotationError
from rotation.journal import Journal
from rotation.settings import Settings
from rotation.targets.target import Fallbacks, Target
from rotation.versions import CURRENT, PENDING, PREVIOUS, Secret, SecretVersions

STEPS = ("createSecret", "setSecret", "testSecret", "finishSecret")
# Ours, for a direct call by an operator's command; Secrets Manager never sends it.
HEAL = "healSecret"


@dataclass(frozen=True, kw_only=True)
class Request:
    """One call of the function. The token is empty for a heal, which makes no version."""

    secret_id: str
    token: str
    step: str


class Rotator:
    """Guards each step and runs it. Holds no state between steps: what was done is read from labels and servers."""

    def __init__(
        self,
        *,
        settings: Settings,
        versions: SecretVersions,
        targets: dict[str, Target],
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._settings = settings
        self._versions = versions
        self._targets = targets
        self._clock = clock

    def run(self, request: Request, journal: Journal) -> None:
        """Run one step to its end, or raise RotationError. Doing nothing because all is done already is success."""
        secret = self._versions.describe(request.secret_id)
        target = self._targets[guards.require_ours(secret, self._settings)]
        if request.step == HEAL:
            target.heal(self._current(secret), self._fallbacks(secret, _known(secret)))
            journal.info("healed")
            return
        guards.require_rotation(secret)
        guards.require_known(secret, request.token)
        if request.token == secret.holder(CURRENT):
            if request.step == "finishSecret" and request.token == secret.holder(PENDING):
                self._versions.clear_pending(secret, request.token)
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
        current = self._versions.labelled(secret.arn, CURRENT)
        if current is None:
            raise _no_current(secret)
        if target.overlaps:
            warning = guards.require_overlap_over(secret, token, current.created, self._clock())
            if warning:
                journal.warning("overlap waived", warning)
        pending = target.generate(secret.name, current.document)
        # No read first: the put itself fails when the version has a value, whoever wrote it and when.
        if self._versions.put_pending(secret.arn, token, pending):
            journal.info("created")
            return
        guards.require_same_server(self._pending(secret, token), current.document, target)
        journal.info("already created")

    def _set(self, secret: Secret, target: Target, token: str, journal: Journal) -> None:
        """Make the server accept the pending credential."""
        current = self._current(secret)

        def pending() -> Document:
            document = self._pending(secret, token)
            guards.require_same_server(document, current, target)
            return document

        target.apply(current, pending, self._fallbacks(secret, _known(secret, token)))
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
            target.verify(self._current(secret))
            journal.info("nothing pending to test: AWSCURRENT works")

    def _finish(self, secret: Secret, target: Target, token: str, journal: Journal) -> None:
        """Publish: one compare-and-swap of AWSCURRENT, then AWSPENDING goes. AWS makes the old version AWSPREVIOUS."""
        if target.value not in ("", *self._pending(secret, token)):
            raise RotationError(
                f"secret '{secret.name}': version '{token}' holds no credential; start again with RotateSecret"
            )
        self._versions.promote(secret, token)
        journal.info("published")
        # Secrets Manager clears it too, but only when it drives the rotation, and a stuck label blocks the next one.
        self._versions.clear_pending(secret, token)
        journal.info("finished")

    def _current(self, secret: Secret) -> Document:
        current = self._versions.labelled(secret.arn, CURRENT)
        if current is None:
            raise _no_current(secret)
        return current.document

    def _pending(self, secret: Secret, token: str) -> Document:
        pending = self._versions.pending(secret.arn, token)
        if pending is None:
            raise RotationError(
                f"secret '{secret.name}': version '{token}' has no value or is no longer AWSPENDING; if no other "
                f"rotation took over, start again with RotateSecret"
            )
        return pending.document

    def _fallbacks(self, secret: Secret, known: frozenset[str]) -> Fallbacks:
        def own() -> Iterator[Document]:
            target = self._targets[secret.tags["Kind"]]
            for document in self._existing(secret.arn, (PREVIOUS,), known):
                if target.value in document and document.keys() >= target.credential:
                    yield document

        def admin() -> Iterator[Document]:
            if self._settings.admin_secret_id is None:
                raise RotationError("variable ADMIN_SECRET_ID is missing; set it to the admin secret of this server")
            for document in self._existing(self._settings.admin_secret_id, (CURRENT, PENDING, PREVIOUS), frozenset()):
                if "password" in document:
                    yield document

        return Fallbacks(own=own, admin=admin)

    def _existing(self, secret_id: str, stages: tuple[str, ...], known: frozenset[str]) -> Iterator[Document]:
        """Documents of a secret, each read only when it is asked for: by label first, then all the others."""
        seen = set(known)
        for stage in stages:
            version = self._versions.labelled(secret_id, stage)
            if version is not None and version.id not in seen:
                seen.add(version.id)
                yield version.document
        for version in self._versions.others(secret_id, frozenset(seen)):
            yield version.document


def _known(secret: Secret, *more: str) -> frozenset[str]:
    return frozenset(filter(None, (secret.holder(CURRENT), *more)))


def _no_current(secret: Secret) -> RotationError:
    return RotationError(f"secret '{secret.name}': no version is AWSCURRENT; run `pulumi up` to write the first one")
