"""The short form of `python -m proofs model`: smaller scopes to their end, every guard, a sample on the real code."""

from __future__ import annotations

import pytest

from proofs.model import explored, killed, replayed
from proofs.rotation_guards import AWAITED, GUARDS, SMALL

TRACES = 60


@pytest.mark.parametrize("name", SMALL)
def test_no_state_that_can_be_reached_is_wrong(name: str) -> None:
    found = explored(name)
    assert found.fault is None, found.told()
    assert len(found.parents) > 1


@pytest.mark.parametrize("guard", GUARDS)
def test_the_absence_of_a_guard_is_found_out(guard: str) -> None:
    _, found = killed(guard)
    assert found is not None


@pytest.mark.parametrize("name", ["passwords, two consumers", "roles, two consumers"])
def test_the_real_code_reaches_the_states_of_the_model(name: str) -> None:
    states, _, differences = replayed(name, TRACES)
    assert differences == []
    assert states > TRACES


def test_the_code_has_every_guard_of_the_model() -> None:
    assert not AWAITED, f"the code lacks {sorted(AWAITED)}: see the traces of `python -m proofs model`"
