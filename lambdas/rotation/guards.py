"""What must hold before a step may touch anything. Pure: each guard takes what was read and raises RotationError.

A rotation function holds a database's admin credential, so it is a deputy that can be confused: whoever may call it, or
may write one secret, must not get another secret's or another server's credential changed.
"""

import math
from datetime import UTC, datetime, timedelta

from rotation.document import Document
from rotation.errors import RotationError
from rotation.settings import Settings
from rotation.targets.target import Target
from rotation.versions import CURRENT, PENDING, PREVIOUS, Secret

# An emergency derives its tokens from incident and secret and starts them with this: the overlap is given up on
# purpose. It is no authority of its own, since whoever may call RotateSecret may choose any token.
EMERGENCY_PREFIX = "emergency-"


def require_ours(secret: Secret, settings: Settings) -> str:
    """The secret's own name and tags say that this function rotates it. Returns its kind."""
    if not secret.name.startswith(settings.prefix):
        raise RotationError(f"secret '{secret.name}' is not under '{settings.prefix}'; this function never touches it")
    environment, kind = secret.tags.get("Environment"), secret.tags.get("Kind", "")
    if environment != settings.environment:
        raise RotationError(
            f"secret '{secret.name}': tag Environment is '{environment}', this function serves "
            f"'{settings.environment}'; correct the tag or the secret's rotation function"
        )
    if kind not in settings.kinds:
        raise RotationError(
            f"secret '{secret.name}': tag Kind is '{kind}', this function rotates {', '.join(sorted(settings.kinds))}; "
            f"correct the tag or the secret's rotation function"
        )
    return kind


def require_rotation(secret: Secret) -> None:
    """Rotation is switched on for the secret."""
    if not secret.rotation_enabled:
        raise RotationError(f"secret '{secret.name}': rotation is not enabled; enable it before rotating")


def require_known(secret: Secret, token: str) -> None:
    """Secrets Manager has a version for the token."""
    if token not in secret.stages:
        raise RotationError(
            f"secret '{secret.name}': no labelled version has id '{token}'; start again with RotateSecret"
        )


def require_pending(secret: Secret, token: str) -> None:
    """The token's version is the one that is being rotated to."""
    if PENDING not in secret.stages[token]:
        raise RotationError(
            f"secret '{secret.name}': version '{token}' is not AWSPENDING; start again with RotateSecret"
        )


def require_no_rival(secret: Secret, token: str) -> None:
    """No other rotation is under way. AWSPENDING beside AWSCURRENT is the normal end of one (API page RotateSecret)."""
    holder = secret.holder(PENDING)
    if holder not in (None, token, secret.holder(CURRENT)):
        raise RotationError(
            f"secret '{secret.name}': version '{holder}' is AWSPENDING, so another rotation is under way; let it "
            f"finish, or take that label off and start again"
        )


def require_same_server(pending: Document, current: Document, target: Target) -> None:
    """Pending and current differ in the credential and in nothing else: same host, port, database, role names."""
    changed = {
        field
        for field in pending.keys() | current.keys()
        if field not in target.credential and pending.get(field) != current.get(field)
    }
    if changed:
        raise RotationError(
            f"AWSPENDING and AWSCURRENT differ in {', '.join(sorted(changed))}: the pending value is not of this "
            f"secret's server; take AWSPENDING off that version and start again"
        )


def overlap(secret: Secret) -> timedelta:
    """How long an old credential works after a rotation: the tag OverlapSeconds."""
    value = secret.tags.get("OverlapSeconds", "")
    if not value.isdecimal():
        raise RotationError(f"secret '{secret.name}': tag OverlapSeconds is '{value}'; set a whole number of seconds")
    return timedelta(seconds=int(value))


def is_emergency(token: str) -> bool:
    """Whether the version of this token belongs to an emergency."""
    return token.startswith(EMERGENCY_PREFIX)


def has_unretired(secret: Secret) -> bool:
    """Whether a credential before the current one still has power: retirement takes AWSPREVIOUS away."""
    return secret.holder(PREVIOUS) is not None and not secret.is_marker(PREVIOUS)


def require_overlap_over(secret: Secret, token: str, until: datetime, now: datetime) -> str | None:
    """The credential before the current one is out of every consumer's cache by now.

    With two credentials taking turns, a second rotation overwrites the one that cached clients still use (measured: 149
    of 646 logins failed). Returns a warning instead when the token says that it is an emergency.
    """
    if now >= until:
        return None
    told = until.astimezone(UTC).isoformat(timespec="seconds")
    if is_emergency(token):
        failing = _holding_previous(overlap(secret), until - now)
        return (
            f"emergency: of 100 consumers up to {failing} have AWSPREVIOUS cached and fail to log in until they read "
            f"again, at most until {told}"
        )
    raise RotationError(
        f"secret '{secret.name}' was rotated less than {overlap(secret).total_seconds():.0f} s ago, or somebody uses "
        f"its old credential yet, and cached clients may still log in with AWSPREVIOUS; rotate it after {told}, or use "
        f"the emergency procedure"
    )


def _holding_previous(overlap: timedelta, left: timedelta) -> int:
    """How many of 100 consumers read the value before AWSCURRENT was there, with `left` of the overlap to go.

    Half the overlap is the longest that a consumer may keep a value (the catalogue refuses an overlap under twice
    that), and consumers read at times of their own, evenly spread. An upper bound: who keeps it shorter has read again.
    """
    longest = overlap / 2
    return max(0, min(100, math.ceil(100 * (left - longest) / longest))) if longest else 0
