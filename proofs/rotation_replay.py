"""Every state of an exploration produced once on the real code: its traces replayed, compared after each action."""

from __future__ import annotations

from dataclasses import dataclass, field

from proofs.rotation_actions import successors
from proofs.rotation_model import Exploration
from proofs.rotation_rules import Rules
from proofs.rotation_state import State, canonical
from proofs.rotation_world import World, quiet


@dataclass(kw_only=True)
class Replay:
    """How many traces and distinct states were made, and where model and code differ."""

    traces: int = 0
    states: set[State] = field(default_factory=set)
    differences: list[str] = field(default_factory=list)


def leaves(found: Exploration) -> list[State]:
    """The states that no shortest trace goes through: their traces lead through all the others."""
    inner = {parent[0] for parent in found.parents.values() if parent is not None}
    return [state for state in found.parents if state not in inner]


def replay(found: Exploration, rules: Rules, ends: list[State], most_differences: int = 1) -> Replay:
    """Lead the real code along the trace to each of the given states."""
    told = Replay()
    with quiet():
        for end in ends:
            told.traces += 1
            difference = _follow(found, rules, end, told.states)
            if difference:
                told.differences.append(difference)
                if len(told.differences) >= most_differences:
                    break
    return told


def _follow(found: Exploration, rules: Rules, end: State, seen: set[State]) -> str | None:
    world = World(found.scope.shape, found.scope.consumers)
    state = canonical(found.scope.first()).state
    made: list[str] = []
    try:
        for action, after in found.trace(end):
            raw = dict(successors(found.scope, rules, state))[action]
            name, i = action
            made.append(
                f"{state.runs[i].call}{' dies' if name == 'crash' else ''}" if name in ("call", "crash") else name
            )
            world.act(name, i)
            form = canonical(raw)
            world.ids = [world.ids[version] for version in form.versions]
            world.consumers = [world.consumers[place] for place in form.consumers]
            if len(world.runs) == len(form.runs):
                world.runs = [world.runs[place] for place in form.runs]
            different = world.differences(after)
            if different:
                return f"{' → '.join(made)}: {'; '.join(different)}"
            seen.add(after)
            state = after
    finally:
        world.close()
    return None
