"""Patterns and conditions by enumeration: which words and values of the universe they mean.

Part of the brute force: it shares no code with `iam`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Any

from tests.iam.universe import ACTIONS, RESOURCES, VALUES, Circumstances

POOL = frozenset(value for values in VALUES.values() for value in values)


def listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list) else [value]


def actions_of(patterns: Iterable[str]) -> set[str]:
    lower = {action.lower(): action for action in ACTIONS}
    return {lower[word] for pattern in patterns for word in spelled(pattern.lower(), frozenset(lower), anywhere)}


def resources_of(patterns: Iterable[str], circumstances: Circumstances, variables: bool) -> set[str]:
    filled = (_filled(pattern, circumstances, variables) for pattern in patterns)
    return {
        word
        for pattern in filled
        if pattern is not None
        for word in spelled(pattern, frozenset(RESOURCES), star_ending_a_segment)
    }


def _filled(text: str, circumstances: Circumstances, variables: bool) -> str | None:
    if not variables:
        return text
    for key, values in {**dict.fromkeys(VALUES, ()), **circumstances}.items():
        mark = "${" + key + "}"
        if mark in text:
            if len(values) != 1:
                return None
            text = text.replace(mark, values[0])
    return text


@cache
def _prefixes(words: frozenset[str]) -> frozenset[str]:
    return frozenset(word[:n] for word in words for n in range(len(word) + 1))


def anywhere(_rest: str) -> bool:
    return True


def star_ending_a_segment(rest: str) -> bool:
    return rest[0] == "*" and rest[1:2] in ("", ":")


@cache
def spelled(pattern: str, words: frozenset[str], crosses: Callable[[str], bool]) -> frozenset[str]:
    """The words that `pattern` spells; `crosses` says of the pattern's rest whether its wildcard may be a colon."""
    tree = _prefixes(words)
    reached = {""}
    for at, letter in enumerate(pattern):
        if letter not in "*?":
            reached = {prefix + letter for prefix in reached} & tree
            continue
        fits = {one for one in tree if one and (crosses(pattern[at:]) or one[-1] != ":")}
        if letter == "?":
            reached = {one for one in fits if one[:-1] in reached}
        else:
            for one in sorted(fits, key=len):
                if one[:-1] in reached:
                    reached.add(one)
    return words & reached


def condition_holds(condition: Mapping[str, Any], circumstances: Circumstances, variables: bool) -> bool:
    return all(
        _holds(name, key, [_as_text(one) for one in listed(wanted)], circumstances, variables)
        for name, keys in condition.items()
        for key, wanted in keys.items()
    )


def _as_text(value: Any) -> str:
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else str(value)


def _holds(name: str, key: str, wanted: list[str], circumstances: Circumstances, variables: bool) -> bool:
    lower = {one.lower(): values for one, values in circumstances.items()}
    given = set(lower.get(key.lower(), ()))
    if name == "Null":
        return ("false" if given else "true") in wanted
    if name.endswith("IfExists") and not given:
        return True
    bare = name.split(":")[-1].replace("IfExists", "")
    matching: set[str] = set()
    for text in wanted:
        filled = _filled(text, circumstances, variables and bare.startswith(("String", "Arn", "Bool")))
        if filled is not None:
            matching |= _values_like(bare.replace("Not", ""), filled, POOL)
    if "Not" in bare:
        matching = set(POOL) - matching
    if name.startswith("ForAllValues:"):
        return given - {""} <= matching
    if name.startswith("ForAnyValue:"):
        return bool((given - {""}) & matching)
    return given <= matching if "Not" in bare else bool(given & matching)


@cache
def _values_like(bare: str, text: str, pool: frozenset[str]) -> frozenset[str]:
    match bare:
        case "StringEquals":
            return pool & {text}
        case "StringEqualsIgnoreCase" | "Bool":
            return frozenset(one for one in pool if one.upper() == text.upper())
        case "StringLike":
            return spelled(text, pool, anywhere)
        case "ArnLike" | "ArnEquals":
            found = set()
            for one in pool:
                parts, masks = one.split(":", 5), text.split(":", 5)
                if len(parts) == len(masks) == 6 and all(
                    spelled(mask, frozenset((part,)), anywhere) for part, mask in zip(parts, masks, strict=True)
                ):
                    found.add(one)
            return frozenset(found)
        case "NumericEquals" | "NumericLessThan" | "NumericLessThanEquals":
            numbers = {one: float(one) for one in pool if one.replace(".", "", 1).isdigit()}
            limit = float(text)
            signs = {"NumericEquals": (0,), "NumericLessThan": (-1,), "NumericLessThanEquals": (-1, 0)}[bare]
            return frozenset(one for one, number in numbers.items() if (number > limit) - (number < limit) in signs)
    raise AssertionError(f"the generator made {bare}, which the brute force does not know")
