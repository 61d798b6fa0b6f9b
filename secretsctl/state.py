"""The state of a secret, from its labels and dates. Pure; no value is read."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

from stores.store import PREVIOUS, Metadata, Version


class State(StrEnum):
    """What an operator has to know first."""

    MISSING = "missing"  # the store has no such secret, or it has no version
    BOOTSTRAP = "bootstrap"  # still the marker
    ROTATING = "rotating"  # a rotation is under way, or one failed and will be tried again
    OVERDUE = "overdue"
    OK = "ok"


def state(metadata: Metadata, rotation_days: int, now: datetime) -> State:
    """The state of a secret that exists.

    Overdue is what passed the date that the service names, or, where it names none, what is older than `rotation_days`.
    """
    if metadata.current is None:
        return State.MISSING
    if metadata.rotating_to is not None:
        return State.ROTATING
    if metadata.is_marker:
        return State.BOOTSTRAP
    due = metadata.next_rotation
    if due is None and (since := metadata.last_rotation or metadata.changed) is not None:
        due = since + timedelta(days=rotation_days)
    return State.OVERDUE if due is not None and due < now else State.OK


def overlap_end(
    metadata: Metadata, versions: tuple[Version, ...], overlap_seconds: int, now: datetime
) -> datetime | None:
    """When the previous credential may be overwritten; None if that is now.

    Counted from the birth of the current version or, if later, from the end of the rotation that published it: a
    rotation may have been stuck in between, and consumers cache from the end. The marker is nobody's credential, so
    nothing waits for it.
    """
    current, previous = metadata.current, metadata.holder(PREVIOUS)
    if current is None or previous is None or current.is_marker or previous.is_marker:
        return None
    dates = [version.created for version in versions if version.id == current.id and version.created]
    if metadata.last_rotation is not None:
        dates.append(metadata.last_rotation)
    end = max(dates) + timedelta(seconds=overlap_seconds) if dates else None
    return end if end is not None and end > now else None
