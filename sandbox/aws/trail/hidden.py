"""Parameters as an event shows them: by CloudTrail's names, and without whatever may hold a value.

A member is left out when AWS's own model marks it as sensitive, when it is a blob, or when it is on the list below.
Source of the omissions: https://docs.aws.amazon.com/secretsmanager/latest/userguide/cloudtrail_log_entries.html and
https://docs.aws.amazon.com/kms/latest/developerguide/understanding-kms-entries.html (no plaintext, no ciphertext).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StructureShape

OMITTED = frozenset(
    {
        "AttributeDefinitions",
        "Code",
        "Definition",
        "Detail",
        "Entries",
        "Environment",
        "Events",
        "Input",
        "LogEvents",
        "Message",
        "MessageAttributes",
        "MessageBody",
        "MetricData",
        "Output",
        "Password",
        "Payload",
        "Plaintext",
        "RandomPassword",
        "SecretAccessKey",
        "SecretBinary",
        "SecretString",
        "SecretValues",
        "SessionToken",
        "SubjectFromWebIdentityToken",
        "Token",
        "TokenCode",
    }
)
"""Members that are left out though the model does not mark all of them; compared without regard to the first letter."""
_LOWER = frozenset(name.lower() for name in OMITTED)
HIDDEN_TEXT = "HIDDEN_DUE_TO_SECURITY_REASONS"


def shown(value: Any, shape: Shape | None) -> Any:
    """`value`, read by `shape`, as an event may show it; None when nothing is left."""
    if isinstance(shape, StructureShape) and isinstance(value, Mapping):
        members = ((name, value[name], member) for name, member in shape.members.items() if value.get(name) is not None)
        kept = {_lower(name): shown(inner, member) for name, inner, member in members if not hides(name, member)}
        return {name: inner for name, inner in kept.items() if inner is not None} or None
    if isinstance(shape, ListShape) and isinstance(value, list | tuple):
        return [shown(inner, shape.member) for inner in value]
    if isinstance(shape, MapShape) and isinstance(value, Mapping):
        return {str(key): shown(inner, shape.value) for key, inner in value.items()}
    if isinstance(value, datetime):
        return f"{value:%b %d, %Y, %I:%M:%S %p}"
    return value if isinstance(value, str | int | float | bool) else None


def hides(name: str, shape: Shape) -> bool:
    """Whether the member `name` is left out of events."""
    return bool(shape.metadata.get("sensitive")) or shape.type_name == "blob" or name.lower() in _LOWER


def hidden_texts(value: Any, shape: Shape | None) -> Iterator[str]:
    """Every text that `shown` leaves out, to keep it out of error messages too."""
    if isinstance(shape, StructureShape) and isinstance(value, Mapping):
        for name, member in shape.members.items():
            if value.get(name) is not None:
                yield from texts(value[name]) if hides(name, member) else hidden_texts(value[name], member)
    elif isinstance(shape, ListShape) and isinstance(value, list | tuple):
        for inner in value:
            yield from hidden_texts(inner, shape.member)
    elif isinstance(shape, MapShape) and isinstance(value, Mapping):
        for inner in value.values():
            yield from hidden_texts(inner, shape.value)


def texts(value: Any) -> Iterator[str]:
    """Every text in a value, at any depth."""
    if isinstance(value, bytes):
        yield value.decode("utf-8", "replace")
    elif isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from (str(key), *texts(inner))
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from texts(inner)


def _lower(name: str) -> str:
    # "DBName" would stay: only one capital is a word's first letter.
    return name[:1].lower() + name[1:] if name[1:2].islower() or len(name) == 1 else name
