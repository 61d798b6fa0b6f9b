"""Which values of a context key are worth trying: one for each way in which the conditions on it can come out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import combinations, pairwise

from iam.condition import Comparison
from iam.context import Context
from iam.operators import OPERATORS
from iam.variables import Piece, expand
from policies.access.words import BeyondError, Glyph, Pattern, matches, representatives

MOST_ELEMENTS = 8
_NULL = "Null"
_TEXT = ("String", "Arn")
_NUMBER = "Numeric"
_BOOL = "Bool"
_COLONS_BEFORE_RESOURCE = 5
Values = tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Test:
    """A comparison that an Allow needs (`wanted`) or that makes a Deny hold; `variables` as in iam."""

    comparison: Comparison
    wanted: bool
    variables: bool

    @property
    def operator(self) -> str:
        """The bare operator."""
        return self.comparison.operator


def reasoned(operator: str) -> bool:
    """Whether the proof knows which values to try for an operator. Dates, addresses and bytes it does not."""
    return operator in (_NULL, _BOOL) or operator.startswith((*_TEXT, _NUMBER))


def choices(key: str, tests: Sequence[Test], known: Mapping[str, Values]) -> tuple[Values, ...]:
    """The values of `key` to try, none for a request without it; `known` has the keys that variables refer to.

    No choice is left out but those that are no better than another one for any test: an Allow's condition is only
    ever wanted to hold, a Deny's only not to. A key that some test compares as a set may have several values.

    Raises:
        BeyondError: there are too many, or numbers and texts are compared on one key.
    """
    single = [(word,) for word in _words(tests, Context(known))]
    options: list[Values] = [(), *single]
    if any(test.comparison.set_operator for test in tests):
        alike = {_outcome(key, one, tests, known): one for one in reversed(single)}
        if len(alike) > MOST_ELEMENTS:
            raise BeyondError(f"{key} is a set with more than {MOST_ELEMENTS} different elements")
        elements = [one for (one,) in reversed(alike.values())]
        options += [group for size in range(2, len(elements) + 1) for group in combinations(elements, size)]
    outcomes = {_outcome(key, one, tests, known): one for one in reversed(options)}
    return tuple(
        one
        for outcome, one in reversed(outcomes.items())
        if not any(other != outcome and _at_least(other, outcome) for other in outcomes)
    )


def _outcome(key: str, values: Values, tests: Sequence[Test], known: Mapping[str, Values]) -> tuple[bool, ...]:
    """For each test whether it comes out as wished."""
    context = Context({**known, key: values})
    return tuple(test.comparison.holds(context, variables=test.variables) is test.wanted for test in tests)


def _at_least(one: tuple[bool, ...], other: tuple[bool, ...]) -> bool:
    return all(mine or not its for mine, its in zip(one, other, strict=True))


def _words(tests: Sequence[Test], known: Context) -> Iterable[str]:
    kinds = {test.operator for test in tests} - {_NULL}
    numbers = {kind for kind in kinds if kind.startswith(_NUMBER)}
    if numbers:
        if kinds != numbers:
            raise BeyondError(f"numbers and texts are compared on {tests[0].comparison.key}")
        return _points(tests)
    booleans = ["true", "false"] if _BOOL in kinds else []
    if kinds == {_BOOL}:
        return booleans
    literals: set[str] = set()
    patterns: set[Pattern] = set()
    for test in tests:
        for pieces in _expanded(test, known):
            pattern = _pattern(test.operator, pieces)
            plain = "".join(next(iter(glyph.letters)) for glyph in pattern if glyph.letters and len(glyph.letters) == 1)
            if len(plain) == len(pattern):
                literals.add(plain)
            else:
                patterns.add(pattern)
    mixed = {one for one in literals if any(matches(pattern, one) for pattern in patterns)}
    patterns |= {tuple(Glyph(letters=frozenset(letter)) for letter in one) for one in mixed}
    lonely = frozenset(literals - mixed)
    found = representatives(tuple(sorted(patterns, key=repr)), lonely)
    texts = [*sorted(lonely), *found]
    return [*booleans, *sorted(texts, key=lambda text: not text)]  # an empty text only where nothing else does


def _expanded(test: Test, known: Context) -> Iterator[Sequence[Piece]]:
    if test.operator == _NULL:
        return
    for value in test.comparison.values:
        pieces = expand(value, known, enabled=test.variables and OPERATORS[test.operator].variables)
        if pieces is not None:  # a variable without a value equals nothing
            yield pieces


def _pattern(operator: str, pieces: Sequence[Piece]) -> Pattern:
    characters = [(letter, piece.verbatim) for piece in pieces for letter in piece.text]
    is_arn = operator.startswith("Arn")
    has_wildcards = is_arn or operator in ("StringLike", "StringNotLike")
    if is_arn and characters == [("*", False)]:  # any ARN: iam.pattern.arn_matches
        return (*(Glyph(letters=frozenset(letter)) for letter in "arn:"), Glyph(many=True))
    glyphs: list[Glyph] = []
    colons = 0
    for letter, verbatim in characters:
        if has_wildcards and not verbatim and letter in "*?":
            glyphs.append(Glyph(colon=not is_arn or colons >= _COLONS_BEFORE_RESOURCE, many=letter == "*"))
            continue
        colons += letter == ":"
        ignores_case = operator.endswith("IgnoreCase") or operator == _BOOL
        cases = {letter.lower(), letter.upper()} if ignores_case else {letter}
        glyphs.append(Glyph(letters=frozenset(one for one in cases if len(one) == 1)))
    return tuple(glyphs)


def _points(tests: Sequence[Test]) -> list[str]:
    """Every number that is named, one on each side of it, and so one in each interval between them."""
    named = sorted({Decimal(value) for test in tests if test.operator != _NULL for value in test.comparison.values})
    between = [(low + high) / 2 for low, high in pairwise(named)]
    return [format(one, "f") for one in (*named, *between, named[0] - 1, named[-1] + 1)]
