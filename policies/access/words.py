"""The shortest words that stand for all others: one for each way in which several patterns can match at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

MOST_STATES = 20_000
_FRESH = "zqxjvkw0123456789"


@dataclass(frozen=True, kw_only=True)
class Glyph:
    """One place of a pattern: any of `letters`, or any letter where that is None; a `many` takes any number of them."""

    letters: frozenset[str] | None = None
    colon: bool = True
    many: bool = False

    def takes(self, letter: str) -> bool:
        """Whether `letter` can stand here."""
        if self.letters is not None:
            return letter in self.letters
        return self.colon or letter != ":"


Pattern = tuple[Glyph, ...]
Vector = tuple[bool, ...]


class BeyondError(ValueError):
    """The conditions on one key are more than the proof reasons about; the text says which and why."""


@lru_cache(maxsize=4096)
def representatives(patterns: tuple[Pattern, ...], avoided: frozenset[str] = frozenset()) -> tuple[str, ...]:
    """A shortest word for every combination of matching and not matching that some word has.

    The patterns run side by side as automata over the letters that they name and one that none does; each set of
    states that can be reached is looked at once, in the order of the words' lengths. A word of `avoided` is taken only
    where nothing else shows its combination.

    Raises:
        BeyondError: there are more than MOST_STATES sets of states.
    """
    letters = _alphabet(patterns)
    automata = [_Automaton(pattern, letters) for pattern in patterns]
    start = tuple(one.start for one in automata)
    reached, layer = {start}, [("", start)]
    found: dict[Vector, str] = {}
    spare: dict[Vector, str] = {_vector(automata, start): ""}  # the empty word, and those to avoid
    while layer:
        following: list[tuple[str, tuple[int, ...]]] = []
        for word, states in layer:
            for letter in letters:
                after = tuple(one.step(state, letter) for one, state in zip(automata, states, strict=True))
                longer = word + letter
                vector = _vector(automata, after)
                (spare if longer in avoided else found).setdefault(vector, longer)
                if after not in reached:
                    reached.add(after)
                    following.append((longer, after))
        if len(reached) > MOST_STATES:
            raise BeyondError(f"{len(patterns)} patterns have more than {MOST_STATES} states together")
        layer = following
    return tuple({**spare, **found}.values())


def matches(pattern: Pattern, word: str) -> bool:
    """Whether the pattern matches the whole word."""
    automaton = _Automaton(pattern, sorted(set(word)))
    state = automaton.start
    for letter in word:
        state = automaton.step(state, letter)
    return automaton.accepts(state)


def _alphabet(patterns: Sequence[Pattern]) -> tuple[str, ...]:
    """A letter that no pattern names, and all that they name; a colon matters where a wildcard stops at it."""
    named = {letter for pattern in patterns for glyph in pattern for letter in glyph.letters or ()}
    fresh = next((one for one in _FRESH if one not in named and one.upper() not in named), "\u00b7")
    stops = {":"} if any(not glyph.colon for pattern in patterns for glyph in pattern) else set()
    return (fresh, *sorted(named | stops))


def _vector(automata: Sequence[_Automaton], states: tuple[int, ...]) -> Vector:
    return tuple(one.accepts(state) for one, state in zip(automata, states, strict=True))


class _Automaton:
    """A pattern run over a word; a state is the set of places that it can have come to, as bits."""

    def __init__(self, pattern: Pattern, letters: Sequence[str]) -> None:
        self._many = sum(1 << at for at, glyph in enumerate(pattern) if glyph.many)
        self._taken = {
            letter: sum(1 << at for at, glyph in enumerate(pattern) if glyph.takes(letter)) for letter in letters
        }
        self._end = 1 << len(pattern)
        self.start = self._closed(1)

    def step(self, state: int, letter: str) -> int:
        here = state & self._taken[letter]
        return self._closed((here & self._many) | ((here & ~self._many) << 1))

    def accepts(self, state: int) -> bool:
        return bool(state & self._end)

    def _closed(self, state: int) -> int:
        while (more := state | ((state & self._many) << 1)) != state:
            state = more
        return state
