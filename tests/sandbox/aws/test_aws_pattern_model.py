"""Event patterns against a second, slower reading of the documentation: random patterns and events, no disagreement."""

import ipaddress
import json
import re
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.aws.events.pattern import parse_pattern

NAMES = st.sampled_from(["a", "b", "c"])
TEXTS = st.sampled_from(["", "x", "xy", "yx", "XY", "10.0.0.1", "10.0.9.9"])
NUMBERS = st.sampled_from([-1, 0, 1, 2, 1.5])
PLAIN = st.one_of(TEXTS, NUMBERS, st.booleans(), st.none())
LEAVES = st.one_of(PLAIN, st.lists(PLAIN, max_size=3))
EVENTS = st.recursive(
    st.dictionaries(NAMES, LEAVES, max_size=3),
    lambda inner: st.dictionaries(NAMES, st.one_of(LEAVES, inner), max_size=3),
    max_leaves=6,
)
WORDS = st.sampled_from(["x", "xy", "y", "Y"])
STARS = st.sampled_from(["x*", "*y", "*", "x*x", "10.*"])
OPERATORS = st.one_of(
    PLAIN,
    st.builds(lambda word: {"prefix": word}, WORDS),
    st.builds(lambda word: {"suffix": word}, WORDS),
    st.builds(lambda word: {"prefix": {"equals-ignore-case": word}}, WORDS),
    st.builds(lambda word: {"equals-ignore-case": word}, WORDS),
    st.builds(lambda word: {"wildcard": word}, STARS),
    st.builds(lambda flag: {"exists": flag}, st.booleans()),
    st.builds(lambda low: {"numeric": [">", low, "<=", low + 1]}, st.sampled_from([-2, 0, 1])),
    st.just({"cidr": "10.0.0.0/24"}),
    st.builds(lambda words: {"anything-but": words}, st.lists(TEXTS, min_size=1, max_size=2)),
    st.builds(lambda word: {"anything-but": {"prefix": word}}, WORDS),
    st.builds(lambda word: {"anything-but": {"wildcard": word}}, STARS),
)
ARRAYS = st.lists(OPERATORS, min_size=1, max_size=3)
PATTERNS = st.recursive(
    st.dictionaries(NAMES, ARRAYS, min_size=1, max_size=2),
    lambda inner: st.one_of(
        st.dictionaries(NAMES, st.one_of(ARRAYS, inner), min_size=1, max_size=2),
        st.builds(lambda first, second: {"$or": [first, second]}, inner, inner),
    ),
    max_leaves=5,
)


@settings(max_examples=500, deadline=None)
@given(PATTERNS, EVENTS)
def test_patterns_and_events_as_the_documentation_says(pattern: dict[str, Any], event: dict[str, Any]) -> None:
    assert parse_pattern(json.dumps(pattern)).matches(event) is holds(pattern, event)


def holds(pattern: dict[str, Any], event: Any) -> bool:
    """The model: every field's array has one entry that one of the event's values at that place fulfils."""
    for key, wanted in pattern.items():
        if key == "$or":
            if not any(holds(choice, event) for choice in wanted):
                return False
            continue
        value = event.get(key, []) if isinstance(event, dict) else []
        if isinstance(wanted, dict):
            if not holds(wanted, value):
                return False
            continue
        values = value if isinstance(value, list) else [value]
        values = [one for one in values if not isinstance(one, dict)]
        if not any(fulfils(entry, values) for entry in wanted):
            return False
    return True


def fulfils(entry: Any, values: list[Any]) -> bool:
    """One entry of an array, for the values at its place."""
    if isinstance(entry, dict) and "exists" in entry:
        return bool(values) is entry["exists"]
    return any(accepts(entry, value) for value in values)


def accepts(entry: Any, value: Any) -> bool:
    """One entry, for one value."""
    if not isinstance(entry, dict):
        return json.dumps(entry) == json.dumps(value)
    ((name, wanted),) = entry.items()
    if name == "anything-but":
        if isinstance(wanted, dict):
            return not accepts(wanted, value)
        return not any(accepts(one, value) for one in wanted)
    if name == "numeric":
        number = isinstance(value, int | float) and not isinstance(value, bool)
        return bool(number and wanted[1] < value <= wanted[3])
    if not isinstance(value, str):
        return False
    if isinstance(wanted, dict):
        return accepts({name: wanted["equals-ignore-case"].upper()}, value.upper())
    if name == "cidr":
        try:
            return ipaddress.ip_address(value) in ipaddress.ip_network(wanted)
        except ValueError:
            return False
    expression = {
        "prefix": re.escape(wanted) + ".*",
        "suffix": ".*" + re.escape(wanted),
        "wildcard": ".*".join(re.escape(part) for part in wanted.split("*")),
        "equals-ignore-case": re.escape(wanted),
    }[name]
    return re.fullmatch(expression, value, re.IGNORECASE if name == "equals-ignore-case" else 0) is not None
