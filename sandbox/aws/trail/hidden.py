"""Parameters as an event shows them: by CloudTrail's names, and without whatever may hold a value.

A member is left out when AWS's own model marks it as sensitive, when it is a blob, or when it is on the list below.
Source of the omissions: https://docs.aws.amazon.com/secretsmanager/latest/userguide/cloudtrail_log_entries.html and
https://docs.aws.amazon.com/kms/latest/developerguide/understanding-kms-entries.html (no plaintext, no ciphertext).
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Iterator, Mapping
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
        "GrantToken",
        "Input",
        "InputTransformer",
        "LogEvents",
        "LogEventMessages",
        "Message",
        "MessageAttributes",
        "MessageBody",
        "Metadata",
        "MetricData",
        "Output",
        "Password",
        "Payload",
        "Plaintext",
        "PublishBatchRequestEntries",
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
"""Members that are left out though the model does not mark all of them; compared without regard to case."""
_LOWER = frozenset(name.lower() for name in OMITTED)
HIDDEN_TEXT = "HIDDEN_DUE_TO_SECURITY_REASONS"
_PIECE = 8  # characters of a hidden text that give it away
_SHORTEST = 3


def shown(value: Any, shape: Shape | None) -> Any:
    """`value`, read by `shape`, as an event may show it; None when nothing is left."""
    if shape is None or _is_sensitive(shape):
        return None
    if isinstance(shape, StructureShape):
        return _members(value, shape) if isinstance(value, Mapping) else None
    if isinstance(shape, ListShape):
        kept = [shown(inner, shape.member) for inner in value] if isinstance(value, list | tuple) else []
        return [inner for inner in kept if inner is not None]
    if isinstance(shape, MapShape):
        if not isinstance(value, Mapping) or _is_sensitive(shape.key):
            return None
        entries = {str(key): shown(inner, shape.value) for key, inner in value.items()}
        return {key: inner for key, inner in entries.items() if inner is not None}
    if isinstance(value, datetime):
        return f"{value:%b %d, %Y, %I:%M:%S %p}"
    return value if isinstance(value, str | int | float | bool) else None


def hides(name: str, shape: Shape) -> bool:
    """Whether the member `name` is left out of events."""
    return _is_sensitive(shape) or name.lower() in _LOWER


def told(message: str, sent: Iterable[str], visible: Iterable[str]) -> str:
    """An error's message, unless it repeats eight characters in a row of a text that was sent and is not `visible`.

    A text counts in base64 too, and one that is JSON by what its members hold, so that their names hide nothing.
    """
    known = tuple(visible)
    for text in {leaf for whole in sent for leaf in _leaves(whole)} - set(known):
        encoded = base64.b64encode(text.encode("utf-8", "replace")).decode()
        if _repeats(message, text, known) or _repeats(message, encoded, known):
            return HIDDEN_TEXT
    return message


def texts(value: Any) -> Iterator[str]:
    """Every text in a value, at any depth; the names of a structure's members are none."""
    if isinstance(value, bytes):
        yield value.decode("utf-8", "replace")
    elif isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from texts(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from texts(inner)


def _members(value: Mapping[str, Any], shape: StructureShape) -> dict[str, Any] | None:
    given = ((name, value[name], member) for name, member in shape.members.items() if value.get(name) is not None)
    kept = {_lower(name): shown(inner, member) for name, inner, member in given if not hides(name, member)}
    return {name: inner for name, inner in kept.items() if inner is not None} or None


def _is_sensitive(shape: Shape) -> bool:
    return bool(shape.metadata.get("sensitive")) or shape.type_name == "blob"


def _leaves(text: str) -> Iterator[str]:
    if text.lstrip()[:1] in {"{", "["}:
        try:
            yield from (leaf for inner in texts(json.loads(text)) for leaf in _leaves(inner))
        except (ValueError, RecursionError):
            yield text
    else:
        yield text


def _repeats(message: str, text: str, known: tuple[str, ...]) -> bool:
    if len(text) < _PIECE:
        return (
            len(text) >= _SHORTEST
            and re.search(rf"(?<!\w){re.escape(text)}(?!\w)", message) is not None
            and not any(text in one for one in known)
        )
    pieces = (message[at : at + _PIECE] for at in range(len(message) - _PIECE + 1))
    return any(piece in text and not any(piece in one for one in known) for piece in pieces)


def _lower(name: str) -> str:
    # "DBName" would stay: only one capital is a word's first letter. An ARN is `arn` (Secrets Manager since 2024).
    if name == "ARN":
        return "arn"
    return name[:1].lower() + name[1:] if name[1:2].islower() or len(name) == 1 else name
