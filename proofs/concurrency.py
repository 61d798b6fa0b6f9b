"""Concurrency: 32 actors at one secret in seeded interleavings, the superuser rotating meanwhile; nobody is locked out.

`python -m proofs concurrency` tries SEEDS seeds for each kind. A seed that fails is printed and can be tried again:
`LLMOBS_PROOF_SEED=17 python -m proofs concurrency` tries that one and prints who made which call.
"""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from proofs.concurrency_actors import COUNT, Actors
from proofs.concurrency_scene import KINDS, OVERLAP, Scene, Servers
from proofs.concurrency_turns import StuckError, Turns
from sandbox.servers import postgres, redis
from secretsctl.talk import progress, say, show, show_table
from tests.servers import reachable_folder, running

SEEDS = 100
JUMPS, FIRST_JUMP, LAST_JUMP = 4, 50, 450
"""How often, and between which calls, time goes on by half an overlap: a second rotation may follow the first."""
_EVERY_EMERGENCY = 4


@dataclass(frozen=True, kw_only=True)
class Tried:
    """What one interleaving came to."""

    kind: str
    seed: int
    winners: int
    problems: list[str]
    counted: Counter[str]
    trace: list[tuple[str, str]]


def attempt(servers: Servers, kind: str, seed: int) -> Tried:
    """One interleaving of all actors, to its end and through the recovery after it."""
    bench, name = servers.bench(kind)
    turns = Turns(seed, servers.count_lock_waits)
    scene = Scene(kind=kind, bench=bench, name=name, turns=turns)
    actors = Actors(scene, seed, emergency=seed % _EVERY_EMERGENCY == 0).all()

    def after(actor: str, call: str) -> None:
        scene.after(actor, call)
        if len(turns.trace) in jumps:
            turns.when_nobody_is_inside(half_an_overlap)

    def half_an_overlap() -> None:
        bench.fake.now += OVERLAP / 2

    jumps = set(random.Random(seed).sample(range(FIRST_JUMP, LAST_JUMP), JUMPS))
    bench.fake.around = turns.tap
    try:
        turns.run(actors, after)
        scene.conclude()
    except StuckError as error:
        scene.problems.append(f"deadlock: {error}")
    if scene.counted["published"] != len(scene.published):
        scene.problems.append(f"{scene.counted['published']} say that they published {len(scene.published)} versions")
    return Tried(
        kind=kind,
        seed=seed,
        winners=len(scene.published),
        problems=scene.problems,
        counted=scene.counted,
        trace=turns.trace,
    )


@contextmanager
def servers() -> Iterator[Servers]:
    """A PostgreSQL and a Redis of the proof's own."""
    with (
        reachable_folder() as folder,
        running(postgres, folder, "postgres") as database,
        running(redis, folder, "redis") as cache,
    ):
        made = Servers.prepare(database, cache)
        with made.watcher:
            yield made


def tell(tried: Iterable[Tried]) -> bool:
    """Print the table and every failure; whether there was none."""
    tried = list(tried)
    rows = []
    for kind in KINDS:
        ours = [one for one in tried if one.kind == kind]
        counted = sum((one.counted for one in ours), Counter[str]())
        refused = sum(number for what, number in counted.items() if what.startswith("refused"))
        spread = Counter(one.winners for one in ours)
        rows.append(
            [
                kind,
                str(len(ours)),
                str(sum(len(one.trace) for one in ours)),
                str(counted["points checked"]),
                ", ".join(f"{winners} in {seeds}" for winners, seeds in sorted(spread.items())),
                str(refused),
                str(counted["lockouts"]),
                str(sum(bool(one.problems) for one in ours)),
            ]
        )
    show_table(["kind", "seeds", "calls", "points checked", "winners", "refusals", "lockouts", "seeds that fail"], rows)
    counted = sum((one.counted for one in tried), Counter[str]())
    show_table(["what became of it", "times"], [[what, str(times)] for what, times in sorted(counted.items())])
    for one in tried:
        for problem in one.problems[:3]:
            show(f"{one.kind}, seed {one.seed}: {problem}")
    return not any(one.problems for one in tried)


def prove() -> bool:
    """Aim: one winner at a time, every other a no-op or a RotationError, no lockout at any point, no deadlock."""
    given = os.environ.get("LLMOBS_PROOF_SEED")
    seeds = [int(given)] if given else list(range(int(os.environ.get("LLMOBS_PROOF_SEEDS", SEEDS))))
    say(f"{COUNT} actors, {len(seeds)} seeds for each of {', '.join(KINDS)}")
    tried = []
    with servers() as real, progress() as bar:
        task = bar.add_task("interleavings", total=len(seeds) * len(KINDS))
        for kind in KINDS:
            for seed in seeds:
                tried.append(attempt(real, kind, seed))
                bar.advance(task)
    if given:
        for one in tried:
            for number, (actor, call) in enumerate(one.trace, 1):
                show(f"{one.kind} {number}: {actor}: {call}")
    return tell(tried)
