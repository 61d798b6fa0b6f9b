"""Filter patterns of CloudWatch Logs: terms, and conditions on the fields of a JSON event. Pure.

Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html and
FilterAndPatternSyntaxForMetricFilters.html.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from fnmatch import translate
from functools import lru_cache
from typing import Any

from sandbox.aws.monitoring.columns import columns
from sandbox.aws.monitoring.pattern_error import PatternError

Test = Callable[[str], bool]
Condition = Callable[[Any], bool]


@lru_cache(maxsize=512)
def compiled(pattern: str) -> Test:
    """Whether a log message matches. Raises PatternError."""
    text = pattern.strip()
    if text.startswith("["):
        return columns(text).matches
    if text.startswith("{"):
        return _json_test(text)
    return _terms_test(text)


def field(message: str, selector: str, pattern: str = "") -> Any:
    """The value of a selector such as $.detail.size in a JSON message; None when it has none.

    In a message that a space-delimited `pattern` reads, the selector is the name of a column: $size.
    """
    if pattern.strip().startswith("["):
        return columns(pattern).value(message, selector.removeprefix("$").removeprefix("."))
    values = list(_select(_loaded(message), _path(selector)))
    return values[0] if values else None


def _terms_test(text: str) -> Test:
    wanted: list[Test] = []
    unwanted: list[Test] = []
    optional: list[Test] = []
    for sign, quoted, expression, plain in re.findall(r'([?-]?)(?:"((?:[^"\\]|\\.)*)"|%([^%]*)%|([^\s"]+))', text):
        term = re.compile(expression) if expression else re.compile(re.escape(_unescaped(quoted) or plain))
        {"": wanted, "-": unwanted, "?": optional}[sign].append(_searches(term))
    if text.count('"') % 2:
        raise PatternError(f"a quotation mark is not closed in {text!r}")

    def test(message: str) -> bool:
        return (
            all(one(message) for one in wanted)
            and not any(one(message) for one in unwanted)
            # "?" terms count only among themselves: with a plain term beside them they are ignored.
            and (bool(wanted) or not optional or any(one(message) for one in optional))
        )

    return test


def _searches(term: re.Pattern[str]) -> Test:
    return lambda message: term.search(message) is not None


# --- JSON

_TOKEN = re.compile(
    r"""\s*(?:(?P<op>&&|\|\||!=|>=|<=|=|>|<|!|\(|\))|(?P<string>"(?:[^"\\]|\\.)*")|(?P<regex>%[^%]*%)"""
    r"""|(?P<word>(?:[^\s&|!=<>()"]|&(?!&)|\|(?!\|))+))"""
)
_NUMBER = re.compile(r"^-?\d+(\.\d+)?([eE][+-]?\d+)?$")


def _json_test(text: str) -> Test:
    if not text.endswith("}"):
        raise PatternError(f"a pattern that begins with a brace must end with one: {text!r}")
    condition = _Parser(text[1:-1]).parsed()

    def test(message: str) -> bool:
        event = _loaded(message)
        return event is not None and condition(event)

    return test


class _Parser:
    """Recursive descent: || binds weaker than &&, ! and parentheses as usual."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = list(self._split(text))
        self._at = 0

    def parsed(self) -> Condition:
        condition = self._any_of()
        if self._at < len(self._tokens):
            raise PatternError(f"did not expect {self._tokens[self._at][1]!r} in {self._text!r}")
        return condition

    @staticmethod
    def _split(text: str) -> Iterator[tuple[str, str]]:
        position = 0
        while text[position:].strip():
            found = _TOKEN.match(text, position)
            if found is None:
                raise PatternError(f"cannot read {text[position:]!r}")
            position = found.end()
            yield str(found.lastgroup), found.group(str(found.lastgroup))

    def _take(self, *expected: str) -> str | None:
        if self._at < len(self._tokens) and self._tokens[self._at][1] in expected:
            self._at += 1
            return self._tokens[self._at - 1][1]
        return None

    def _next(self) -> tuple[str, str]:
        if self._at >= len(self._tokens):
            raise PatternError(f"{self._text!r} ends too early")
        self._at += 1
        return self._tokens[self._at - 1]

    def _any_of(self) -> Condition:
        parts = [self._all_of()]
        while self._take("||"):
            parts.append(self._all_of())
        return lambda event: any(part(event) for part in parts)

    def _all_of(self) -> Condition:
        parts = [self._one()]
        while self._take("&&"):
            parts.append(self._one())
        return lambda event: all(part(event) for part in parts)

    def _one(self) -> Condition:
        if self._take("!"):
            inner = self._one()
            return lambda event: not inner(event)
        if self._take("("):
            inner = self._any_of()
            if not self._take(")"):
                raise PatternError(f"a parenthesis is not closed in {self._text!r}")
            return inner
        return self._comparison()

    def _comparison(self) -> Condition:
        kind, selector = self._next()
        if kind != "word" or not selector.startswith("$"):
            raise PatternError(f"{selector!r} is no field; a field begins with $.")
        path = _path(selector)
        match self._next():
            case ("op", str(operator)) if operator in {"=", "!=", ">", "<", ">=", "<="}:
                return _compares(path, operator, self._next())
            case ("word", "IS"):
                return _is(path, self._next()[1])
            case ("word", "EXISTS"):
                return lambda event: any(True for _ in _select(event, path))
            case ("word", "NOT") if self._take("EXISTS"):
                return lambda event: not any(True for _ in _select(event, path))
            case (_, found):
                raise PatternError(f"did not expect {found!r} after {selector} in {self._text!r}")


def _is(path: list[str | int], word: str) -> Condition:
    known = {"NULL": None, "TRUE": True, "FALSE": False}
    if word not in known:
        raise PatternError(f"IS is followed by NULL, TRUE or FALSE, not {word!r}")
    return lambda event: any(value is known[word] for value in _select(event, path))


def _compares(path: list[str | int], operator: str, operand: tuple[str, str]) -> Condition:
    kind, text = operand
    if kind == "op":
        raise PatternError(f"{operator} is followed by {text!r}, which is no value")
    if operator in {">", "<", ">=", "<="}:
        if not _NUMBER.match(text):
            raise PatternError(f"{operator} compares numbers, and {text!r} is none")
        bound = float(text)
        ordered: dict[str, Callable[[float], bool]] = {
            ">": lambda value: value > bound,
            "<": lambda value: value < bound,
            ">=": lambda value: value >= bound,
            "<=": lambda value: value <= bound,
        }
        return lambda event: any(ordered[operator](value) for value in _numbers(event, path))
    equal = _equal(kind, text)
    if operator == "=":
        return lambda event: any(equal(value) for value in _select(event, path))
    # A field that is not there is not unequal: "If the property doesn't exist … no match" (unverified for each case).
    return lambda event: any(not equal(value) for value in _select(event, path))


def _equal(kind: str, text: str) -> Condition:
    if kind == "regex":
        expression = re.compile(text[1:-1])
        return lambda value: expression.search(_as_text(value)) is not None
    wanted = _unescaped(text[1:-1]) if kind == "string" else text
    if kind == "word" and _NUMBER.match(text):
        number = float(text)
        return lambda value: isinstance(value, int | float) and not isinstance(value, bool) and value == number
    glob = re.compile(translate(re.sub(r"([\[?])", r"[\1]", wanted)))
    return lambda value: value is not None and glob.match(_as_text(value)) is not None


def _numbers(event: Any, path: list[str | int]) -> Iterator[float]:
    for value in _select(event, path):
        if isinstance(value, int | float) and not isinstance(value, bool):
            yield float(value)


def _path(selector: str) -> list[str | int]:
    if selector == "$" or not re.fullmatch(
        r"\$((\.[\w-]+)|(\[(\d+|\*)\])|(\.?\['[^']+'\])|(\.?\[\"[^\"]+\"\]))+", selector
    ):
        raise PatternError(f"{selector!r} is no field; write it as $.name, $.list[0] or $.a.b")
    parts = re.findall(r"\.([\w-]+)|\[(\d+)\]|\[(\*)\]|\[['\"]([^'\"]+)['\"]\]", selector)
    return [name or quoted or (star or int(index)) for name, index, star, quoted in parts]


def _select(event: Any, path: list[str | int]) -> Iterator[Any]:
    if not path:
        yield event
        return
    head, rest = path[0], path[1:]
    if isinstance(event, list):
        chosen = event if head == "*" else event[head : head + 1] if isinstance(head, int) else []
        for item in chosen:
            yield from _select(item, rest)
    elif isinstance(event, dict) and head in event:
        yield from _select(event[head], rest)


def _loaded(message: str) -> Any:
    try:
        return json.loads(message)
    except ValueError:
        return None


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _unescaped(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text)
