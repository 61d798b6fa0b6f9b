"""Event patterns: read once, refused when malformed, matched against events.

Sources: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-patterns.html and
eb-create-pattern-operators.html; for arrays of objects, the README of github.com/aws/event-ruler (array consistency).
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sandbox.aws.events.operators import Test, parse_test

_OR = "$or"


class PatternError(ValueError):
    """The pattern is not one that EventBridge takes; says why."""


Match = Callable[[Sequence[Any]], bool]


@dataclass(frozen=True, kw_only=True)
class Pattern:
    """A parsed pattern."""

    match: Match

    def matches(self, event: Mapping[str, Any]) -> bool:
        """Whether an event, as its envelope is sent, matches."""
        return self.match([event])


def parse_pattern(text: str) -> Pattern:
    """Read a pattern; PatternError with what is wrong."""
    try:
        document = json.loads(text)
    except ValueError as exc:
        raise PatternError("Filter is not valid JSON") from exc
    if not isinstance(document, dict):
        raise PatternError("Filter is not an object")
    return Pattern(match=_node(document))


def _node(pattern: Mapping[str, Any]) -> Match:
    """Matches when one of the objects at this place has every field as the pattern says."""
    if not pattern:
        raise PatternError("Empty objects are not allowed")
    fields: list[tuple[str, Match]] = []
    choices: list[list[Match]] = []
    for key, value in pattern.items():
        if key == _OR:
            choices.append(_alternatives(value))
        elif isinstance(value, dict):
            fields.append((key, _node(value)))
        elif isinstance(value, list):
            fields.append((key, _leaf(value, key)))
        else:
            raise PatternError(f'"{key}" must be an object or an array')

    def one(candidate: Mapping[str, Any] | None) -> bool:
        # An absent parent still has absent fields, which {"exists": false} asks for.
        return all(match(_values(candidate, key)) for key, match in fields) and all(
            any(match([candidate]) for match in alternatives) for alternatives in choices
        )

    def match(values: Sequence[Any]) -> bool:
        objects = [value for value in values if isinstance(value, Mapping)]
        return any(one(item) for item in objects) if objects else one(None)

    return match


def _alternatives(value: Any) -> list[Match]:
    if not isinstance(value, list) or len(value) < 2 or not all(isinstance(item, dict) for item in value):
        raise PatternError('"$or" must be an array of at least two objects')
    return [_node(item) for item in value]


def _leaf(value: list[Any], name: str) -> Match:
    """Matches when one of the plain values at this place passes one of the tests."""
    if not value:
        raise PatternError(f'Empty arrays are not allowed in "{name}"')
    try:
        tests: list[Test] = [parse_test(item) for item in value]
    except ValueError as exc:
        raise PatternError(f'{exc} in "{name}"') from exc

    def match(values: Sequence[Any]) -> bool:
        leaves = [leaf for leaf in values if not isinstance(leaf, Mapping)]
        return any(test.passes(leaves) for test in tests)

    return match


def _values(candidate: Mapping[str, Any] | None, key: str) -> list[Any]:
    if candidate is None or key not in candidate:
        return []
    return _flat(candidate[key])


def _flat(value: Any) -> list[Any]:
    if not isinstance(value, list | tuple):
        return [value]
    return [leaf for item in value for leaf in _flat(item)]
