"""The rules of composite alarms: states of other alarms, joined by AND, OR and NOT. Pure.

Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutCompositeAlarm.html (AlarmRule).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from sandbox.aws.monitoring.alarm import State

StateOf = Callable[[str], State | None]
"""The state of an alarm by name; None: there is no such alarm."""

_TOKEN = re.compile(r'\s*(?P<token>\(|\)|"[^"]*"|[^\s()"]+)')
_LONGEST = 10240


class CompositeError(ValueError):
    """The text is no rule; says where it stops making sense."""


@dataclass(frozen=True, kw_only=True)
class Composite:
    """A rule and the names of the alarms that it looks at."""

    holds: Callable[[StateOf], bool]
    names: frozenset[str]


def composite(rule: str) -> Composite:
    """Read a rule. Raises CompositeError."""
    if not rule.strip() or len(rule) > _LONGEST:
        raise CompositeError(f"a rule has 1 to {_LONGEST} characters")
    reader = _Reader(rule)
    holds = reader.rule()
    return Composite(holds=holds, names=frozenset(reader.names))


class _Reader:
    """Recursive descent: OR binds weaker than AND, AND weaker than NOT."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = [found["token"] for found in _TOKEN.finditer(text)]
        self._at = 0
        self.names: set[str] = set()

    def rule(self) -> Callable[[StateOf], bool]:
        found = self._any_of()
        if self._at < len(self._tokens):
            raise CompositeError(f"did not expect {self._tokens[self._at]!r} in {self._text!r}")
        return found

    def _any_of(self) -> Callable[[StateOf], bool]:
        parts = [self._all_of()]
        while self._took("OR"):
            parts.append(self._all_of())
        return lambda states: any(part(states) for part in parts)

    def _all_of(self) -> Callable[[StateOf], bool]:
        parts = [self._one()]
        while self._took("AND"):
            parts.append(self._one())
        return lambda states: all(part(states) for part in parts)

    def _one(self) -> Callable[[StateOf], bool]:
        word = self._next()
        if word == "NOT":
            inner = self._one()
            return lambda states: not inner(states)
        if word == "(":
            inner = self._any_of()
            self._expect(")")
            return inner
        if word in {"TRUE", "FALSE"}:
            return lambda _states: word == "TRUE"
        if word not in set(State):
            raise CompositeError(f"{word!r} is no state; a rule asks ALARM, OK or INSUFFICIENT_DATA of an alarm")
        self._expect("(")
        name = self._next().strip('"')
        name = name.split(":alarm:", 1)[-1] if name.startswith("arn:") else name
        self._expect(")")
        self.names.add(name)
        return lambda states: states(name) == word

    def _took(self, word: str) -> bool:
        if self._at < len(self._tokens) and self._tokens[self._at] == word:
            self._at += 1
            return True
        return False

    def _next(self) -> str:
        if self._at >= len(self._tokens):
            raise CompositeError(f"{self._text!r} ends too early")
        self._at += 1
        return self._tokens[self._at - 1]

    def _expect(self, word: str) -> None:
        found = self._next()
        if found != word:
            raise CompositeError(f"expected {word!r}, not {found!r}, in {self._text!r}")
