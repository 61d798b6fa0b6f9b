"""A name that PostgreSQL would cut is another role's or database's: it is refused before anybody connects."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from rotation.errors import RotationError
from rotation.targets.postgres_name import LONGEST, is_role_name, name
from rotation.targets.postgres_recovery import PostgresRecovery
from rotation.targets.postgres_role import PostgresRole
from rotation.targets.postgres_session import Login
from rotation.targets.postgres_superuser import PostgresSuperuser
from rotation.targets.target import Fallbacks

FITS = "é" * 31 + "r"  # 63 bytes in 32 characters
TOO_LONG = "é" * 32  # 64 bytes
PLACE: dict[str, Any] = {"host": "db", "port": 5432, "dbname": "one", "username": "thing", "password": "canary"}


def nobody(login: object, ca_pem: str | None) -> Any:
    raise AssertionError("somebody connected")


def fallbacks(admin: dict[str, Any]) -> Fallbacks:
    def others() -> Iterator[dict[str, Any]]:
        yield admin

    return Fallbacks(own=lambda: iter([]), admin=others, supplied=lambda: None, unchanged=lambda: None)


def test_the_limit_is_counted_in_bytes() -> None:
    assert (len(FITS.encode()), len(TOO_LONG.encode())) == (LONGEST, LONGEST + 1)
    assert is_role_name(FITS)
    assert not is_role_name(TOO_LONG)
    assert name({"username": FITS}, "username") == FITS


@pytest.mark.parametrize("reserved", ["", "public", "none", "pg_mine", "a\0b"])
def test_what_no_role_can_be_called_is_no_role_name(reserved: str) -> None:
    assert not is_role_name(reserved)


@pytest.mark.parametrize("field", ["username", "dbname"])
@pytest.mark.parametrize("wrong", [TOO_LONG, "a\0b"], ids=["too long", "with a zero byte"])
def test_a_login_with_a_name_that_would_be_cut_is_refused(field: str, wrong: str) -> None:
    with pytest.raises(
        RotationError, match=f"field '{field}' has .* bytes, and PostgreSQL cuts a name after 63"
    ) as got:
        Login.of({**PLACE, field: wrong})
    assert "canary" not in str(got.value)
    assert Login.of({**PLACE, field: FITS})


@pytest.mark.parametrize("target", [PostgresSuperuser(connect=nobody), PostgresRecovery(connect=nobody)])
@pytest.mark.parametrize("given", [True, False], ids=["with a password", "the marker"])
def test_an_admin_role_whose_name_would_be_cut_is_neither_set_nor_made(target: PostgresSuperuser, given: bool) -> None:
    """The recovery role is made by the superuser, so no login of its own would refuse it."""
    current = {**PLACE, "username": TOO_LONG}
    if not given:
        del current["password"]
    with pytest.raises(RotationError, match="field 'username' has 64 bytes"):
        target.apply(current, lambda: {**PLACE, "username": TOO_LONG}, fallbacks(PLACE))


@pytest.mark.parametrize("names", [[TOO_LONG, "thing"], ["thing", "r" * 62 + "_b"]], ids=["the first", "its twin"])
def test_both_names_of_a_consumers_role_must_fit(names: list[str]) -> None:
    """A twin is two bytes longer than its role."""
    document = {**PLACE, "usernames": names, "member_of": "group"}
    with pytest.raises(RotationError, match="'usernames' must be two different role names of 1 to 63 bytes"):
        PostgresRole(connect=nobody).generate("s", document, fallbacks(PLACE), urgent=False)


def test_a_group_whose_name_would_be_cut_is_refused() -> None:
    document = {**PLACE, "usernames": ["thing", "thing_b"], "member_of": TOO_LONG}
    with pytest.raises(RotationError, match="field 'member_of' has 64 bytes"):
        PostgresRole(connect=nobody).verify(document)
