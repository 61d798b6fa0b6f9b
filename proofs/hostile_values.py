"""User names and passwords as hostile as PostgreSQL, Redis and SASLprep allow, and those that nobody may take."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field

LONGEST_NAME = 63
"""Bytes of a PostgreSQL name; what is longer is cut: postgresql.org/docs/15/limits.html"""
_LONGEST_PASSWORD = 48
# Each means something to one that a value passes on its way: URL, shell, env file, libpq's strings, SQL, templates.
_SYNTAX = (
    *("'", '"', "''", '""', "\\", "\\\\", "\\'", "\\n", "%", "%%", "%41", "%zz", "%00", "%(name)s", "%s", "%%%"),
    *(
        "$",
        "$$",
        "${HOME}",
        "$(id)",
        "`id`",
        ":",
        ":name",
        "::text",
        "@",
        "@db:1/x",
        "/",
        "//",
        "?",
        "?sslmode=disable",
    ),
    *("#", "&", "=", "+", ",", ";", "--", "/*", "*/", "{", "}", "{password}", "{0}", "[", "]", "<", ">", "|", "!", "~"),
    *(" ", "  ", " '", "' OR 1=1 --", "'; SELECT 1; --", "\\x41", "&amp;", "&lt;", "^", "*", "(", ")"),
)
_LETTERS = ("a", "z", "A", "Z", "0", "9", "_", ".", "-", "nil", "null", "pg_", "default", "true")
# Composed and not, ligature, fullwidth, no-break space, soft hyphen: SASLprep makes others of some (RFC 4013, 2).
_WORLD = ("é", "e\u0301", "ß", "ﬁ", "Å", "ｆ", "日本", "Ω", "Ж", "한", "€", "½", "²", "\u00a0", "\u00ad", "𝄞")
# From right to left: then the first and the last must be such, and no letter of the other direction between (section 6
# of RFC 3454, to which RFC 4013, 2.4 points).
_RIGHT_TO_LEFT = ("א", "ש", "ب", "ع")
_NEUTRAL = tuple(piece for piece in _SYNTAX if not any(character.isalpha() for character in piece))
_EVERY_RIGHT_TO_LEFT = 16


@dataclass(frozen=True, kw_only=True)
class Value:
    """One pair. PostgreSQL takes the name as it is; `in_redis` has it without spaces, which Redis refuses in names."""

    number: int
    username: str
    password: str = field(repr=False)

    @property
    def in_redis(self) -> str:
        """The name of the Redis user."""
        return "".join(self.username.split(" "))


def values(count: int, seed: int) -> Iterator[Value]:
    """`count` pairs, the same for the same seed; every name is another one, in Redis too."""
    chosen = random.Random(seed)
    for number in range(count):
        backwards = number % _EVERY_RIGHT_TO_LEFT == _EVERY_RIGHT_TO_LEFT - 1
        yield Value(
            number=number,
            username=_made(chosen, LONGEST_NAME, str(number), backwards=backwards),
            password=_made(chosen, _LONGEST_PASSWORD, "", backwards=backwards),
        )


def _made(chosen: random.Random, longest: int, mark: str, *, backwards: bool) -> str:
    """Pieces around `mark`, with at most `longest` bytes; no space at the ends, and no `pg_`, which is reserved."""
    ends = _RIGHT_TO_LEFT if backwards else tuple(piece for piece in _SYNTAX + _LETTERS if piece[0] not in " p")
    inside = _RIGHT_TO_LEFT + _NEUTRAL if backwards else _SYNTAX + _LETTERS + _WORLD
    last = chosen.choice([piece for piece in ends if piece.strip() == piece])
    text = chosen.choice(ends)
    for _ in range(chosen.randint(1, 12)):
        more = chosen.choice(inside)
        if len(f"{text}{more}{mark}{last}".encode()) > longest:
            break
        text += more
    return f"{text}{mark}{last}"


# What PostgreSQL cannot hold as a role's name: it cuts the long ones, without an error, and refuses the reserved ones.
NO_ROLE_NAMES = {
    "too long": "r" * (LONGEST_NAME + 1),
    "too long in bytes, not in characters": "é" * 32,
    "with a NUL": "role\0name",
    "reserved by its beginning": "pg_role",
    "reserved: public": "public",
    "reserved: none": "none",
    "empty": "",
}
# What Redis cannot hold as a user's name: ACLStringHasSpaces() of acl.c names spaces and NUL.
NO_USER_NAMES = {
    "with a space": "user name",
    "with a tab": "user\tname",
    "with a line break": "user\nname",
    "with a NUL": "user\0name",
}
# What a client and a server may make different things of, so that a login would depend on the driver.
NO_PASSWORDS = {
    "with a line break": "pass\nword",
    "with a NUL": "pass\0word",
    "with a character that Unicode 3.2 has not": "pass🦉word",
    "with private use": "pass\ue000word",
    "of both directions": "passאword",
    "that SASLprep makes nothing of": "\u00ad\u00ad",
    # libpq makes a space of it, scramp nothing: it is in both tables, C.1.2 and B.1 of RFC 3454.
    "with a zero width space": "pass\u200bword",
}
