"""What a run does at each of its calls in the model, in the order of lambdas/rotation/steps.py.

Reads that follow each other with no write between them are one call. A guard is asked for by name, so that an
exploration can do without it.
"""

from __future__ import annotations

from collections.abc import Callable

from proofs.rotation_ending import again, end_hashes, end_label, end_lock, end_power, end_unchanged, retire
from proofs.rotation_rules import ROLE, Rules, end, first_end, go, serve, waits
from proofs.rotation_state import NOBODY, OVER, Plan, Run, State


def _create(rules: Rules, state: State, i: int) -> State:
    """DescribeSecret, AWSCURRENT, the schedule and AWSPREVIOUS are read."""
    token = state.runs[i].token
    if not _may_run(rules, state, token):
        return end(state, i)
    if token == state.current and rules.has("already current is a no-op"):
        return go(state, i, Run("set", token))
    if state.pending not in (NOBODY, token, state.current) and rules.has("no rival"):
        return end(state, i)
    on = Run("put", token, False, state.current)
    if state.previous == NOBODY:
        return go(state, i, on)
    if state.versions[token].emergency:
        return go(state, i, on)
    if waits(rules, state) > 0 and rules.has("overlap before the next"):
        return end(state, i)
    if not rules.has("retire before the next"):
        return go(state, i, on)
    return go(state, i, on._replace(call=first_end(rules), previous=state.previous))


def _put(rules: Rules, state: State, i: int) -> State:
    """PutSecretValue. The first value of a version stays; then AWSPENDING must be its own still."""
    token, seen = state.runs[i].token, state.runs[i].seen
    facts = state.versions[token]
    if facts.slot >= 0:
        if rules.has("put keeps the first value"):
            ok = state.pending == token and _same_server(rules, state, token)
            return go(state, i, Run("set", token)) if ok else end(state, i)
        state = _overwritten(state, token)
    slot = 1 - state.versions[seen].slot if rules.shape == ROLE and state.has_value(seen) else 0
    versions = (*state.versions[:token], facts._replace(slot=slot), *state.versions[token + 1 :])
    return go(state._replace(versions=versions, pending=token), i, Run("set", token))


def _set(rules: Rules, state: State, i: int) -> State:
    """DescribeSecret, AWSCURRENT."""
    call = "set lock" if rules.shape == ROLE else "set hashes"
    return _begin(rules, state, i, Run(call, state.runs[i].token, False, state.current), "test")


def _set_lock(rules: Rules, state: State, i: int) -> State:
    """The server's lock; other holders are waited for."""
    del rules
    return go(state, i, state.runs[i]._replace(call="set pending"))


def _set_hashes(rules: Rules, state: State, i: int) -> State:
    """Log in with any version that exists, then ACL GETUSER."""
    if not rules.has("log in with any version") and not any(
        state.accepts(version) for version in (state.current, state.runs[i].token)
    ):
        return end(state, i)
    return go(state, i, state.runs[i]._replace(call="set pending", hashes=state.server))


def _set_pending(rules: Rules, state: State, i: int) -> State:
    """GetSecretValue of this version while it is AWSPENDING."""
    run = state.runs[i]
    labelled = state.pending == run.token or not rules.has("AWSPENDING under the lock")
    if not (labelled and state.has_value(run.token) and _same_server(rules, state, run.token)):
        return end(state, i)
    in_use = state.has_value(run.seen) and state.versions[run.token].slot == state.versions[run.seen].slot
    if rules.shape == ROLE and in_use and rules.has("role in use"):
        return end(state, i)
    return go(state, i, run._replace(call="set power"))


def _set_power(rules: Rules, state: State, i: int) -> State:
    """The server accepts the pending credential: one transaction, or one command."""
    run = state.runs[i]
    facts = state.versions[run.token]
    if facts.foreign:
        return go(state._replace(stolen=True), i, Run("test", run.token))
    if rules.shape == ROLE:
        server = tuple([run.token if role == facts.slot else version for role, version in enumerate(state.server)])
    else:
        taken = set() if rules.has("set takes nothing away") else set(run.hashes) - {run.token, run.seen}
        ours = {run.token, run.seen}
        named = ours if rules.has("set brings nothing back") else (set(run.hashes) - taken) | ours
        added = set[int]() if ours <= set(run.hashes) and not taken else named
        server = tuple(sorted((set(state.server) - taken) | added))
    return go(serve(state, server, urgent=state.is_urgent(run.token)), i, Run("test", run.token))


def _test(rules: Rules, state: State, i: int) -> State:
    """Log in with AWSPENDING, or with AWSCURRENT when there is nothing pending."""
    token = state.runs[i].token
    on = _begin(rules, state, i, Run("finish", token), "finish")
    if len(on.runs) < len(state.runs) or token == state.current:
        return on
    pending = state.pending == token and state.has_value(token)
    ok = state.accepts(token if pending else state.current) or not rules.has("verify")
    return on if ok else end(state, i)


def _finish(rules: Rules, state: State, i: int) -> State:
    """DescribeSecret, AWSPENDING."""
    token = state.runs[i].token
    if token == state.current and _may_run(rules, state, token) and rules.has("already current is a no-op"):
        return _published(state, i, token) if state.pending == token else _succeeded(state, i)
    valued = state.has_value(token) or not rules.has("value before publishing")
    labelled = state.pending == token or not rules.has("finish reads AWSPENDING")
    if not (valued and labelled):
        return end(state, i)
    planning = state.has_value(state.current) and rules.has("plan before publishing")
    on = Run("plan" if planning else "promote", token, False, state.current, state.pending)
    return _begin(rules, state, i, on, "clear")


def _plan(rules: Rules, state: State, i: int) -> State:
    """CreateSchedule or UpdateSchedule."""
    run = state.runs[i]
    state = state._replace(plan=Plan(run.token, OVER))
    if rules.has("plan before publishing"):
        return go(state, i, run._replace(call="promote"))
    return _published(state, i, run.token)


def _promote(rules: Rules, state: State, i: int) -> State:
    """UpdateSecretVersionStage: a compare-and-swap of AWSCURRENT; AWSPREVIOUS follows."""
    token, seen = state.runs[i].token, state.runs[i].seen
    if state.current != seen and rules.has("compare-and-swap"):
        return end(state, i)
    seen = state.current
    late = not rules.has("plan before publishing") and state.has_value(seen)
    if token != seen:
        facts = state.versions[token]
        state = state._replace(
            versions=(*state.versions[:token], facts._replace(published=True), *state.versions[token + 1 :]),
            current=token,
            previous=seen if state.has_value(seen) else NOBODY,
            recorded=min(state.recorded, facts.age),
            restored=False,
        )
    return go(state, i, Run("plan", token)) if late else _published(state, i, token)


def _clear(rules: Rules, state: State, i: int) -> State:
    """UpdateSecretVersionStage: AWSPENDING goes, if it still is here. The rotation has succeeded."""
    del rules
    if state.pending == state.runs[i].token:
        state = state._replace(pending=NOBODY)
    return _succeeded(state, i)


CALLS: dict[str, Callable[[Rules, State, int], State]] = {
    "create": _create,
    "retire": retire,
    "again": again,
    "end lock": end_lock,
    "end hashes": end_hashes,
    "end unchanged": end_unchanged,
    "end power": end_power,
    "end label": end_label,
    "put": _put,
    "set": _set,
    "set lock": _set_lock,
    "set hashes": _set_hashes,
    "set pending": _set_pending,
    "set power": _set_power,
    "test": _test,
    "finish": _finish,
    "plan": _plan,
    "promote": _promote,
    "clear": _clear,
}


def _may_run(rules: Rules, state: State, token: int) -> bool:
    known = token in (state.current, state.pending, state.previous) or not rules.has("known token")
    on = state.enabled or not rules.has("rotation enabled")
    return known and on and (state.ours or not rules.has("ours"))


def _begin(rules: Rules, state: State, i: int, on: Run, following: str) -> State:
    token = on.token
    if not _may_run(rules, state, token):
        return end(state, i)
    if token == state.current and rules.has("already current is a no-op"):
        return go(state, i, Run(following, token))
    if state.pending != token and rules.has("AWSPENDING required"):
        return end(state, i)
    return go(state, i, on)


def _published(state: State, i: int, token: int) -> State:
    """AWSPENDING is to be taken off. An emergency leaves that to Secrets Manager: a write less."""
    return _succeeded(state, i) if state.is_urgent(token) else go(state, i, Run("clear", token))


def _succeeded(state: State, i: int) -> State:
    """Secrets Manager notes when it saw the rotation end, and takes AWSPENDING off what is AWSCURRENT."""
    pending = NOBODY if state.pending == state.current else state.pending
    return end(state, i)._replace(recorded=0, pending=pending)


def _same_server(rules: Rules, state: State, token: int) -> bool:
    return not state.versions[token].foreign or not rules.has("same server")


def _overwritten(state: State, token: int) -> State:
    """The version's first value exists nowhere any more; the server and caches may know it yet."""
    lost = len(state.versions)
    return state._replace(
        versions=(*state.versions, state.versions[token]._replace(lost=True)),
        server=tuple([lost if version == token else version for version in state.server]),
        consumers=tuple([(lost if version == token else version, age) for version, age in state.consumers]),
    )
