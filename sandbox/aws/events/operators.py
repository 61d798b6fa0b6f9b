"""The comparisons of an event pattern's arrays: plain values and operators.

Source: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html.
"""

import ipaddress
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_LARGEST = 5_000_000_000
_IGNORE_CASE = "equals-ignore-case"
_COMPARE: Mapping[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}

Check = Callable[[Any], bool]


@dataclass(frozen=True, kw_only=True)
class Test:
    """One entry of an array: `present` None tests each value with `check`, else only whether there are values."""

    check: Check
    present: bool | None = None

    def passes(self, values: Sequence[Any]) -> bool:
        """Whether the values at a place, none when the field is absent, pass."""
        if self.present is not None:
            return bool(values) is self.present
        return any(self.check(value) for value in values)


def parse_test(item: Any) -> Test:
    """Read one entry; ValueError says what is wrong."""
    if not isinstance(item, dict):
        if isinstance(item, list):
            raise ValueError("Match value must be String, number, true, false, or null")
        return Test(check=_equal(item))
    if len(item) != 1:
        raise ValueError("Only one key allowed in match expression")
    ((name, value),) = item.items()
    if name == "exists":
        if not isinstance(value, bool):
            raise ValueError("exists match pattern must be either true or false")
        return Test(check=lambda _value: True, present=value)
    reader = _OPERATORS.get(name)
    if reader is None:
        raise ValueError(f"Unrecognized match type {name}")
    return Test(check=reader(value))


def _equal(wanted: Any) -> Check:
    # "EventBridge considers 300, 300.0, and 3.0e2 to be not equal", and true is not "true" or 1.
    return lambda value: type(value) is type(wanted) and bool(value == wanted)


def _text(name: str, value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{name} match pattern must be a string")
    return value


def _ending(name: str, found: Callable[[str, str], bool]) -> Callable[[Any], Check]:
    def read(value: Any) -> Check:
        if isinstance(value, dict) and list(value) == [_IGNORE_CASE]:
            wanted = _text(name, value[_IGNORE_CASE]).lower()
            return lambda given: isinstance(given, str) and found(given.lower(), wanted)
        exact = _text(name, value)
        if not exact:
            raise ValueError(f"Null prefix/suffix not allowed: {name} must not be empty")
        return lambda given: isinstance(given, str) and found(given, exact)

    return read


def _ignore_case(value: Any) -> Check:
    wanted = _text(_IGNORE_CASE, value).lower()
    return lambda given: isinstance(given, str) and given.lower() == wanted


def _wildcard(value: Any) -> Check:
    text = _text("wildcard", value)
    pattern, index = "", 0
    while index < len(text):
        character = text[index]
        if character == "\\":
            index += 1
            if index == len(text) or text[index] not in "*\\":
                raise ValueError("Invalid escape character in wildcard")
            pattern += re.escape(text[index])
        elif character == "*":
            if text[index + 1 : index + 2] == "*":
                raise ValueError("Consecutive wildcard characters are not allowed")
            pattern += ".*"
        else:
            pattern += re.escape(character)
        index += 1
    compiled = re.compile(pattern, re.DOTALL)
    return lambda given: isinstance(given, str) and compiled.fullmatch(given) is not None


def _numeric(value: Any) -> Check:
    if not isinstance(value, list) or len(value) not in (2, 4):
        raise ValueError("Value of numeric must be an array of one or two pairs of operator and number")
    bounds: list[tuple[str, float]] = []
    for sign, bound in zip(value[::2], value[1::2], strict=True):
        if sign not in _COMPARE:
            raise ValueError(f"Unrecognized numeric range operator: {sign}")
        if isinstance(bound, bool) or not isinstance(bound, int | float) or abs(bound) > _LARGEST:
            raise ValueError(f"Value of {sign} must be numeric, within -5.0e9 and 5.0e9")
        bounds.append((sign, bound))
    if len(bounds) == 2:
        (low, first), (high, second) = bounds
        if low not in (">", ">=") or high not in ("<", "<="):
            raise ValueError("Bad numeric range: the lower bound comes first, then the upper one")
        if first >= second:
            raise ValueError("Bottom must be less than top")

    def check(given: Any) -> bool:
        is_number = isinstance(given, int | float) and not isinstance(given, bool)
        return is_number and all(_COMPARE[sign](given, bound) for sign, bound in bounds)

    return check


def _cidr(value: Any) -> Check:
    text = _text("cidr", value)
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError as exc:
        raise ValueError(f"Malformed CIDR: {text}") from exc

    def check(given: Any) -> bool:
        if not isinstance(given, str):
            return False
        try:
            return ipaddress.ip_address(given) in network
        except ValueError:
            return False

    return check


def _anything_but(value: Any) -> Check:
    if isinstance(value, dict):
        if len(value) != 1:
            raise ValueError("Only one key allowed in match expression")
        ((name, wanted),) = value.items()
        if name not in _BUT:
            raise ValueError(f"Unsupported anything-but pattern: {name}")
        checks = [_BUT[name](item) for item in (wanted if isinstance(wanted, list) else [wanted])]
    else:
        items = value if isinstance(value, list) else [value]
        texts = all(isinstance(item, str) for item in items)
        numbers = all(isinstance(item, int | float) and not isinstance(item, bool) for item in items)
        if not texts and not numbers:
            raise ValueError(
                "Inside anything but list, either all values are number or string, mixed type is not allowed"
            )
        checks = [_equal(item) for item in items]
    if not checks:
        raise ValueError("Empty arrays are not allowed in anything-but")
    return lambda given: not any(check(given) for check in checks)


_BUT: Mapping[str, Callable[[Any], Check]] = {
    "prefix": _ending("prefix", str.startswith),
    "suffix": _ending("suffix", str.endswith),
    _IGNORE_CASE: _ignore_case,
    "wildcard": _wildcard,
}
_OPERATORS: Mapping[str, Callable[[Any], Check]] = {
    **_BUT,
    "anything-but": _anything_but,
    "numeric": _numeric,
    "cidr": _cidr,
}
