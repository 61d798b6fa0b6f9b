"""The turns of one IAM user's two access keys: make room, make a key, end the old one. No version's value is written.

A key that can go is one of three. Inactive: it has no power; retirement or a person took it. Orphan: a crash between
CreateAccessKey and PutSecretValue left it, so no version holds it, nobody knows its secret half, and it was never used.
Leftover: it is younger than AWSCURRENT's, and only a version holds it whose rotation was given up. Everything else may
be in use and is only named. So a user must belong to one secret alone.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NoReturn

from rotation import document as documents
from rotation.document import Document
from rotation.errors import RotationError, ServerBusyError
from rotation.targets.iam_keys import Key, Keys, NewKey
from rotation.targets.target import Fallbacks

MOST = 2  # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
# A key that no version holds may be one that a run beside this one is about to store. From CreateAccessKey's answer to
# the end of PutSecretValue the client's timeouts leave a run 4 attempts of 8 s and its pauses, under 60 s together.
IN_FLIGHT = timedelta(seconds=60)
# A run that did not see the orphan yet made a second key right after it: the orphan is a little older than that.
CLOSE = timedelta(minutes=15)


@dataclass(frozen=True, kw_only=True)
class _Others:
    """The user's keys besides AWSCURRENT's (`mine`; None for the marker and for a key that somebody deleted)."""

    mine: Key | None
    inactive: Sequence[Key]
    active: Sequence[Key]

    @classmethod
    def of(cls, keys: Mapping[str, Key], mine: str) -> "_Others":
        others = [key for key_id, key in sorted(keys.items()) if key_id != mine]
        return cls(
            mine=keys.get(mine),
            inactive=[key for key in others if not key.active],
            active=[key for key in others if key.active],
        )

    @property
    def full(self) -> bool:
        """No room for another, even when the inactive ones are gone."""
        return len(self.active) + (self.mine is not None) >= MOST

    def is_older(self, key: Key) -> bool:
        return self.mine is not None and key.created < self.mine.created

    def may_be_orphan(self, key: Key) -> bool:
        return self.mine is None or key.created >= self.mine.created - CLOSE


class TwoKeys:
    """What both kinds that live from an access key do; `id_field` is where their documents have its id."""

    def __init__(
        self,
        keys: Keys,
        id_field: str,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        *,
        sleep: Callable[[float], None],
    ) -> None:
        self._keys = keys
        self._id_field = id_field
        self._clock = clock
        self._sleep = sleep

    def issue(self, current: Document, fallbacks: Fallbacks, *, urgent: bool) -> NewKey:
        """Make room if there is none, then a key. RotationError names a key that is in the way and may be in use."""
        user = _user(current)
        others = _Others.of(self._keys.of(user), self._id(current))
        going = list(others.inactive)
        if others.active and (others.full or self._id_field not in current):
            going += self._removable(user, current, others, fallbacks, urgent=urgent)
        if going:
            fallbacks.unchanged()
        for key in going:
            self._keys.delete(user, key.id)
        return self._keys.create(user)

    def heal(self, current: Document) -> None:
        """Make AWSCURRENT's key active again. Only a new one helps when it is gone."""
        user, key_id = _user(current), self._id(current)
        key = self._keys.of(user).get(key_id)
        if key is None:
            raise RotationError(
                f"IAM user '{user}' has no access key '{key_id}', and it cannot come back; rotate the secret"
            )
        if not key.active:
            self._keys.activate(user, key_id)

    def retire(
        self, current: Document, previous: Document, fallbacks: Fallbacks, quiet_since: datetime | None
    ) -> Sequence[str]:
        """Make every key that was published before AWSCURRENT's inactive; the next issue() deletes them.

        Orphans are deleted here. While AWSCURRENT's own key is deleted, which only a person does, the old one is the
        last that works: it stays, and the retirement after the next rotation ends it. In an emergency nothing stays
        but AWSCURRENT's key and that of a rotation under way.
        """
        user, key_id = _user(current), documents.text(current, self._id_field)
        others = _Others.of(self._keys.of(user), key_id)
        if quiet_since is not None:
            if others.mine is None:
                return ()
            if not others.mine.active:
                raise RotationError(
                    f"access key {key_id} of IAM user '{user}', AWSCURRENT's, is inactive; heal the secret before its "
                    f"old key is retired"
                )
        held = self._held(fallbacks) if others.active else frozenset()
        old = self._id(previous)
        if quiet_since is None:
            ending = [
                key
                for key in others.active
                if key.id == old or others.is_older(key) or (key.id not in held and self._is_settled(key))
            ]
            orphans = []
        else:
            ending = [key for key in others.active if key.id == old or (key.id in held and others.is_older(key))]
            orphans = [key for key in others.active if key not in ending and self._is_orphan(others, key, held)]
            stragglers = [text for key in ending if (text := self._straggler(user, key, quiet_since))]
            if stragglers:
                return stragglers
        if ending or orphans:
            fallbacks.unchanged()
        for key in ending:
            self._keys.deactivate(user, key.id)
        for key in orphans:
            self._keys.delete(user, key.id)
        return ()

    def _removable(
        self, user: str, current: Document, others: _Others, fallbacks: Fallbacks, *, urgent: bool
    ) -> Sequence[Key]:
        held = self._held(fallbacks)
        going: list[Key] = []
        staying: list[Key] = []
        for key in others.active:
            if key.id in held:
                goes = urgent or self._is_leftover(current, others, key)
            else:
                goes = urgent or (others.may_be_orphan(key) and self._keys.last_use(key.id) is None)
                if goes and not self._is_settled(key):
                    if others.full:
                        self._wait(user, key)
                    goes = False
            (going if goes else staying).append(key)
        if len(staying) + (others.mine is not None) >= MOST:
            names = " and ".join(key.id for key in staying)
            raise RotationError(
                f"IAM user '{user}' has two keys, and {names} may be in use: older than AWSCURRENT's, or held by no "
                f"version of the secret. Make it inactive when nobody needs it; the next rotation deletes it"
            )
        return going

    def _is_leftover(self, current: Document, others: _Others, key: Key) -> bool:
        """From the marker nothing was published, so every stored key is one that a rotation gave up.

        Then it goes though there is room: later it would be older than AWSCURRENT's, as if it had been published.
        """
        return self._id_field not in current or (others.mine is not None and not others.is_older(key))

    def _wait(self, user: str, key: Key) -> NoReturn:
        """Wait for a run beside this one to end; then this one gives up, as what it has read is old."""
        self._sleep((key.created + IN_FLIGHT - self._clock()).total_seconds())
        raise ServerBusyError(
            f"access key {key.id} of IAM user '{user}' was new, and another run may have stored it meanwhile; "
            f"run the step again"
        )

    def _is_orphan(self, others: _Others, key: Key, held: Collection[str]) -> bool:
        return (
            self._is_settled(key)
            and key.id not in held
            and others.may_be_orphan(key)
            and self._keys.last_use(key.id) is None
        )

    def _is_settled(self, key: Key) -> bool:
        return key.created + IN_FLIGHT <= self._clock()

    def _straggler(self, user: str, key: Key, quiet_since: datetime) -> str | None:
        used = self._keys.last_use(key.id)
        if used is None or used.at <= quiet_since:
            return None
        return (
            f"access key {key.id} of IAM user '{user}': used for {used.service} in region {used.region} at "
            f"{used.at.astimezone(UTC).isoformat(timespec='seconds')}"
        )

    def _held(self, fallbacks: Fallbacks) -> frozenset[str]:
        return frozenset(self._id(document) for document in fallbacks.own())

    def _id(self, document: Document) -> str:
        return documents.text(document, self._id_field) if self._id_field in document else ""


def _user(document: Document) -> str:
    return documents.text(document, "user_name")
