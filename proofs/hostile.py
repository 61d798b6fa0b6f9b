"""Hostile values: 10,000 user names and passwords log in on every way, a password shows nowhere, nothing strips TLS.

`python -m proofs hostile`; with fewer values: `LLMOBS_PROOF_VALUES=500 python -m proofs hostile`. Three parts:

- Values. Each pair is stored and brought through every form that a consumer gets it in: the files, the JSON and the env
  file of `secretsctl fetch`, the variables of `secretsctl run`. Each form must give back what was stored. Then real
  logins: libpq by URL, by variables and by fields, redis-py by URL and by fields, and the functions' own drivers. Some
  names go through whole rotations. What a server cannot hold is refused, and never made another.
- Leaks. PostgreSQL logs every statement; drivers fail at every call with the password in the error; a straggler runs a
  statement with it. In every log, error and message it must not be.
- Men in the middle, who strip TLS or open it. None may hear a word of a login.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from proofs import hostile_leaks as leaks
from proofs.hostile_forms import Tally, Ways
from proofs.hostile_middle import Met, meetings
from proofs.hostile_users import Refusal, Users
from proofs.hostile_values import Value, values
from sandbox.servers import postgres, redis, tls
from sandbox.servers.server import Server
from secretsctl.talk import progress, say, show, show_table
from tests.lambdas.postgres_bench import PostgresBench
from tests.lambdas.redis_bench import RedisBench
from tests.servers import reachable_folder, running

COUNT = 10_000
SEED = 7
ROTATED = 100
"""So many pairs of names go through whole rotations, spread over all values."""
_AT_ONCE = 100
# What other tests look through for a planted value, so that nobody has to look twice.
ELSEWHERE = (
    ("CloudTrail's events", "tests/sandbox/aws/test_aws_trail_secrecy.py, test_aws_trail_messages.py"),
    ("exported state, previews, the engine's log", "tests/e2e/test_up.py, tests/sandbox/provider/test_provider_up.py"),
    ("logs of deployed functions", "tests/e2e/test_up.py"),
    ("a state machine's history and log", "tests/sandbox/aws/test_aws_states_clock.py"),
    ("output and errors of secretsctl", "tests/secretsctl/, fixture no_canary"),
    ("errors and files of the stores", "tests/stores/test_store_aws.py, test_store_file.py"),
    ("errors of the APIs of others, and their drivers", "tests/lambdas/test_rotation_*_troubles.py"),
    ("Secrets Manager's own error texts", "tests/lambdas/test_rotation_handler.py"),
)


@dataclass(frozen=True, kw_only=True)
class Place:
    """A PostgreSQL and a Redis of the proof's own, their CA, and a folder."""

    postgres: Server
    redis: Server
    authority: tls.Authority
    folder: Path


@contextmanager
def place() -> Iterator[Place]:
    """The servers, as long as the proof runs."""
    with (
        reachable_folder() as folder,
        running(postgres, folder, "postgres") as database,
        running(redis, folder, "redis") as cache,
    ):
        own = folder / "own"
        own.mkdir(mode=0o700)
        yield Place(postgres=database, redis=cache, authority=tls.authority(folder / "tls"), folder=own)


def logins(there: Place, count: int, seed: int, rotated: int) -> Tally:
    """Values in batches: their users are made, brought through every form, logged in, and removed."""
    ways = Ways(there.postgres, there.redis, there.folder)
    users = Users(there.postgres, there.redis)
    every = list(values(count, seed))
    with progress() as bar:
        task = bar.add_task("values", total=count)
        for begin in range(0, count, _AT_ONCE):
            some = every[begin : begin + _AT_ONCE]
            with users.existing(some):
                ways.try_all(some)
            bar.advance(task, len(some))
        for first, second in _spread(every, rotated):
            ways.tally.problems += users.rotated(first, second)
    return ways.tally


def _spread(every: Sequence[Value], pairs: int) -> Iterator[tuple[Value, Value]]:
    step = max(2, len(every) // pairs)
    for begin in range(0, len(every) - 1, step):
        yield every[begin], every[begin + 1]


def looks(there: Place) -> list[leaks.Look]:
    """Every place where a password might show; the server's log last, when all the others have been through it."""
    return [
        leaks.function_log("function's log and errors, PostgreSQL", PostgresBench(there.postgres)),
        leaks.function_log("function's log and errors, Redis", RedisBench(there.redis)),
        leaks.messages(there.postgres),
        leaks.reprs(),
        leaks.server_log(there.postgres),
    ]


def tell_logins(tally: Tally, count: int, refusals: Sequence[Refusal]) -> bool:
    """Print what came through and what was refused; whether all of it is as it should be."""
    rows = [[form, str(done), str(tally.refused.get(form, 0) or "")] for form, done in tally.done.items()]
    show_table(["way", "values", "said to be impossible"], rows)
    for problem in tally.problems[:20]:
        show(problem)
    show_table(
        ["what a server cannot hold", "answer"],
        [
            [one.what, (one.text or "TAKEN") if one.is_clear else f"{one.text or 'TAKEN'}; LEFT: {one.left!r}"]
            for one in refusals
        ],
    )
    whole = all(done + tally.refused.get(form, 0) == count for form, done in tally.done.items())
    return whole and not tally.problems and all(one.is_clear for one in refusals)


def tell_leaks(found: Sequence[leaks.Look]) -> bool:
    """Print where a password was looked for; whether it was nowhere, and each look could have found it."""
    show_table(
        ["place", "looked through", "control", "passwords found"],
        [[one.place, one.looked, "as meant" if one.control else "FAILED", str(len(one.problems))] for one in found],
    )
    for one in found:
        for problem in one.problems[:5]:
            show(f"{one.place}: {problem}")
    show_table(["looked through elsewhere", "by"], [list(row) for row in ELSEWHERE])
    return all(one.control and not one.problems for one in found)


def tell_meetings(met: Sequence[Met]) -> bool:
    """Print who met whom; whether nobody said a word to anybody."""
    show_table(
        ["client", "man in the middle", "client", "bytes heard", "inside TLS", "of a login"],
        [
            [
                one.client,
                one.man,
                one.outcome if one.as_meant else f"{one.outcome}: WRONG",
                str(one.heard),
                str(one.opened),
                "nothing" if one.silent else "HEARD",
            ]
            for one in met
        ],
    )
    return all(one.as_meant and one.silent for one in met)


def prove() -> bool:
    """Aim: every value through every form and driver, no password in any place, no word to a man in the middle."""
    count = int(os.environ.get("LLMOBS_PROOF_VALUES", COUNT))
    say(f"{count} values of seed {SEED}")
    with place() as there:
        tally = logins(there, count, SEED, ROTATED)
        refusals = list(Users(there.postgres, there.redis).refusals())
        met = list(meetings(there.postgres, there.redis, there.authority, there.folder / "middle"))
        found = looks(there)
    # All three, before any of them decides.
    return all([tell_logins(tally, count, refusals), tell_meetings(met), tell_leaks(found)])
