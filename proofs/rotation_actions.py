"""Everything that can happen next in the model: the next call of a run, its death, and what everybody else does."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from proofs.rotation_calls import CALLS
from proofs.rotation_rules import DUAL, Rules, failed
from proofs.rotation_state import NOBODY, OVER, Plan, Run, State, Version

Action = tuple[str, int]
# What is assumed and not guarded; each has its counterexample like a guard.
STAYS = "assumed: AWSPENDING stays while publishing"
# A run ends or dies within half an overlap: each step within the function's timeout, 60 s. It may be late to begin.
_NOT_BEGUN = {"create", "retire"}
_LONG = 100  # calls: more than any run has
_LATE = {"finish", "plan", "promote", "clear"}


@dataclass(frozen=True, kw_only=True)
class Scope:
    """Who takes part in an exploration, and where it begins."""

    name: str
    shape: str
    rotators: int = 1
    retirers: int = 1
    consumers: int = 1
    emergency: bool = False
    restore: bool = False
    hostile: bool = False
    enabled: bool = True
    ours: bool = True
    later: bool = False
    late: bool = False

    def first(self) -> State:
        """A secret as Pulumi and the bootstrap leave it: the marker for two roles, a first password for one user.

        `later`: an emergency has published since, and nothing is retired yet. `late`: its retirement
        was asked for, and has not begun.
        """
        nobody = ((NOBODY, 0),) * self.consumers
        version = Version(slot=0, published=True) if self.shape == DUAL else Version()
        server = (0,) if self.shape == DUAL else (NOBODY, NOBODY)
        state = State((version,), server, nobody, enabled=self.enabled, ours=self.ours)
        if self.later:
            state = request(state, emergency=True)
            state = to_the_end(Rules(shape=self.shape), state._replace(runs=(Run("create", state.pending),)))
            return state._replace(runs=(Run("retire", state.current, True),)) if self.late else state
        return state if self.enabled and self.ours else request(state)


def successors(scope: Scope, rules: Rules, state: State) -> Iterator[tuple[Action, State]]:
    """Every action that is possible and the state after it."""
    locked = rules.has("server's lock") and any(
        run.call in ("end unchanged", "end power", "set pending", "set power") for run in state.runs
    )
    for i, run in enumerate(state.runs):
        waits = locked and run.call in ("set lock", "end lock")
        if not (waits or _in_the_gap(rules, state, run)):
            yield ("call", i), CALLS[run.call](rules, state, i)
        yield ("crash", i), failed(state, i)
    yield from _service(scope, rules, state)
    for i in range(len(state.consumers)):
        if state.has_value(state.current) and not state.restored and state.consumers[i] != (state.current, 0):
            consumers = (*state.consumers[:i], (state.current, 0), *state.consumers[i + 1 :])
            yield ("read", i), state._replace(consumers=consumers)
    quiet = _NOT_BEGUN if rules.has("margin") else {*_NOT_BEGUN, "promote"}
    if all(run.call in quiet for run in state.runs):
        yield ("tick", 0), tick(state, keeps=rules.shape != DUAL)
    if scope.restore:
        yield from _database(rules, state)
    if scope.hostile:
        yield from _hostile(scope, state)


def _in_the_gap(rules: Rules, state: State, run: Run) -> bool:
    """Assumed: AWSPENDING does not move between finishSecret's last look at it and its promotion.

    Secrets Manager compares and swaps one label, not two.
    """
    moved = state.pending != run.previous == run.token and state.current == run.seen
    return run.call == "promote" and moved and rules.has(STAYS)


def _service(scope: Scope, rules: Rules, state: State) -> Iterator[tuple[Action, State]]:
    """Secrets Manager, EventBridge Scheduler, the emergency's state machine, and a person at the console."""
    rotators = sum(not run.retirer for run in state.runs)
    free = state.unfinished() == NOBODY or not rules.has("one rotation at a time")
    if scope.enabled and free:
        yield ("request", 0), request(state)
        if scope.emergency:
            yield ("emergency", 0), request(state, emergency=True)
    if state.pending != NOBODY:
        yield ("cancel", 0), state._replace(pending=NOBODY)
        if rotators < scope.rotators:
            yield ("start", 0), state._replace(runs=(*state.runs, Run("create", state.pending)))
    if len(state.runs) - rotators < scope.retirers:
        for place, plan in enumerate((state.plan, state.repeated)):
            if plan is not None and plan.left == 0:
                yield ("fire", place), fired(state, place)
        if state.versions[state.current].emergency and state.previous != NOBODY:
            yield ("retire now", 0), state._replace(runs=(*state.runs, Run("retire", state.current, True)))


def _database(rules: Rules, state: State) -> Iterator[tuple[Action, State]]:
    if not state.runs and state.snapshot is None and state.has_value(state.current) and not state.restored:
        yield ("snapshot", 0), state._replace(snapshot=state.server)
    if state.snapshot is not None and not any(run.call in _LATE for run in state.runs):
        nobody = tuple([(NOBODY, 0) for _ in state.consumers])
        yield ("restore", 0), state._replace(server=state.snapshot, snapshot=None, restored=True, consumers=nobody)
    if state.restored and not state.runs:
        yield ("heal", 0), heal(rules, state)


def _hostile(scope: Scope, state: State) -> Iterator[tuple[Action, State]]:
    """Somebody who may call the function with any token and step, or may write this secret's value."""
    if sum(not run.retirer for run in state.runs) < scope.rotators:
        versions = (*state.versions, Version(age=0, asked=False))
        yield ("made up", 0), state._replace(versions=versions, runs=(*state.runs, Run("create", len(state.versions))))
        if state.pending != NOBODY and not state.has_value(state.pending):
            yield ("finish alone", 0), state._replace(runs=(*state.runs, Run("finish", state.pending)))
    token = state.pending
    if token != NOBODY and not state.has_value(token) and not any(run.call in _LATE for run in state.runs):
        facts = state.versions[token]._replace(slot=0, foreign=True)
        yield ("plant", 0), state._replace(versions=(*state.versions[:token], facts, *state.versions[token + 1 :]))


def request(state: State, *, emergency: bool = False) -> State:
    """RotateSecret: an empty version with AWSPENDING."""
    versions = (*state.versions, Version(age=0, emergency=emergency))
    return state._replace(versions=versions, pending=len(state.versions))


def heal(rules: Rules, state: State) -> State:
    """The step healSecret, whole: AWSCURRENT logs in again, through the admin or through any version that exists."""
    if rules.shape != DUAL:
        slot = state.versions[state.current].slot
        server = tuple([state.current if role == slot else version for role, version in enumerate(state.server)])
        return state._replace(server=server, restored=False)
    tried = state.server if rules.has("log in with any version") else (state.current,)
    if not any(state.accepts(version) for version in tried):
        return state
    return state._replace(server=tuple(sorted({*state.server, state.current})), restored=False)


def tick(state: State, *, keeps: bool) -> State:
    """Half an overlap passes: the longest that a consumer may keep a value. `keeps`: some keep it for longer."""
    consumers = [
        (NOBODY, 0) if version == NOBODY or (age + 1 >= OVER and not keeps) else (version, min(OVER, age + 1))
        for version, age in state.consumers
    ]
    return state._replace(
        versions=tuple([v if v.age == OVER else v._replace(age=v.age + 1) for v in state.versions]),
        consumers=tuple(consumers),
        recorded=min(OVER, state.recorded + 1),
        plan=_sooner(state.plan),
        repeated=_sooner(state.repeated),
    )


def to_the_end(rules: Rules, state: State) -> State:
    """The state when its only run has ended undisturbed."""
    for _ in range(_LONG):
        if not state.runs:
            return state
        state = CALLS[state.runs[0].call](rules, state, 0)
    return failed(state, 0)


def fired(state: State, place: int) -> State:
    """A schedule is due: the secret's own (0) or one that was made again (1)."""
    plan = state.repeated if place else state.plan
    assert plan is not None
    state = state._replace(repeated=None) if place else state._replace(plan=None)
    return state._replace(runs=(*state.runs, Run("retire", plan.token, True)))


def _sooner(plan: Plan | None) -> Plan | None:
    return None if plan is None else Plan(plan.token, max(0, plan.left - 1))
