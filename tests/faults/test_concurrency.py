"""The short form of `python -m proofs concurrency`, and proof that it finds what it is there to find."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from proofs.concurrency import attempt, servers
from proofs.concurrency_actors import COUNT
from proofs.concurrency_scene import KINDS, Servers
from rotation import candidates, guards, retiring, steps
from rotation.targets.target import Fallbacks
from rotation.versions import SecretVersions, Version

pytestmark = pytest.mark.servers
SEEDS = (0, 1)
MOST = 60
"""So many seeds are tried until a missing guard is found; it is found within a dozen."""


@pytest.fixture(scope="module")
def real() -> Iterator[Servers]:
    with servers() as made:
        yield made


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("kind", KINDS)
def test_of_32_actors_one_at_a_time_wins_and_nobody_is_locked_out(real: Servers, kind: str, seed: int) -> None:
    tried = attempt(real, kind, seed)
    assert tried.problems == []
    assert tried.winners >= 1
    assert len({actor for actor, _ in tried.trace}) == COUNT


def test_a_seed_is_an_interleaving_that_can_be_replayed(real: Servers) -> None:
    first, second = (attempt(real, "redis", 5) for _ in range(2))
    # Only the names of the users are new in each scene.
    calls = [[(actor, re.sub(r"user\d+", "user", call)) for actor, call in one.trace] for one in (first, second)]
    assert calls[0] == calls[1]
    assert attempt(real, "redis", 6).trace != first.trace


def without_the_overlap(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(guards, "require_overlap_over", lambda *_: None)


def without_the_last_look_of_a_retirement(patch: pytest.MonkeyPatch) -> None:
    def never(*arguments: Any) -> Fallbacks:
        return dataclasses.replace(candidates.fallbacks(*arguments), unchanged=lambda: None)

    for module in (steps, retiring):
        patch.setattr(module, "fallbacks", never)


def without_the_label_of_what_is_pending(patch: pytest.MonkeyPatch) -> None:
    def any_version(self: SecretVersions, secret_id: str, token: str) -> Version | None:
        return self._get(secret_id, {"VersionId": token})

    patch.setattr(SecretVersions, "pending", any_version)
    patch.setattr(guards, "require_pending", lambda *_: None)


@pytest.mark.parametrize(
    "remove", [without_the_overlap, without_the_last_look_of_a_retirement, without_the_label_of_what_is_pending]
)
def test_a_guard_that_is_missing_is_found(
    real: Servers, monkeypatch: pytest.MonkeyPatch, remove: Callable[[pytest.MonkeyPatch], None]
) -> None:
    remove(monkeypatch)
    assert any(attempt(real, "redis", seed).problems for seed in range(MOST))
