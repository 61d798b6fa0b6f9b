"""The last word on an event that a pattern alone cannot judge."""

from alert.event import Event
from alert.settings import Readers

BY_STRANGER = "read-by-stranger"
"""The alert on reads that goes by the table of readers: every read of a value comes with it."""
_SUFFIX = 7  # the hyphen and six characters that Secrets Manager adds to a name in an ARN


def is_told(alert: str, event: Event, readers: Readers) -> bool:
    """Whether somebody is to be told. What cannot be made out is told."""
    if alert != BY_STRANGER:
        return True
    if event.is_of_a_service:  # Secrets Manager itself, when it keeps a replica
        return False
    secret, principal = event.secret, event.principal
    if secret is None or principal is None:
        return True
    return not any(readers.may_read(name, principal) for name in _names(event, secret))


def _names(event: Event, secret: str) -> tuple[str, ...]:
    """A secret's name, and what it is without the suffix that only an ARN has."""
    given = event.text("detail", "requestParameters", "secretId") or ""
    has_suffix = given.startswith("arn:") and secret[-_SUFFIX : -_SUFFIX + 1] == "-"
    return (secret, secret[:-_SUFFIX]) if has_suffix else (secret,)
