"""Stateful: rotations, deaths, retries, cancels, retirements, restores and emergencies in any order lock nobody out.

Hypothesis draws what happens next to a secret on a real PostgreSQL and one on a real Redis, and shrinks what fails.
"""

from __future__ import annotations

import contextlib
import io
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from proofs.stateful_machine import Secret
from sandbox.servers import postgres, redis
from secretsctl.talk import progress, say, show_table
from tests.lambdas.postgres_bench import PostgresBench
from tests.lambdas.redis_bench import RedisBench
from tests.servers import reachable_folder, running

STEPS = 10_000
"""In all, half of them on each server."""
_LONG, _BATCH = 50, 5
Begin = Callable[[], tuple[PostgresBench | RedisBench, str]]


@contextmanager
def servers() -> Iterator[tuple[Begin, Begin]]:
    """What makes a new secret of two roles on a real PostgreSQL, and one of a user on a real Redis."""
    with (
        reachable_folder() as folder,
        running(postgres, folder, "postgres") as of_roles,
        running(redis, folder, "redis") as of_users,
    ):

        def a_role() -> tuple[PostgresBench | RedisBench, str]:
            bench = PostgresBench(of_roles)
            return bench, bench.role()

        def a_user() -> tuple[PostgresBench | RedisBench, str]:
            bench = RedisBench(of_users)
            return bench, bench.user()

        yield a_role, a_user


def run(begin: Begin, *, examples: int, steps: int, derandomize: bool = False) -> int:
    """Let so many secrets live for so many steps each; returns the steps that were made and checked.

    Raises what Hypothesis raises: the shortest sequence that it found for a broken invariant.
    """

    class Drawn(Secret):
        pass

    Drawn.begin = staticmethod(begin)
    run_state_machine_as_test(
        Drawn,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            database=None,
            derandomize=derandomize,
            suppress_health_check=list(HealthCheck),
        ),
    )
    return Drawn.steps


def prove() -> bool:
    """At least STEPS steps on real servers; LLMOBS_PROOF_STEPS sets another number."""
    aim = int(os.environ.get("LLMOBS_PROOF_STEPS", STEPS))
    rows = []
    with servers() as (a_role, a_user), progress() as bar:
        for kind, begin in (("postgres-role", a_role), ("redis", a_user)):
            began, made = time.monotonic(), 0
            task = bar.add_task(kind, total=aim // 2)
            while made < aim / 2:
                with contextlib.redirect_stdout(io.StringIO()):
                    made += run(begin, examples=_BATCH, steps=_LONG)
                bar.update(task, completed=made)
            rows.append([kind, str(made), f"{time.monotonic() - began:.0f} s"])
    show_table(["secret", "steps", "time"], rows)
    total = sum(int(row[1]) for row in rows)
    say(f"{total} steps (aim: {aim}), after each of them everybody who may log in did")
    return total >= aim
