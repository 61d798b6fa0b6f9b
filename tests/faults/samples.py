"""The short form of the crash proof: a seeded sample of the deaths, with every act and every recovery of a subject."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from random import Random

from tests.faults.acts import ACTS, Act
from tests.faults.campaign import Campaign
from tests.faults.points import Point, points
from tests.faults.recoveries import RECOVERIES
from tests.faults.subject import Subject
from tests.faults.tally import ONCE, TWICE, Tally

SEED = 6
FIRST, SECOND = 2, 2


def sampled(subject: str, make: Callable[[], Subject], act: Act) -> Tally | None:
    """Two deaths of the act; after each, this act's share of the recoveries, and two deaths of each of those.

    The shares of all acts together are all recoveries. The same seed tries the same deaths while the calls stay.
    None: this kind of credential has no such act.
    """
    chance = Random(f"{SEED} {subject} {act.id}")
    probe = make()
    probe.close()
    acts = [act for act in ACTS if act.applies(probe)]
    if act not in acts:
        return None
    recoveries = [recovery for recovery in RECOVERIES if recovery.applies(probe, act)]
    campaign = Campaign(
        make=make,
        subject=subject,
        act=act,
        recoveries=tuple(recoveries[acts.index(act) :: len(acts)]),
        first=_chosen(chance, FIRST),
        second=_chosen(chance, SECOND),
        chance=chance,
    )
    with redirect_stdout(io.StringIO()):  # the function's own log lines
        tally = campaign.run()
    assert tally.total(ONCE) > 0
    assert tally.total(TWICE) > 0
    return tally


def _chosen(chance: Random, number: int) -> Callable[[int], Iterator[Point]]:
    def choose(calls: int) -> Iterator[Point]:
        every = list(points(calls))
        # A second death after a call that is not the last is not made (campaign.py), so it is no sample.
        made = [point for point in every if not point.after or point.at == calls]
        yield from sorted(chance.sample(made, min(number, len(made))))

    return choose
