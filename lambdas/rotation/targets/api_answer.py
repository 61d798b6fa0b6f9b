"""Typed reads of what an API answered. Errors name the field and never what stood there."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from rotation.errors import RotationError

Entry = Mapping[str, Any]


def word(answer: Any, *path: str) -> str:
    """A string with something in it, at a path of field names."""
    found = _at(answer, path)
    if not isinstance(found, str) or not found:
        raise _wrong(path, "a non-empty string")
    return found


def entries(answer: Any, *path: str) -> list[Entry]:
    """A list of objects, at a path of field names (none: the answer itself)."""
    found = _at(answer, path)
    if not isinstance(found, list) or not all(isinstance(entry, dict) for entry in found):
        raise _wrong(path, "a list of objects")
    return found


def flag(answer: Any, *path: str) -> bool:
    """True or false, at a path of field names."""
    found = _at(answer, path)
    if not isinstance(found, bool):
        raise _wrong(path, "true or false")
    return found


def moment(answer: Any, *path: str) -> datetime:
    """A time: seconds since 1970 (OpenAI) or ISO 8601 with a zone (Anthropic, Sentry)."""
    found = _at(answer, path)
    try:
        if isinstance(found, int) and not isinstance(found, bool):
            return datetime.fromtimestamp(found, UTC)
        if isinstance(found, str):
            time = datetime.fromisoformat(found)
            if time.tzinfo is not None:
                return time
    except (ValueError, OverflowError, OSError):
        pass
    raise _wrong(path, "a time")


def _at(answer: Any, path: tuple[str, ...]) -> Any:
    for name in path:
        answer = answer.get(name) if isinstance(answer, dict) else None
    return answer


def _wrong(path: tuple[str, ...], expected: str) -> RotationError:
    what = f"`{'.'.join(path)}` of the API's answer" if path else "the API's answer"
    return RotationError(f"{what} is not {expected}; see whether `url` is that API and whether it has changed")
