"""What calls of the model have in common: the rules in force, how a run goes on or ends, and what a server does."""

from __future__ import annotations

from dataclasses import dataclass

from proofs.rotation_state import NOBODY, OVER, Plan, Run, State

ROLE, DUAL = "role", "dual"


@dataclass(frozen=True, kw_only=True)
class Rules:
    """The shape of the target, and the guards that are missing."""

    shape: str
    off: frozenset[str] = frozenset()

    def has(self, guard: str) -> bool:
        """Whether a guard is in force."""
        return guard not in self.off


def go(state: State, i: int, run: Run) -> State:
    """The i-th run goes on so."""
    return state._replace(runs=(*state.runs[:i], run, *state.runs[i + 1 :]))


def end(state: State, i: int) -> State:
    """The run is gone, by its end, an error or death; the server rolls its transaction back."""
    return state._replace(runs=state.runs[:i] + state.runs[i + 1 :])


def failed(state: State, i: int) -> State:
    """The run died or raised. An event of `retire` is delivered again then (Lambda retries asynchronous calls)."""
    run = state.runs[i]
    state = end(state, i)
    if run.retirer and state.repeated is None:
        state = state._replace(repeated=Plan(run.token, 0))
    return state


def first_end(rules: Rules) -> str:
    return "end lock" if rules.shape == ROLE else "end hashes"


def serve(state: State, server: tuple[int, ...], *, urgent: bool) -> State:
    """A new state of the server. Whom an emergency cuts off knows it and reads again: that is its price."""
    consumers = state.consumers
    if urgent:
        cut = set(state.server) - set(server) - {state.current}
        consumers = tuple([(NOBODY, 0) if version in cut else (version, age) for version, age in consumers])
    return state._replace(server=server, consumers=consumers)


def waits(rules: Rules, state: State) -> int:
    """In how many halves of an overlap AWSPREVIOUS may be retired, by all that is on record."""
    left = OVER - state.recorded
    if state.plan is not None and rules.has("the plan is a record"):
        left = max(left, state.plan.left)
    if state.repeated is not None and not rules.has("a plan made again is no record"):
        left = max(left, state.repeated.left)
    return left
