"""The model explored to its end, breadth first, so that the first wrong state has one of the shortest traces."""

from __future__ import annotations

import time
from dataclasses import dataclass

from proofs.rotation_actions import Action, Scope, successors
from proofs.rotation_invariants import wrong
from proofs.rotation_rules import Rules
from proofs.rotation_state import State, canonical


@dataclass(kw_only=True)
class Exploration:
    """What was found: each state with the one before it and the action between, and the first thing that is wrong."""

    scope: Scope
    parents: dict[State, tuple[State, Action] | None]
    transitions: int = 0
    depth: int = 0
    seconds: float = 0
    ended: bool = False
    fault: str | None = None
    at: State | None = None

    def trace(self, state: State) -> list[tuple[Action, State]]:
        """The actions from the first state to this one, each with the state that it leads to."""
        steps = []
        while (before := self.parents[state]) is not None:
            steps.append((before[1], state))
            state = before[0]
        return steps[::-1]

    def told(self) -> str:
        """The trace to the fault, short: each action, and a call by its name."""
        words = []
        before = canonical(self.scope.first()).state
        for (action, i), state in self.trace(self.at) if self.at is not None else ():
            run = before.runs[i] if action in ("call", "crash") else None
            words.append(
                action if run is None else f"{run.call} of v{run.token}" + (" dies" if action == "crash" else "")
            )
            before = state
        return " → ".join(words)


def explore(scope: Scope, rules: Rules, most: int | None = None, *, stops: bool = True) -> Exploration:
    """Every state that can be reached, or `most`; up to the first one that is wrong if it `stops` there."""
    began = time.monotonic()
    first = canonical(scope.first()).state
    found = Exploration(scope=scope, parents={first: None})
    frontier = [first]
    while frontier and not (most and len(found.parents) > most):
        following: list[State] = []
        for state in frontier:
            for action, after in successors(scope, rules, state):
                found.transitions += 1
                form = canonical(after).state
                if form in found.parents:
                    continue
                found.parents[form] = (state, action)
                found.fault = wrong(scope, rules, form) if stops else None
                if found.fault:
                    found.at, found.seconds = form, time.monotonic() - began
                    return found
                following.append(form)
        found.depth += bool(following)
        frontier = following
    found.seconds, found.ended = time.monotonic() - began, not frontier
    return found
