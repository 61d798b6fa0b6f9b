"""Wildcards: `*` for any run of characters and `?` for one, in actions, resources, ARNs and strings."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache

from iam.variables import Piece

Character = tuple[str, bool]  # and whether it is verbatim
CrossesColons = Callable[[Sequence[Character], int], bool]  # may the wildcard at this index match a colon?

_COLONS_BEFORE_RESOURCE = 5


def action_matches(pattern: str, action: str) -> bool:
    """Whether an `Action` entry covers `action`; the case of letters does not count.

    IAM: reference_policies_elements_action.html
    """
    return _compiled_action(pattern.lower()).fullmatch(action.lower()) is not None


def resource_matches(pieces: Sequence[Piece], resource: str) -> bool:
    """Whether a `Resource` entry covers `resource`, with regard to case.

    Wildcards stay within a segment (the text between colons), except that a `*` which ends its segment "can expand to
    match beyond the colon boundaries". IAM: reference_policies_elements_resource.html
    """
    return _compiled(tuple(pieces), _at_end_of_segment).fullmatch(resource) is not None


def arn_matches(pieces: Sequence[Piece], arn: str) -> bool:
    """ArnLike and ArnEquals: each of the six components by itself; the last one may hold colons.

    IAM: reference_policies_elements_condition_operators.html#Conditions_ARN.
    A bare `*` is taken as any ARN; unverified.
    """
    if [(piece.text, piece.verbatim) for piece in pieces] == [("*", False)]:
        return arn.startswith("arn:")
    return _compiled(tuple(pieces), _in_last_component).fullmatch(arn) is not None


def text_matches(pieces: Sequence[Piece], text: str) -> bool:
    """StringLike: wildcards match anything, with regard to case."""
    return _compiled(tuple(pieces), _everywhere).fullmatch(text) is not None


def plain(pieces: Sequence[Piece]) -> str:
    """The pieces as one text without wildcards, for StringEquals."""
    return "".join(piece.text for piece in pieces)


@lru_cache(maxsize=4096)
def _compiled_action(pattern: str) -> re.Pattern[str]:
    return _compiled((Piece(text=pattern, verbatim=False),), _everywhere)


@lru_cache(maxsize=16384)
def _compiled(pieces: tuple[Piece, ...], crosses_colons: CrossesColons) -> re.Pattern[str]:
    characters = [(character, piece.verbatim) for piece in pieces for character in piece.text]
    return re.compile("".join(_expression(characters, crosses_colons)), re.DOTALL)


def _expression(characters: Sequence[Character], crosses_colons: CrossesColons) -> Iterator[str]:
    for index, (character, verbatim) in enumerate(characters):
        if verbatim or character not in "*?":
            yield re.escape(character)
        else:
            one = "." if crosses_colons(characters, index) else "[^:]"
            yield f"{one}*" if character == "*" else one


def _everywhere(_characters: Sequence[Character], _index: int) -> bool:
    return True


def _in_last_component(characters: Sequence[Character], index: int) -> bool:
    return sum(character == ":" for character, _ in characters[:index]) >= _COLONS_BEFORE_RESOURCE


def _at_end_of_segment(characters: Sequence[Character], index: int) -> bool:
    last = index + 1 == len(characters) or characters[index + 1][0] == ":"
    return characters[index][0] == "*" and last
