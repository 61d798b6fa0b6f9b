"""A rotation, retirement or heal that dies at any call, and dies again in its recovery, locks nobody out.

Every call to Secrets Manager, the scheduler, the server or the issuer, before and after it, on real servers; then each
policy of recovery; then again a death before and after every call of that recovery. What is run and what is counted
as known is said in tests/faults/campaign.py.
"""

from __future__ import annotations

import contextlib
import io
import multiprocessing
import os
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from random import Random
from typing import Any

from sandbox.servers import postgres, redis
from secretsctl.talk import progress, say, show_table
from tests.faults.acts import ACTS
from tests.faults.campaign import Campaign
from tests.faults.points import Point, points
from tests.faults.recoveries import RECOVERIES
from tests.faults.subjects import SUBJECTS, Servers
from tests.faults.tally import CHECKED, ONCE, RAN, SAME, TWICE, Tally
from tests.faults.yardstick import ALIVE, LEFT, LOCKOUT, STUCK
from tests.servers import reachable_folder, running

SEED = 6
AGAIN = 0.05
SHOWN = 30
# The recoveries whose second deaths are all tried; of the others every fourth is, others for each world.
WHOLE = frozenset({"same token", "new token, label stripped"})
SHARE = 4


@dataclass(frozen=True)
class Job:
    """One act of one subject, with the recoveries that are tried in the same way."""

    subject: str
    act: int
    whole: bool


_servers: Servers | None = None


def prove() -> bool:
    """Try all, print the table, and say whether the aim was reached."""
    workers = os.cpu_count() or 1
    tally = Tally()
    spawn = multiprocessing.get_context("spawn")
    jobs = list(_jobs())
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(reachable_folder())
        places: Any = spawn.Queue()
        for worker in range(workers):
            database = stack.enter_context(running(postgres, folder, f"postgres-{worker}"))
            cache = stack.enter_context(running(redis, folder, f"redis-{worker}"))
            places.put(Servers(database, cache))
        pool = ProcessPoolExecutor(workers, spawn, initializer=_begin, initargs=(places,))
        stack.callback(pool.shutdown, cancel_futures=True)
        bar = stack.enter_context(progress())
        task = bar.add_task("acts", total=len(jobs))
        running_jobs = {pool.submit(_run, job): job for job in jobs}
        for done in as_completed(running_jobs):
            tally.add(done.result())
            bar.advance(task)
            if not sys.stderr.isatty() and done.result().counts:
                say(_line(running_jobs[done], done.result()))
    _print(tally)
    return not tally.breaches


def _line(job: Job, tally: Tally) -> str:
    part = "two recoveries" if job.whole else "the other recoveries"
    points_tried = tally.total(ONCE) + tally.total(TWICE)
    return f"{job.subject}, {ACTS[job.act].id}, {part}: {points_tried} points, {len(tally.breaches)} breaches"


def _jobs() -> Iterator[Job]:
    # The longest first, so that no worker is left alone with one at the end.
    for act in (1, 5, 2, 0, 4, 3):
        for subject in SUBJECTS:
            for whole in (True, False):
                yield Job(subject, act, whole)


def _begin(places: Any) -> None:
    global _servers
    _servers = places.get()


def _run(job: Job) -> Tally:
    with contextlib.redirect_stdout(io.StringIO()):  # the function's own log lines
        return _campaign(job)


def _campaign(job: Job) -> Tally:
    assert _servers is not None
    servers, act, chance = _servers, ACTS[job.act], Random(f"{SEED} {job}")
    make = SUBJECTS[job.subject]
    probe = make(servers)
    probe.close()
    if not act.applies(probe):
        return Tally()

    def share(calls: int) -> Iterator[Point]:
        start = chance.randrange(SHARE)
        return (point for number, point in enumerate(points(calls)) if number % SHARE == start)

    return Campaign(
        make=lambda: make(servers),
        subject=job.subject,
        act=act,
        recoveries=tuple(recovery for recovery in RECOVERIES if (recovery.id in WHOLE) == job.whole),
        second=points if job.whole else share,
        again=AGAIN,
        chance=chance,
    ).run()


def _print(tally: Tally) -> None:
    columns = (ONCE, TWICE, RAN, SAME, CHECKED, "run 1", "run 2", LOCKOUT, STUCK, ALIVE, LEFT)
    rows = []
    for subject in SUBJECTS:
        recoveries = ["before the recovery", *(recovery.id for recovery in RECOVERIES)]
        for recovery in recoveries:
            numbers = [tally.total(column, subject=subject, recovery=recovery) for column in columns]
            if any(numbers):
                rows.append([subject, recovery, *map(str, numbers)])
        rows.append([subject, "all", *(str(tally.total(column, subject=subject)) for column in columns)])
    rows.append(["all", "all", *(str(tally.total(column)) for column in columns)])
    show_table(["target", "recovery", *columns], rows)
    for breach in tally.breaches[:SHOWN]:
        say(breach)
    tried, ran = tally.total(ONCE) + tally.total(TWICE), tally.total(RAN)
    say(
        f"{tried} points, {ran} recoveries run, {tally.total('run 1')} ended with the first run, "
        f"{tally.total('run 2')} with the second; aim: 0 lockouts, none stuck, alive or left over"
    )
