"""The short form of `python -m proofs stateful`: the same sequences in each run."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from proofs.stateful import Begin, run, servers

pytestmark = pytest.mark.servers
EXAMPLES, STEPS = 4, 25


@pytest.fixture(scope="module")
def real() -> Iterator[tuple[Begin, Begin]]:
    with servers() as made:
        yield made


@pytest.mark.parametrize("which", [0, 1], ids=["postgres-role", "redis"])
def test_whatever_happens_to_a_secret_in_whatever_order_nobody_is_locked_out(
    real: tuple[Begin, Begin], which: int
) -> None:
    assert run(real[which], examples=EXAMPLES, steps=STEPS, derandomize=True) >= EXAMPLES * STEPS / 2
