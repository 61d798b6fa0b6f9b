"""The JSON object that is one version of a secret, and typed reads of its fields.

Errors name the field and never the value: a field in the wrong place may well be a password.
"""

import json
from collections.abc import Mapping

from rotation.errors import RotationError

Document = Mapping[str, object]


def parse(raw: str) -> Document:
    """The document in the text of a version; RotationError when it is not one JSON object."""
    try:
        value = json.loads(raw)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise RotationError("the version's text is not one JSON object; write it with secretsctl")
    return value


def text(document: Document, field: str) -> str:
    """A field that must be a string with something in it."""
    value = document.get(field)
    if not isinstance(value, str) or not value:
        raise _wrong(field, "a non-empty string")
    return value


def number(document: Document, field: str) -> int:
    """A field that must be a whole number."""
    value = document.get(field)
    if isinstance(value, bool) or not isinstance(value, int):
        raise _wrong(field, "a whole number")
    return value


def texts(document: Document, field: str) -> tuple[str, ...]:
    """A field that must be a list of strings."""
    value = document.get(field)
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise _wrong(field, "a list of strings")
    return tuple(value)


def _wrong(field: str, expected: str) -> RotationError:
    return RotationError(f"field '{field}' of the secret's document must be {expected}; correct it with secretsctl")
