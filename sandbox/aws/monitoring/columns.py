"""Space-delimited filter patterns: [ip, user, ..., status = 4*, bytes > 1000]. Pure.

Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html ("Using filter patterns to
match terms in space-delimited log events"). Words in quotation marks or in square brackets are one field.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from sandbox.aws.monitoring.pattern_error import PatternError

Condition = Callable[[str], bool]

_ELLIPSIS = "..."
_FIELD = re.compile(r'"([^"]*)"|\[([^\]]*)\]|(\S+)')
_NAME = re.compile(r"[A-Za-z_][\w-]*|\d+")
_TEST = re.compile(r'\s*(?P<name>[\w-]+)\s*(?P<operator>!=|<=|>=|=|<|>)\s*(?P<value>"[^"]*"|%[^%]*%|[^\s&|]+)\s*')
_ORDERS: Mapping[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


@dataclass(frozen=True, kw_only=True)
class _Column:
    name: str
    accepts: Condition


@lru_cache(maxsize=256)
def columns(pattern: str) -> Columns:
    """The columns of a pattern in square brackets. Raises PatternError."""
    text = pattern.strip()
    if not (text.startswith("[") and text.endswith("]")):
        raise PatternError(f"a pattern that begins with a square bracket must end with one: {text!r}")
    parts = [part.strip() for part in _split(text[1:-1])]
    if parts.count(_ELLIPSIS) > 1:
        raise PatternError(f"an ellipsis may stand only once in {text!r}")
    before = parts.index(_ELLIPSIS) if _ELLIPSIS in parts else len(parts)
    return Columns(
        head=tuple(_column(part) for part in parts[:before]),
        tail=tuple(_column(part) for part in parts[before + 1 :]),
        is_open=before < len(parts),
    )


@dataclass(frozen=True, kw_only=True)
class Columns:
    """What the fields of a message must be: those before and those after the ellipsis, if there is one."""

    head: tuple[_Column, ...]
    tail: tuple[_Column, ...]
    is_open: bool

    def matches(self, message: str) -> bool:
        """Whether a message has these fields and each is accepted."""
        named = self._named(message)
        return named is not None and all(column.accepts(text) for column, text in named)

    def value(self, message: str, name: str) -> str | None:
        """The field of that name in a message that has these fields."""
        return next((text for column, text in self._named(message) or () if column.name == name), None)

    def _named(self, message: str) -> list[tuple[_Column, str]] | None:
        fields = ["".join(found) for found in _FIELD.findall(message)]
        known = len(self.head) + len(self.tail)
        if len(fields) < known or (len(fields) > known and not self.is_open):
            return None
        last = fields[len(fields) - len(self.tail) :]
        return [*zip(self.head, fields, strict=False), *zip(self.tail, last, strict=True)]


def _split(text: str) -> list[str]:
    return re.findall(r'(?:"[^"]*"|%[^%]*%|[^,"%])+', text)


def _column(text: str) -> _Column:
    found = _NAME.match(text)
    if found is None:
        raise PatternError(f"{text!r} is no field; a field begins with its name")
    if found.end() == len(text):
        return _Column(name=text, accepts=lambda _value: True)
    return _Column(name=found.group(), accepts=_any_of(text, found.group()))


def _any_of(text: str, name: str) -> Condition:
    parts = [[_test(one, name) for one in part.split("&&")] for part in text.split("||")]
    return lambda value: any(all(test(value) for test in tests) for tests in parts)


def _test(text: str, name: str) -> Condition:
    found = _TEST.fullmatch(text)
    if found is None:
        raise PatternError(f"cannot read {text.strip()!r} as a condition on {name}")
    if found["name"] != name:
        raise PatternError(f"a condition on {found['name']} stands in the place of {name}")
    sign, wanted = found["operator"], found["value"]
    if sign in _ORDERS:
        return _order(_ORDERS[sign], wanted)
    equal = _equal(wanted)
    return equal if sign == "=" else lambda value: not equal(value)


def _order(compare: Callable[[float, float], bool], wanted: str) -> Condition:
    bound = _number(wanted)
    if bound is None:
        raise PatternError(f"{wanted!r} is no number")

    def accepts(value: str) -> bool:
        number = _number(value)
        return number is not None and compare(number, bound)

    return accepts


def _equal(wanted: str) -> Condition:
    if wanted.startswith("%"):
        expression = re.compile(wanted[1:-1])
        return lambda value: expression.search(value) is not None
    glob = re.compile(".*".join(re.escape(part) for part in wanted.strip('"').split("*")), re.DOTALL)
    bound = _number(wanted)
    return lambda value: glob.fullmatch(value) is not None or (bound is not None and _number(value) == bound)


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
