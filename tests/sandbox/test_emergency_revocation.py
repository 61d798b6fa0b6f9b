"""Proof of revocation in short: one earlier round, then an emergency, on real servers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from proofs.revocation import AIM_SECONDS, Proof, fought, verifies
from proofs.revocation_place import place

pytestmark = pytest.mark.servers


@pytest.fixture(scope="module")
def proof() -> Iterator[Proof]:
    """The emergency has been."""
    with place() as made:
        yield fought(made, rounds=2)


def test_every_earlier_version_of_every_secret_is_refused(proof: Proof) -> None:
    for kind, outcome in proof.kinds.items():
        assert outcome.refused == outcome.versions >= outcome.secrets, kind
    assert set(proof.kinds) == {"postgres-superuser", "postgres-recovery", "postgres-role", "redis", "keyring"}


def test_every_session_of_every_earlier_version_is_gone_soon_after(proof: Proof) -> None:
    assert proof.seconds <= AIM_SECONDS
    for kind, outcome in proof.kinds.items():
        assert outcome.gone == outcome.sessions, kind
    # Of every one-role kind at least the newest session was there, and of both roles that take turns.
    assert proof.living >= 3 + 2 * 3
    # Both roles that take turns had theirs, and the replication role one more each time.
    assert proof.kinds["postgres-role"].sessions == (3 + 1) * 3


def test_the_command_says_so(proof: Proof) -> None:
    assert proof.code == 0
    assert proof.report["rotated"] == proof.report["retired"] == sum(kind.secrets for kind in proof.kinds.values())
    assert (proof.report["failed"], proof.report["left"]) == (0, [])
    assert "sentry-dsn" in proof.report["no_value"]
    assert "anthropic-api-key" in proof.report["by_hand"]


@pytest.mark.parametrize(
    ("state", "days", "said"),
    [
        ("retired", 30, "accepted"),
        ("signing", 30, "accepted"),
        ("next", 30, "accepted"),
        ("retired", None, "archive"),
        ("signing", None, "accepted"),
        ("next", None, "accepted"),
    ],
)
def test_a_key_that_a_ring_still_has_counts_as_accepted_unless_it_is_for_archives(
    state: str, days: int | None, said: str
) -> None:
    old = {"kid": "a", "key": "k"}
    ring = [{"kid": "b", "key": "l", "state": "signing"}, {"kid": "a", "key": "k", "state": state}]
    assert verifies(old, {"ring": ring, "retention_days": days}) == said
    assert verifies({"kid": "c", "key": "k"}, {"ring": ring, "retention_days": days}) == "refused"
