"""Model: no state of the protocol within the bounds is wrong, no guard is idle, and the real code makes each state.

Two roles that take turns and a user with two passwords; rotations, deaths, cancels, emergencies, restores and hostile
calls in any order, and time. lambdas/rotation is then led through the traces, call by call.
`python -m proofs model`; the bounds and what is assumed are in rotation_guards.py.
"""

from __future__ import annotations

import random
import time
from concurrent.futures import ProcessPoolExecutor

from proofs.rotation_guards import BEHIND, GUARDS, REPLAYED, SAMPLED, SCOPES
from proofs.rotation_model import Exploration, explore
from proofs.rotation_replay import leaves, replay
from proofs.rotation_rules import Rules
from secretsctl.talk import say, show_table

SEED, TRACES = 6, 100
BOUND, REPLAY_BOUND = 12_000, 3_000
"""States after which an exploration stops, breadth first: it has seen all that fewer actions lead to."""
MOST = 60_000
"""States after which an exploration without a guard gives up; those that find one need fewer."""


def explored(name: str, off: frozenset[str] = frozenset(), most: int | None = None, *, on: bool = True) -> Exploration:
    """The exploration of a scope; `on` stops it at the first wrong state."""
    scope = SCOPES[name]
    return explore(scope, Rules(shape=scope.shape, off=off), most, stops=on)


def bounded(name: str, most: int | None = None) -> Exploration:
    """The exploration with every guard, up to BOUND states: no wrong state is nearer than its depth."""
    return explored(name, most=most or BOUND)


def killed(guard: str) -> tuple[str, Exploration | None]:
    """The first scope of a guard in which its absence is found out."""
    return _killed(frozenset({guard}), GUARDS[guard])


def killed_together(guards: frozenset[str]) -> tuple[str, Exploration | None]:
    """The first scope in which it is found out that all of these are missing."""
    return _killed(guards, BEHIND[guards])


def _killed(off: frozenset[str], scopes: tuple[str, ...]) -> tuple[str, Exploration | None]:
    for name in scopes:
        found = explored(name, off, MOST)
        if found.fault:
            return name, found
    return scopes[-1], None


def replayed(name: str, part: int | None = None, most: int | None = None) -> tuple[int, int, list[str]]:
    """States made on the real code, of how many, and the first difference. `part`: so many traces, drawn with SEED."""
    found = explored(name, most=most or REPLAY_BOUND, on=False)
    ends = leaves(found)
    if part is not None:
        ends = random.Random(SEED).sample(ends, min(part, len(ends)))
    told = replay(found, Rules(shape=SCOPES[name].shape), ends)
    return len(told.states) + 1, len(found.parents), told.differences  # and the first state


def prove() -> bool:
    """All scopes, all guards, all states of REPLAYED and a sample of the others."""
    with ProcessPoolExecutor(2) as pool:
        held = _show_explorations(dict(zip(SCOPES, pool.map(bounded, SCOPES), strict=True)))
        told = dict(zip(GUARDS, pool.map(killed, GUARDS), strict=True))
        together = pool.map(killed_together, BEHIND)
        told |= dict(zip([" and ".join(sorted(guards)) for guards in BEHIND], together, strict=True))
        idle = _show_guards(told)
        began = time.monotonic()
        made = dict(zip(REPLAYED, pool.map(replayed, REPLAYED), strict=True))
        sampled = dict(zip(SAMPLED, pool.map(_sampled, SAMPLED), strict=True))
    rows = [
        [name, f"{states} of {of}", "; ".join(differences) or "none"]
        for name, (states, of, differences) in (made | sampled).items()
    ]
    show_table(["on the real code", "states", "differences"], rows)
    say(f"{sum(states for states, _, _ in (made | sampled).values())} states made in {time.monotonic() - began:.0f} s")
    whole = all(states == of and not differences for states, of, differences in made.values())
    return held and not idle and whole and not any(differences for _, _, differences in sampled.values())


def _sampled(name: str) -> tuple[int, int, list[str]]:
    return replayed(name, TRACES, BOUND)


def _show_explorations(found: dict[str, Exploration]) -> bool:
    rows = [
        [
            name,
            str(len(one.parents)),
            "yes" if one.ended else "no",
            str(one.transitions),
            str(one.depth),
            f"{one.seconds:.0f} s",
            one.fault or "held",
        ]
        for name, one in found.items()
    ]
    show_table(["scope", "states", "to the end", "transitions", "depth", "time", "invariants"], rows)
    for one in found.values():
        if one.fault:
            say(f"{one.scope.name}: {one.fault}: {one.told()}")
    return all(one.fault is None for one in found.values())


def _show_guards(found: dict[str, tuple[str, Exploration | None]]) -> list[str]:
    rows = [
        [guard, name, *([one.fault or "", str(len(one.trace(one.at))) if one.at else ""] if one else ["IDLE", ""])]
        for guard, (name, one) in found.items()
    ]
    show_table(["without the guard", "scope", "what goes wrong", "actions"], rows)
    idle = [guard for guard, (_, one) in found.items() if one is None]
    say(f"{len(found) - len(idle)} of {len(found)} guards: their absence is found out")
    return idle
