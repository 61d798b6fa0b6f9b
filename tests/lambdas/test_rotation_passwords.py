"""New passwords and the verifiers that servers store of them."""

from __future__ import annotations

import base64
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scramp import ScramMechanism  # type: ignore[import-untyped]

from rotation.errors import RotationError
from rotation.passwords import new_password
from rotation.targets.postgres_sql import verifier

VERIFIER = re.compile(r"SCRAM-SHA-256\$4096:([A-Za-z0-9+/=]{24})\$([A-Za-z0-9+/]{43}=):([A-Za-z0-9+/]{43}=)")


def test_a_password_carries_192_bits_in_32_characters_of_base64() -> None:
    passwords = {new_password() for _ in range(2000)}
    assert len(passwords) == 2000
    for password in passwords:
        assert re.fullmatch(r"[A-Za-z0-9+/]{32}", password)
        assert len(base64.b64decode(password)) == 24
    # All 64 characters occur: 64,000 draws leave one out with a chance below 10^-400.
    assert len(set("".join(passwords))) == 64


@settings(max_examples=25, deadline=None)
@given(st.text(st.characters(codec="ascii", categories=["L", "N", "P", "S"]), min_size=1, max_size=64))
def test_a_verifier_is_what_postgresql_would_store_and_holds_no_password(password: str) -> None:
    match = VERIFIER.fullmatch(verifier(password))
    assert match
    salt, stored, server = (base64.b64decode(part) for part in match.groups())
    assert len(salt) == 16
    expected = ScramMechanism("SCRAM-SHA-256").make_auth_info(password, iteration_count=4096, salt=salt)
    assert expected == (salt, stored, server, 4096)


def test_a_verifier_is_salted() -> None:
    assert verifier("same") != verifier("same")


def test_saslprep_maps_a_password_to_its_normal_form() -> None:
    # U+2168 ROMAN NUMERAL NINE becomes "IX" (RFC 4013, section 3, example 5).
    salt_of = verifier("\u2168")
    match = VERIFIER.fullmatch(salt_of)
    assert match
    salt, stored, server = (base64.b64decode(part) for part in match.groups())
    assert ScramMechanism("SCRAM-SHA-256").make_auth_info("IX", iteration_count=4096, salt=salt)[1:3] == (
        stored,
        server,
    )


def test_a_password_that_saslprep_forbids_is_refused_without_being_told() -> None:
    with pytest.raises(RotationError, match="SASLprep forbids") as caught:
        verifier("canary\u0007")
    assert "canary" not in str(caught.value)
