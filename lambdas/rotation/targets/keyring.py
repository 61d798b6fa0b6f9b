# ruff: noqa: ARG002 - an implementation takes what the interface gives
"""Key rings: keys that no server holds. Verifiers learn a key before anything is signed with it."""

import re
import secrets
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from rotation import document as documents
from rotation.document import Document
from rotation.errors import RotationError
from rotation.targets.target import Fallbacks

NEXT, SIGNING, RETIRED = "next", "signing", "retired"
KEY_BYTES, KID_BYTES = 32, 8
_KEY = re.compile(r"[0-9a-f]{64}")

Entry = Mapping[str, object]


class Keyring:
    """next -> signing -> retired -> gone after `retention_days` (null: kept for ever, as archives need their key).

    A key is published as `next` one whole rotation before it signs, so verifiers with any cache know it by then; it
    verifies as `retired` until what it signed has expired.
    """

    credential = frozenset({"kid", "key", "ring"})
    value = "key"
    overlaps = True  # two turns at once would sign with a key that a cached ring does not hold
    issued = False
    retires = False

    def __init__(self, ca_pem: str | None = None, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        del ca_pem
        self._clock = clock

    def generate(self, name: str, current: Document, fallbacks: Fallbacks, *, urgent: bool) -> Document:
        """The ring one turn further; from the marker, a ring with a signing and a next key.

        An emergency turns the ring twice, so that the key that signs is new as well: `next` is published, so it has
        leaked with the others. Nothing of the old ring verifies any more, whatever that costs (sessions, tokens). Only
        a ring without an end of retention keeps its keys, as retired: archives need them, and whoever has an old
        archive and its key could read it at any rate.
        """
        now = self._clock()
        constants = {field: content for field, content in current.items() if field not in self.credential}
        if self.value in current:
            self.verify(current)
            retention = _retention(current)
            if urgent:
                kept = [_retired(entry, now) for entry in _ring(current)] if retention is None else []
                entries = [*kept, _new_key(now, SIGNING)]
            else:
                entries = [_turn(entry, now) for entry in _ring(current)]
                entries = [entry for entry in entries if not _expired(entry, retention, now)]
        else:
            entries = [_new_key(now, SIGNING)]
        ring = [*entries, _new_key(now, NEXT)]
        signing = _only(ring, SIGNING)
        return {**constants, "kid": signing["kid"], "key": signing["key"], "ring": ring}

    def apply(self, current: Document, pending: Callable[[], Document], fallbacks: Fallbacks) -> None:
        """No server: check that the pending ring is sound and nothing more."""
        self.verify(pending())

    def verify(self, document: Document) -> None:
        """The ring's invariants; RotationError says which one is broken."""
        ring = _ring(document)
        signing = _only(ring, SIGNING)
        _only(ring, NEXT)
        if (document.get("kid"), document.get("key")) != (signing["kid"], signing["key"]):
            raise _broken("`kid` and `key` are not those of the signing key")
        if len({entry["kid"] for entry in ring}) != len(ring):
            raise _broken("two keys have one `kid`")
        if len({entry["key"] for entry in ring}) != len(ring):
            raise _broken("one key is there twice")
        _retention(document)

    def heal(self, current: Document, fallbacks: Fallbacks) -> None:
        """Nothing can differ from the document; check it."""
        self.verify(current)

    def retire(
        self, current: Document, previous: Document, fallbacks: Fallbacks, quiet_since: datetime | None
    ) -> Sequence[str]:
        """Nothing: a retired key verifies until its retention ends, then the next rotation drops it."""
        return ()


def _turn(entry: Entry, now: datetime) -> Entry:
    if entry["state"] == NEXT:
        return {**entry, "state": SIGNING}
    if entry["state"] == SIGNING:
        return _retired(entry, now)
    return entry


def _retired(entry: Entry, now: datetime) -> Entry:
    if entry["state"] == RETIRED:
        return entry
    return {**entry, "state": RETIRED, "retired_at": now.isoformat(timespec="seconds")}


def _expired(entry: Entry, retention: timedelta | None, now: datetime) -> bool:
    if entry["state"] != RETIRED or retention is None:
        return False
    return now - _moment(entry, "retired_at") > retention


def _new_key(now: datetime, state: str) -> Entry:
    return {
        "kid": secrets.token_hex(KID_BYTES),
        "key": secrets.token_hex(KEY_BYTES),
        "not_before": now.isoformat(timespec="seconds"),
        "state": state,
    }


def _ring(document: Document) -> list[Entry]:
    ring = document.get("ring")
    if not isinstance(ring, list):
        raise _broken("`ring` is not a list")
    for entry in ring:
        if not isinstance(entry, dict) or entry.get("state") not in (NEXT, SIGNING, RETIRED):
            raise _broken("an entry has no known `state`")
        documents.text(entry, "kid")
        if not _KEY.fullmatch(documents.text(entry, "key")):
            raise _broken("a key is not 64 hexadecimal digits")
        _moment(entry, "not_before")
        if entry["state"] == RETIRED:
            _moment(entry, "retired_at")
    return ring


def _only(ring: list[Entry], state: str) -> Entry:
    found = [entry for entry in ring if entry["state"] == state]
    if len(found) != 1:
        raise _broken(f"{len(found)} keys are `{state}`, it must be exactly one")
    return found[0]


def _retention(document: Document) -> timedelta | None:
    if "retention_days" not in document:
        raise _broken("`retention_days` is missing; null means for ever")
    if document["retention_days"] is None:
        return None
    days = documents.number(document, "retention_days")
    if days < 0:
        raise _broken("`retention_days` is negative")
    return timedelta(days=days)


def _moment(entry: Entry, field: str) -> datetime:
    try:
        moment = datetime.fromisoformat(documents.text(entry, field))
    except ValueError:
        raise _broken(f"`{field}` is no ISO 8601 time") from None
    if moment.tzinfo is None:
        raise _broken(f"`{field}` has no time zone")
    return moment


def _broken(what: str) -> RotationError:
    return RotationError(f"key ring: {what}; move AWSCURRENT back to the last good version")
