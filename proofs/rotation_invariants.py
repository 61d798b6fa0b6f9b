"""What must hold in every state of the model; the numbers are those of the invariants in the design of rotation."""

from __future__ import annotations

from proofs.rotation_actions import Scope, fired, request, tick, to_the_end
from proofs.rotation_rules import DUAL, Rules
from proofs.rotation_state import NOBODY, Run, State


def wrong(scope: Scope, rules: Rules, state: State) -> str | None:
    """What is wrong with a state, or None."""
    if scope.hostile or not (scope.enabled and scope.ours):
        if state.stolen:
            return "a credential of another server was changed"
        if any(version >= 0 and not state.versions[version].asked for version in state.server):
            return "the server accepts a version that nobody asked Secrets Manager for"
        if not (scope.enabled and scope.ours) and any(state.accepts(v) for v in range(1, len(state.versions))):
            return "a secret that is not to be rotated was"
    facts = state.versions[state.current]
    if facts.published and facts.slot == NOBODY:
        return "1: a version without a value was published"
    if facts.slot != NOBODY and not state.restored:
        if not state.accepts(state.current):
            return "1: AWSCURRENT does not log in"
        if not all(version == NOBODY or state.accepts(version) for version, _ in state.consumers):
            return "2: a consumer's cached value does not log in"
    if scope.shape == DUAL and not any(not state.versions[version].lost for version in state.server):
        return "3: no version that exists logs in"
    if not scope.restore:
        labelled = (NOBODY, state.current, state.previous)
        for version in state.server:
            # One retirement ends whatever a user of two passwords has besides AWSCURRENT's.
            waits = scope.shape == DUAL and state.accepts(state.previous)
            if version not in labelled and state.versions[version].published and not waits:
                return "4: a credential from before AWSPREVIOUS has its power still"
        if _forgotten(state):
            return "4: nothing will ever retire AWSPREVIOUS"
    if not state.runs and scope.enabled and scope.ours and not scope.hostile:
        return _diverges(rules, state)
    return None


def _forgotten(state: State) -> bool:
    if state.unfinished() != NOBODY or not state.accepts(state.previous):
        return False
    return state.plan is None and state.repeated is None and not state.runs


def _diverges(rules: Rules, state: State) -> str | None:
    """Invariant 5: with the same token or a new one, after the label was taken off or not, two runs are enough.

    What is published ends at its first retry, though nobody waits.
    """
    if state.pending == state.current:
        after = to_the_end(rules, state._replace(runs=(Run("create", state.pending),)))
        if after.pending != NOBODY or after.server != state.server or after.current != state.current:
            return "5: the retry of a rotation that has published does not end"
    for fresh in (False, True):
        after = state._replace(consumers=tuple([(NOBODY, 0) for _ in state.consumers]))
        if not fresh and after.unfinished() == NOBODY:
            continue
        for _ in range(2):
            after = _quiet(rules, after)
            if fresh or after.unfinished() == NOBODY:
                after = request(after._replace(pending=NOBODY))
            token = after.pending
            if not fresh and _names_the_role_in_use(rules, after):
                break
            after = to_the_end(rules, after._replace(runs=(Run("create", token),)))
            if after.current == token and after.pending == NOBODY and after.accepts(token):
                break
        else:
            return f"5: {'a new token' if fresh else 'the same token'} does not converge in two runs"
    return None


def _names_the_role_in_use(rules: Rules, state: State) -> bool:
    """A late put may leave a value that is refused for ever, with an error that says so: it takes a new token."""
    slot = state.versions[state.pending].slot
    return rules.shape != DUAL and slot != NOBODY and slot == state.versions[state.current].slot


def _quiet(rules: Rules, state: State) -> State:
    """The overlap passes, and the retirement that was planned, if it was."""
    for _ in range(2):
        state = tick(state, keeps=False)
    for place in range(2):
        if (state.plan, state.repeated)[place] is not None:
            state = to_the_end(rules, fired(state, place))
    return state
