"""The step that ends an old credential: ours, for the function `retire` and for a rotation that finds it undone."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from rotation import guards
from rotation.candidates import fallbacks
from rotation.retirements import Retirements
from rotation.settings import Settings
from rotation.targets.target import Target
from rotation.versions import CURRENT, PREVIOUS, Secret, SecretVersions, Version

RETIRED = "retired"
NOTHING = "nothing to retire"
TOO_EARLY = "too early"
STRAGGLING = "straggling"
SUPERSEDED = "superseded"
# A schedule that fires once does so within a minute of its time, and promoting takes a moment after planning:
# docs.aws.amazon.com/scheduler/latest/UserGuide/what-is-scheduler.html
MARGIN = timedelta(seconds=60)
SOONEST = timedelta(minutes=5)  # after a straggler; half an overlap is the longest that a cache may need


@dataclass(frozen=True, kw_only=True)
class Retirement:
    """What became of it. `stragglers` names who uses the credential still; `until` is before when not to try again."""

    outcome: str
    stragglers: Sequence[str] = ()
    until: datetime | None = None

    def as_answer(self) -> dict[str, object]:
        """As the function answers: {outcome, stragglers, until (ISO 8601 or null)}."""
        until = self.until.astimezone(UTC).isoformat(timespec="seconds") if self.until else None
        return {"outcome": self.outcome, "stragglers": list(self.stragglers), "until": until}


class Retirer:
    """Takes the power of AWSPREVIOUS away, and then its label: the label says that it still has power."""

    def __init__(
        self, settings: Settings, versions: SecretVersions, retirements: Retirements, clock: Callable[[], datetime]
    ) -> None:
        self._settings = settings
        self._versions = versions
        self._retirements = retirements
        self._clock = clock

    def retire(self, secret: Secret, target: Target, token: str, *, label_later: bool = False) -> Retirement:
        """Retire what `token`, the current version's id, has replaced, as soon as the overlap is over.

        An emergency's version waits for nobody. A rotation under way is left alone: it may be giving that very
        credential a new life, and its own end plans this again. `label_later` leaves the label to that plan.
        """
        if token != secret.holder(CURRENT) or secret.unfinished is not None:
            # The plan that brings us here may be the last one: the rotation that moved it can be cancelled yet.
            return Retirement(outcome=SUPERSEDED, until=self._later(secret) if guards.has_unretired(secret) else None)
        retirement = self.end(secret, target, urgent=guards.is_emergency(token), known=frozenset({token}))
        if retirement.outcome == RETIRED and not (label_later and target.retires):
            self.unlabel(secret)
        return retirement

    def unlabel(self, secret: Secret) -> None:
        """Say that AWSPREVIOUS has no power. Last of all: what fails before leaves the sign that it is to be done."""
        previous = secret.holder(PREVIOUS)
        if previous is not None:
            self._versions.clear(secret, PREVIOUS, previous)

    def end(self, secret: Secret, target: Target, *, urgent: bool, known: frozenset[str]) -> Retirement:
        """End AWSPREVIOUS but for its label; `known` are the versions that may be current or under way meanwhile."""
        current = self._versions.labelled(secret.arn, CURRENT)
        previous = self._versions.labelled(secret.arn, PREVIOUS) if guards.has_unretired(secret) else None
        if current is None or previous is None or target.value not in ("", *previous.document):
            return Retirement(outcome=NOTHING)
        quiet_since = None
        if not urgent:
            published, overlap = self.published(secret, current), guards.overlap(secret)
            if self._clock() < published + overlap:
                return Retirement(outcome=TOO_EARLY, until=published + overlap)
            quiet_since = published + overlap / 2
        return self._end(secret, target, current, previous, quiet_since, known)

    def published(self, secret: Secret, current: Version) -> datetime:
        """When AWSCURRENT became so, at the latest that anything on record says.

        Its version's birth, the end of a rotation that Secrets Manager noted, and the plan that was made right before
        publication: a version that was stuck is older than its publication, and a process can die before the note.
        """
        planned = self._retirements.planned(secret)
        told = [secret.rotated, planned - MARGIN - guards.overlap(secret) if planned else None]
        return max(current.created, *filter(None, told))

    def _later(self, secret: Secret) -> datetime:
        return self._clock() + max(SOONEST, guards.overlap(secret) / 2)

    def _end(
        self,
        secret: Secret,
        target: Target,
        current: Version,
        previous: Version,
        quiet_since: datetime | None,
        known: frozenset[str],
    ) -> Retirement:
        more = fallbacks(self._settings, self._versions, secret, target, known | {current.id, previous.id})
        stragglers = target.retire(current.document, previous.document, more, quiet_since)
        if stragglers:
            return Retirement(outcome=STRAGGLING, stragglers=stragglers, until=self._later(secret))
        return Retirement(outcome=RETIRED)
