"""The condition operators: how one value of a policy compares with one value of a request.

IAM: reference_policies_elements_condition_operators.html. A value of a request that an operator can not read (text
where a number is due) matches nothing, so a negated operator holds; unverified.
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import operator
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation

from iam.pattern import arn_matches, plain, text_matches
from iam.variables import Piece

Compare = Callable[[Sequence[Piece], str], bool]
_YEAR_OR_MONTH = re.compile(r"^\d{4}(-\d{2})?$")


@dataclass(frozen=True, kw_only=True)
class Operator:
    """`matches` is the positive comparison; a negated operator holds where it does not. `accepts` checks a policy."""

    matches: Compare
    negated: bool = False
    variables: bool = False
    accepts: Callable[[str], bool] = lambda _: True


def _number(text: str) -> Decimal | None:
    try:
        return Decimal(text)
    except InvalidOperation:
        return None


def _moment(text: str) -> Decimal | None:
    """Seconds since 1970 of a W3C date or of an epoch; four digits are a year. No zone means UTC; unverified."""
    if _YEAR_OR_MONTH.match(text):
        text = f"{text}-01-01" if len(text) == len("2020") else f"{text}-01"
    elif (seconds := _number(text)) is not None:
        return seconds
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return Decimal(str((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()))


def _network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None


def _bytes(text: str) -> bytes | None:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        return None


def _read_with(
    read: Callable[[str], Decimal | None], compare: Callable[[Decimal, Decimal], bool], *, negated: bool = False
) -> Operator:
    def matches(pieces: Sequence[Piece], given: str) -> bool:
        wanted, value = read(plain(pieces)), read(given)
        return wanted is not None and value is not None and compare(value, wanted)

    return Operator(matches=matches, negated=negated, accepts=lambda text: read(text) is not None)


def _equals(pieces: Sequence[Piece], given: str) -> bool:
    return plain(pieces) == given


def _equals_ignoring_case(pieces: Sequence[Piece], given: str) -> bool:
    return plain(pieces).casefold() == given.casefold()


def _same_bytes(pieces: Sequence[Piece], given: str) -> bool:
    wanted = _bytes(plain(pieces))
    return wanted is not None and wanted == _bytes(given)


def _address_within(pieces: Sequence[Piece], given: str) -> bool:
    wanted, value = _network(plain(pieces)), _network(given)
    if isinstance(wanted, ipaddress.IPv4Network) and isinstance(value, ipaddress.IPv4Network):
        return value.subnet_of(wanted)
    if isinstance(wanted, ipaddress.IPv6Network) and isinstance(value, ipaddress.IPv6Network):
        return value.subnet_of(wanted)
    return False


def _is_boolean(text: str) -> bool:
    return text.lower() in ("true", "false") or "${" in text


def _ordered(kind: str, read: Callable[[str], Decimal | None]) -> dict[str, Operator]:
    return {
        f"{kind}Equals": _read_with(read, operator.eq),
        f"{kind}NotEquals": _read_with(read, operator.eq, negated=True),
        f"{kind}LessThan": _read_with(read, operator.lt),
        f"{kind}LessThanEquals": _read_with(read, operator.le),
        f"{kind}GreaterThan": _read_with(read, operator.gt),
        f"{kind}GreaterThanEquals": _read_with(read, operator.ge),
    }


def _text(matches: Compare, *, negated: bool = False) -> Operator:
    return Operator(matches=matches, negated=negated, variables=True)


def _address(*, negated: bool) -> Operator:
    return Operator(matches=_address_within, negated=negated, accepts=lambda text: _network(text) is not None)


# `Null` is not here: it looks at whether a key is there, not at its values.
OPERATORS = {
    "StringEquals": _text(_equals),
    "StringNotEquals": _text(_equals, negated=True),
    "StringEqualsIgnoreCase": _text(_equals_ignoring_case),
    "StringNotEqualsIgnoreCase": _text(_equals_ignoring_case, negated=True),
    "StringLike": _text(text_matches),
    "StringNotLike": _text(text_matches, negated=True),
    **_ordered("Numeric", _number),
    **_ordered("Date", _moment),
    "Bool": Operator(matches=_equals_ignoring_case, variables=True, accepts=_is_boolean),
    "BinaryEquals": Operator(matches=_same_bytes, accepts=lambda text: _bytes(text) is not None),
    "IpAddress": _address(negated=False),
    "NotIpAddress": _address(negated=True),
    "ArnEquals": _text(arn_matches),
    "ArnLike": _text(arn_matches),
    "ArnNotEquals": _text(arn_matches, negated=True),
    "ArnNotLike": _text(arn_matches, negated=True),
}
