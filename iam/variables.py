"""Policy variables: `${aws:username}` and its kind, replaced from the context of a request.

IAM: reference_policies_variables.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from iam.context import Context

_VARIABLE = re.compile(r"\$\{([^{}]*)\}")
_DEFAULT = re.compile(r"^([^,']+), '([^']*)'$")
_ESCAPES = frozenset("*?$")


@dataclass(frozen=True, kw_only=True)
class Piece:
    """A run of text; in a verbatim one `*` and `?` are characters, not wildcards."""

    text: str
    verbatim: bool


def names(text: str) -> Iterator[str]:
    """The context keys that `text` refers to, escapes such as `${*}` left out."""
    for found in _VARIABLE.finditer(text):
        if found[1] not in _ESCAPES:
            yield _parts(found[1])[0]


def without(text: str) -> str:
    """`text` with each variable replaced by one letter, for looking at the shape around them."""
    return _VARIABLE.sub("v", text)


def expand(text: str, context: Context, *, enabled: bool) -> tuple[Piece, ...] | None:
    """Splits `text` at its variables and puts their values in; None when one has no value and no default.

    With `enabled` false (a policy of version 2008-10-17) `${…}` is plain text. A key with several values can not be a
    variable (IAM: reference_policies_condition-single-vs-multi-valued-context-keys.html). A wildcard inside a value is
    taken as a character; unverified.
    """
    if not enabled or "${" not in text:
        return _unchanged(text)
    pieces: list[Piece] = []
    end = 0
    for found in _VARIABLE.finditer(text):
        pieces.append(Piece(text=text[end : found.start()], verbatim=False))
        end = found.end()
        value = _value(found[1], context)
        if value is None:
            return None
        pieces.append(Piece(text=value, verbatim=True))
    pieces.append(Piece(text=text[end:], verbatim=False))
    return tuple(piece for piece in pieces if piece.text)


@lru_cache(maxsize=4096)
def _unchanged(text: str) -> tuple[Piece, ...]:
    return (Piece(text=text, verbatim=False),) if text else ()


def _value(body: str, context: Context) -> str | None:
    if body in _ESCAPES:
        return body
    key, default = _parts(body)
    values = context.values_of(key)
    return values[0] if len(values) == 1 else default


def _parts(body: str) -> tuple[str, str | None]:
    with_default = _DEFAULT.match(body)
    return (with_default[1].strip(), with_default[2]) if with_default else (body.strip(), None)
