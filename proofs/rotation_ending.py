"""What a retirement does at each of its calls in the model, in the order of lambdas/rotation/retiring.py.

A rotation that finds AWSPREVIOUS unretired goes through the same calls, from the lock or the hashes on.
"""

from __future__ import annotations

from proofs.rotation_rules import ROLE, Rules, end, failed, first_end, go, serve, waits
from proofs.rotation_state import NOBODY, OVER, Plan, Run, State

_LATER = 1  # half an overlap, or the least time between two attempts


def retire(rules: Rules, state: State, i: int) -> State:
    """DescribeSecret, AWSCURRENT and AWSPREVIOUS are read; a plan that is too early is made again."""
    run = state.runs[i]
    superseded = run.token != state.current and rules.has("superseded")
    unretired = state.previous != NOBODY
    busy = state.unfinished() != NOBODY and rules.has("no rotation under way")
    if not (state.ours and unretired):
        return end(state, i)
    if superseded or busy:
        planned = rules.has("superseded is planned again" if superseded else "busy is planned again")
        return go(state, i, Run("again", state.current, True, left=_LATER)) if planned else end(state, i)
    left = waits(rules, state) if rules.has("retirement looks at the plan") else OVER - state.recorded
    if left > 0 and not state.is_urgent(run.token) and rules.has("overlap before retirement"):
        return go(state, i, Run("again", state.current, True, left=left))
    return go(state, i, Run(first_end(rules), run.token, True, state.current, state.previous))


def again(rules: Rules, state: State, i: int) -> State:
    """A schedule more: too early by the record, a straggler, or a rotation under way. The secret's own plan stays."""
    plan = Plan(state.runs[i].token, state.runs[i].left)
    if not rules.has("a plan that is there stays"):
        return end(state, i)._replace(plan=plan)
    return end(state, i)._replace(repeated=state.repeated or plan)


def end_lock(rules: Rules, state: State, i: int) -> State:
    """The server's lock; under it, whoever still uses AWSPREVIOUS when no cache holds it any more."""
    run = state.runs[i]
    used = any(version == run.previous and age >= OVER for version, age in state.consumers)
    if used and not (run.retirer and state.is_urgent(run.token)) and rules.has("straggler check"):
        return go(state, i, Run("again", run.seen, True, left=_LATER)) if run.retirer else end(state, i)
    return go(state, i, run._replace(call="end unchanged"))


def end_hashes(rules: Rules, state: State, i: int) -> State:
    """ACL GETUSER. Redis does not tell who logged in with which password, so it knows no stragglers of that kind."""
    del rules
    return go(state, i, state.runs[i]._replace(call="end unchanged", hashes=state.server))


def end_unchanged(rules: Rules, state: State, i: int) -> State:
    """DescribeSecret: no rotation has begun or ended and nothing was retired since the step read the labels."""
    run = state.runs[i]
    known = (NOBODY, run.token, run.previous, run.seen)
    moved = state.current != run.seen or state.previous != run.previous
    if (moved or state.unfinished() not in known) and rules.has("unchanged"):
        # The next delivery of the event finds a rotation under way and plans again. Without the guard that looks, each
        # delivery ends here while the rotation lasts, and Lambda makes three in all.
        return failed(state, i) if rules.has("no rotation under way") else end(state, i)
    return go(state, i, run._replace(call="end power"))


def end_power(rules: Rules, state: State, i: int) -> State:
    """The credential loses its power and its sessions end, in one transaction or one command."""
    run = state.runs[i]
    if rules.shape == ROLE:
        slot = state.versions[run.previous].slot
        if slot == state.versions[run.seen].slot and rules.has("role in use"):
            return end(state, i)
        server = tuple([NOBODY if role == slot else version for role, version in enumerate(state.server)])
    else:
        taken = {*run.hashes} if rules.has("take away what was seen") else {*state.server}
        kept = {run.seen} if rules.has("AWSCURRENT is added again") else {run.seen} & set(state.server)
        server = tuple(sorted((set(state.server) - taken) | kept)) if taken != {run.seen} else state.server
    state = serve(state, server, urgent=run.retirer and state.is_urgent(run.seen))
    return go(state, i, Run("end label", run.token, run.retirer, run.seen, run.previous))


def end_label(rules: Rules, state: State, i: int) -> State:
    """UpdateSecretVersionStage: AWSPREVIOUS goes, if it still is where it was."""
    run = state.runs[i]
    if state.previous == run.previous or not rules.has("label of what was retired"):
        state = state._replace(previous=NOBODY)
    return end(state, i) if run.retirer else go(state, i, Run("put", run.token, False, run.seen))
