"""A state of the protocol's model: labels, server, consumers, runs; and the one form of states that are alike.

Versions are numbered in the order of their birth. One that no label, server, consumer, plan or run knows has no more
influence and is forgotten: any number of rotations has finitely many states.
"""

from __future__ import annotations

from typing import NamedTuple

NOBODY = -1
STALE, STALE_URGENT = -2, -3  # a plan's token that can never be current again; and one of an emergency
OVER = 2  # ages count halves of the overlap: two and more mean that it is over


class Version(NamedTuple):
    """One version. `slot` is the role that its document names, NOBODY while it has no value.

    age: since its birth. published: it was AWSCURRENT once. asked: Secrets Manager made it, on RotateSecret.
    lost: a value that was overwritten and exists nowhere. foreign: its document names another server.
    """

    slot: int = NOBODY
    age: int = OVER
    emergency: bool = False
    published: bool = False
    asked: bool = True
    lost: bool = False
    foreign: bool = False


class Run(NamedTuple):
    """One run of the function in flight: what it does next, for which version, and what it has read in this step.

    retirer: it is a retireSecret, not a rotation. seen: AWSCURRENT. previous: AWSPREVIOUS, or
    AWSPENDING in finishSecret. hashes: what the user had.
    left: in how many halves of the overlap it has itself tried again.
    """

    call: str
    token: int
    retirer: bool = False
    seen: int = NOBODY
    previous: int = NOBODY
    hashes: tuple[int, ...] = ()
    left: int = 0


class Plan(NamedTuple):
    """The schedule of a retirement: for which version, and in how many halves of the overlap."""

    token: int
    left: int


class State(NamedTuple):
    """Everything. `server` has the version that each role accepts, or the sorted versions that one user accepts.

    consumers: the version that each has cached and for how long. recorded: how long AWSCURRENT is published, as far as
    the function can know. plan: the secret's own, made before publication. repeated: one made again, beside it; the
    model keeps the first that is there. snapshot: an older `server`; restored: the server went back to it and nothing
    healed it yet.
    stolen: a credential reached another server.
    """

    versions: tuple[Version, ...]
    server: tuple[int, ...]
    consumers: tuple[tuple[int, int], ...]
    current: int = 0
    pending: int = NOBODY
    previous: int = NOBODY
    recorded: int = OVER
    plan: Plan | None = None
    repeated: Plan | None = None
    runs: tuple[Run, ...] = ()
    snapshot: tuple[int, ...] | None = None
    restored: bool = False
    enabled: bool = True
    ours: bool = True
    stolen: bool = False

    def has_value(self, version: int) -> bool:
        """Whether a version exists and holds a credential."""
        return version >= 0 and self.versions[version].slot >= 0

    def accepts(self, version: int) -> bool:
        """Whether the server lets a version's credential in."""
        return version >= 0 and version in self.server

    def is_urgent(self, token: int) -> bool:
        """Whether a token is an emergency's."""
        return token == STALE_URGENT or (token >= 0 and self.versions[token].emergency)

    def unfinished(self) -> int:
        """The version of a rotation that has not ended."""
        return NOBODY if self.pending == self.current else self.pending


class Form(NamedTuple):
    """A state in its one form, and which version, consumer and run of the original each place holds."""

    state: State
    versions: tuple[int, ...]
    consumers: tuple[int, ...]
    runs: tuple[int, ...]


# Before these calls of a rotation its version may yet be published, so its birth still matters.
_UNPUBLISHED = {"create", "end lock", "end hashes", "end unchanged", "end power", "end label", "put", "plan", "promote"}


def canonical(state: State) -> Form:
    """The one state that stands for all that differ in names only."""
    awake = {state.current, state.pending}
    living = {state.current, state.pending}  # what may be current at some time
    aged = {state.pending}
    used = {state.previous, *state.server, *(state.snapshot or ())}
    for version, _ in state.consumers:
        used.add(version)
    for run in state.runs:
        awake.update((run.seen, run.previous))
        if not run.retirer:
            awake.add(run.token)
            living.add(run.token)
        used.update(run.hashes)
        if run.call in _UNPUBLISHED:
            aged.add(run.token)
    used |= awake
    used.discard(NOBODY)
    kept = sorted(used)
    name = {version: number for number, version in enumerate(kept)}
    name[NOBODY] = NOBODY
    told = dict(name)
    for token in [run.token for run in state.runs] + [plan.token for plan in (state.plan, state.repeated) if plan]:
        if token not in living:
            told[token] = STALE_URGENT if state.is_urgent(token) else STALE
    swap = state.versions[state.current].slot == 1
    versions = []
    for version in kept:
        facts = state.versions[version]
        if swap and facts.slot >= 0:
            facts = facts._replace(slot=1 - facts.slot)
        if facts.age != OVER and version not in aged:
            facts = facts._replace(age=OVER)
        versions.append(facts)
    consumers = sorted([(name[version], age, i) for i, (version, age) in enumerate(state.consumers)])
    runs = sorted([(_renamed_run(run, name, told), i) for i, run in enumerate(state.runs)])
    form = State(
        tuple(versions),
        _renamed(state.server, name, swap),
        tuple([(version, age) for version, age, _ in consumers]),
        name[state.current],
        name[state.pending],
        name[state.previous],
        state.recorded,
        _renamed_plan(state.plan, told),
        _renamed_plan(state.repeated, told),
        tuple([run for run, _ in runs]),
        None if state.snapshot is None else _renamed(state.snapshot, name, swap),
        *state[11:],
    )
    return Form(form, tuple(kept), tuple([i for _, _, i in consumers]), tuple([i for _, i in runs]))


def _renamed(server: tuple[int, ...], name: dict[int, int], swap: bool) -> tuple[int, ...]:
    renamed = [name[version] for version in server]
    return tuple(renamed[::-1]) if swap else tuple(renamed)


def _renamed_run(run: Run, name: dict[int, int], told: dict[int, int]) -> Run:
    hashes = tuple(sorted([name[version] for version in run.hashes]))
    token = (told if run.retirer else name)[run.token]
    return Run(run.call, token, run.retirer, name[run.seen], name[run.previous], hashes, run.left)


def _renamed_plan(plan: Plan | None, told: dict[int, int]) -> Plan | None:
    return None if plan is None else Plan(told[plan.token], plan.left)
