"""The short form of `python -m proofs model`: nearer bounds, and a sample on the real code.

The long form tries every guard, this one those whose absence shows soon.
"""

from __future__ import annotations

import pytest

from proofs.model import bounded, killed, killed_together, replayed
from proofs.rotation_guards import BEHIND, QUICK, SMALL

STATES, TRACES = 4_000, 60


@pytest.mark.parametrize("name", SMALL)
def test_no_state_that_can_be_reached_is_wrong(name: str) -> None:
    found = bounded(name, STATES)
    assert found.fault is None, found.told()
    assert len(found.parents) > 1


@pytest.mark.parametrize("guard", QUICK)
def test_the_absence_of_a_guard_is_found_out(guard: str) -> None:
    _, found = killed(guard)
    assert found is not None


@pytest.mark.parametrize("guards", BEHIND, ids=lambda guards: " and ".join(sorted(guards)))
def test_the_absence_of_guards_that_stand_behind_each_other_is_found_out(guards: frozenset[str]) -> None:
    _, found = killed_together(guards)
    assert found is not None


@pytest.mark.parametrize("name", ["passwords, two consumers", "roles, two consumers"])
def test_the_real_code_reaches_the_states_of_the_model(name: str) -> None:
    states, _, differences = replayed(name, TRACES, STATES)
    assert differences == []
    assert states > TRACES
