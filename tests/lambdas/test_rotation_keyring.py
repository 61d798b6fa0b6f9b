"""Key rings: the ring's invariants over any number of turns, and what a broken ring is told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rotation.errors import RotationError
from rotation.targets.keyring import Keyring
from rotation.targets.target import Fallbacks
from tests.lambdas.workbench import PREFIX, Bench

NONE = Fallbacks(own=lambda: iter([]), admin=lambda: iter([]), supplied=lambda: None, unchanged=lambda: None)
START = datetime(2026, 1, 1, tzinfo=UTC)
NAME = PREFIX + "jwt-secret"


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now


def ring_of(document: Any) -> list[dict[str, str]]:
    return cast("list[dict[str, str]]", document["ring"])


def turned(keyring: Keyring, document: Any, *, urgent: bool = False) -> dict[str, Any]:
    return dict(keyring.generate(NAME, document, NONE, urgent=urgent))


def state(document: Any, kid: str) -> str | None:
    return next((entry["state"] for entry in ring_of(document) if entry["kid"] == kid), None)


@given(
    retention=st.none() | st.integers(min_value=0, max_value=400),
    gaps=st.lists(st.integers(min_value=0, max_value=200), min_size=1, max_size=12),
)
def test_a_key_waits_a_turn_before_it_signs_and_verifies_until_its_retention_ends(
    retention: int | None, gaps: list[int]
) -> None:
    clock = Clock()
    keyring = Keyring(clock=clock)
    document = turned(keyring, {"retention_days": retention})
    retired_at: dict[str, datetime] = {}
    seen: set[str] = set()
    for gap in gaps:
        clock.now += timedelta(days=gap)
        before, document = document, turned(keyring, document)
        keyring.verify(document)
        assert document["retention_days"] == retention
        # The key that signs now was published a whole turn ago, and the one that signed still verifies.
        assert state(before, str(document["kid"])) == "next"
        if retention != 0:
            assert state(document, str(before["kid"])) == "retired"
        retired_at[str(before["kid"])] = clock.now
        keys = {entry["key"] for entry in ring_of(document)}
        new = keys - {entry["key"] for entry in ring_of(before)}
        assert len(new) == 1
        assert not new & seen
        seen |= keys
        for kid, moment in retired_at.items():
            gone = retention is not None and clock.now - moment > timedelta(days=retention)
            assert (state(document, kid) is None) == gone


def test_the_first_rotation_makes_a_signing_and_a_next_key() -> None:
    document = turned(Keyring(clock=Clock()), {"retention_days": None})
    assert [entry["state"] for entry in ring_of(document)] == ["signing", "next"]
    assert all(len(entry["key"]) == 64 for entry in ring_of(document))
    assert ring_of(document)[0]["not_before"] == "2026-01-01T00:00:00+00:00"


def good() -> dict[str, Any]:
    clock = Clock()
    keyring = Keyring(clock=clock)
    return dict(turned(keyring, turned(keyring, {"retention_days": 30})))


def changed(at: int, **fields: Any) -> dict[str, Any]:
    document = good()
    document["ring"] = [{**entry, **(fields if i == at else {})} for i, entry in enumerate(ring_of(document))]
    return document


@pytest.mark.parametrize(
    ("document", "match"),
    [
        ({**good(), "ring": "none"}, "`ring` is not a list"),
        ({**good(), "ring": ring_of(good())[:1]}, "0 keys are `signing`"),
        (changed(2, state="signing"), "2 keys are `signing`"),
        (changed(2, state="retired", retired_at="2026-01-01T00:00:00+00:00"), "0 keys are `next`"),
        (changed(0, state="revoked"), "no known `state`"),
        (changed(0, key="0" * 63), "not 64 hexadecimal"),
        (changed(0, key="G" * 64), "not 64 hexadecimal"),
        (changed(0, retired_at="yesterday"), "`retired_at` is no ISO 8601 time"),
        (changed(0, not_before="2026-01-01T00:00:00"), "`not_before` has no time zone"),
        ({**good(), "kid": "0" * 16}, "not those of the signing key"),
        ({**good(), "key": "0" * 64}, "not those of the signing key"),
        ({**good(), "retention_days": -1}, "`retention_days` is negative"),
        ({key: value for key, value in good().items() if key != "retention_days"}, "`retention_days` is missing"),
    ],
)
def test_a_broken_ring_is_refused_and_its_keys_are_not_told(document: dict[str, Any], match: str) -> None:
    with pytest.raises(RotationError, match=match) as caught:
        Keyring().verify(document)
    assert not any(entry["key"] in str(caught.value) for entry in ring_of(good()))


@pytest.mark.parametrize("field", ["kid", "key"])
def test_a_key_that_is_there_twice_is_refused(field: str) -> None:
    document = good()
    first, *others = ring_of(document)
    document["ring"] = [{**first, field: others[0][field]}, *others]
    with pytest.raises(RotationError, match="key ring:"):
        Keyring().verify(document)


def test_a_ring_rotates_through_the_whole_protocol() -> None:
    bench = Bench("keyring", {"keyring": Keyring(clock=Clock())})
    bench.secret(NAME, "keyring", {"retention_days": 30}, overlap=3600)
    bench.rotate(NAME)
    first = bench.value(NAME)
    bench.rotate(NAME)
    second = bench.value(NAME)
    assert ring_of(first)[1]["kid"] == second["kid"]
    assert state(second, first["kid"]) == "retired"
    assert bench.fake.calls["DescribeSecret"] == 8


def keys_of(document: Any) -> set[str]:
    return {entry["key"] for entry in ring_of(document)}


def test_an_emergency_leaves_no_key_of_the_old_ring() -> None:
    """Not even `next`: it was published, so it has leaked with the others."""
    keyring = Keyring(clock=Clock())
    before = turned(keyring, turned(keyring, {"retention_days": 30}))
    after = turned(keyring, before, urgent=True)
    keyring.verify(after)
    assert [entry["state"] for entry in ring_of(after)] == ["signing", "next"]
    assert not keys_of(before) & keys_of(after)
    assert after["kid"] not in {entry["kid"] for entry in ring_of(before)}
    assert after["retention_days"] == 30


def test_an_emergency_keeps_the_keys_of_archives_and_signs_with_none_of_them() -> None:
    clock = Clock()
    keyring = Keyring(clock=clock)
    before = turned(keyring, turned(keyring, {"retention_days": None}))
    clock.now += timedelta(days=1)
    after = turned(keyring, before, urgent=True)
    keyring.verify(after)
    assert keys_of(before) < keys_of(after)
    assert {state(after, entry["kid"]) for entry in ring_of(before)} == {"retired"}
    # A key that had retired before keeps its day; the others retire now.
    assert [entry.get("retired_at") for entry in ring_of(after)] == [
        "2026-01-01T00:00:00+00:00",
        "2026-01-02T00:00:00+00:00",
        "2026-01-02T00:00:00+00:00",
        None,
        None,
    ]


def test_an_emergency_on_a_secret_without_a_value_makes_its_first_ring() -> None:
    document = turned(Keyring(clock=Clock()), {"retention_days": 30}, urgent=True)
    assert [entry["state"] for entry in ring_of(document)] == ["signing", "next"]


def test_an_emergency_goes_through_the_whole_protocol_and_its_retry_keeps_the_ring() -> None:
    bench = Bench("keyring", {"keyring": Keyring(clock=Clock())})
    bench.secret(NAME, "keyring", {"retention_days": 30}, overlap=3600)
    bench.rotate(NAME)
    before = bench.value(NAME)
    token = bench.fake.rotate(NAME, "emergency-" + "4" * 32)
    bench.step(NAME, token, "createSecret")
    pending = bench.value(NAME, "AWSPENDING")
    bench.steps(NAME, token)
    assert bench.value(NAME) == pending
    assert not keys_of(before) & keys_of(pending)


def test_nothing_of_a_ring_is_retired_at_a_server() -> None:
    keyring = Keyring()
    assert (keyring.issued, keyring.retires, keyring.retire(good(), good(), NONE, None)) == (False, False, ())
