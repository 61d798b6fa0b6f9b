"""Zero failed logins: client processes log in with cached values while credentials rotate and retire, and none fails.

`python -m proofs logins` makes LOGINS logins and ROTATIONS rotations on each of PostgreSQL and Redis, all at once;
LLMOBS_PROOF_LOGINS and LLMOBS_PROOF_ROTATIONS ask for other numbers. A contrast comes first: the same clients and
counters see the way without an overlap, and must find what fails in it.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping
from itertools import islice

from proofs.login_clients import ENGINES, REFUSED, Orders
from proofs.login_place import DATABASE, Place, place
from proofs.login_rotators import NaiveRotation, Rotation, Rotator
from proofs.login_run import Ran, Shape, run
from rotation.targets.postgres_sql import verifier
from secretsctl.talk import say, show, show_table
from tests.servers import INITIAL_PASSWORD

LOGINS, ROTATIONS = 100_000, 200
NAIVE = Shape(logins=200, rotations=3, longest_gap=2.0, most_seconds=60.0)
"""Enough for the contrast."""
_ROLES = {
    "db-app-password": ("app", "llm_observatory_app", False),
    "db-replication-password": ("replication", "llm_observatory_replication", True),
    "db-readonly-password": ("readonly", "llm_observatory_readonly", False),
    "db-worker-password": ("worker", "llm_observatory_app", False),
}
_USERS = {
    "redis-password": "default",
    "redis-cache-password": "cache",
    "redis-queue-password": "queue",
    "redis-session-password": "session",
}


def prove() -> bool:
    """Aim: no first attempt fails, the servers refuse nobody, and every retired credential is refused."""
    shape = Shape(
        logins=int(os.environ.get("LLMOBS_PROOF_LOGINS", LOGINS)),
        rotations=int(os.environ.get("LLMOBS_PROOF_ROTATIONS", ROTATIONS)),
    )
    say(f"{shape.clients} client processes, caches up to {shape.longest_cache} s, overlap {shape.overlap} s")
    with place() as there:
        detected = tell_contrast(*contrast(there, NAIVE))
        return tell(*rotations(there, shape), shape) and detected


def rotations(there: Place, shape: Shape) -> tuple[Mapping[str, str], Ran]:
    """The secrets with their engines, and what came of a run in which all of them rotate and retire."""
    secrets = {}
    for name, (role, group, replicates) in islice(_ROLES.items(), shape.secrets):
        document = {"username": role, "usernames": [role, f"{role}_b"], "member_of": group, "replication": replicates}
        secrets[there.secret("postgres", name, {"dbname": DATABASE, **document}, shape.overlap)] = "postgres"
    for name, user in islice(_USERS.items(), shape.secrets):
        secret = there.secret("redis", name, {"username": user, "db": 0}, shape.overlap)
        _make_user(there, user)
        there.give(secret, INITIAL_PASSWORD)
        secrets[secret] = "redis"
    rotators = []
    for number, (secret, engine) in enumerate(secrets.items()):
        rotation = Rotation(there, secret, engine, shape.overlap)
        if engine == "postgres":
            rotation.rotate()  # from the marker: there is no credential to log in with before
        seed = shape.seed * 100 + number
        rotators.append(Rotator(rotation, engine=engine, longest_gap=shape.longest_gap, seed=seed))
    return secrets, run(there, _orders(there, secrets, shape), rotators, shape)


def contrast(there: Place, shape: Shape) -> tuple[Mapping[str, str], Ran]:
    """The same, the naive way: one role, one user, and the password changed under everybody's feet."""
    there.sql(f"CREATE ROLE naive LOGIN IN ROLE llm_observatory_app PASSWORD '{INITIAL_PASSWORD}'")
    _make_user(there, "naive")
    database = there.secret("postgres", "db-naive-password", {"dbname": DATABASE, "username": "naive"}, 0)
    cache = there.secret("redis", "redis-naive-password", {"username": "naive", "db": 0}, 0)
    for secret in (database, cache):
        there.give(secret, INITIAL_PASSWORD)
    secrets = {database: "postgres", cache: "redis"}
    changes = {
        database: lambda password: there.sql(f"ALTER ROLE naive PASSWORD '{verifier(password)}'"),
        cache: lambda password: _make_user(there, "naive", password),
    }
    rotators = [
        Rotator(NaiveRotation(there, secret, changes[secret]), engine=engine, longest_gap=shape.longest_gap, seed=7)
        for secret, engine in secrets.items()
    ]
    return secrets, run(there, _orders(there, secrets, shape), rotators, shape)


def tell(secrets: Mapping[str, str], ran: Ran, shape: Shape) -> bool:
    """Print what came of it; whether the aim was reached."""
    failed = ran.failed(secrets)
    rows, wrong = [], list(ran.problems)
    for engine in ENGINES:
        logins, rotations_, retired = (ran.logins(engine), *(ran.total(engine, what) for what in _COUNTS))
        # Each retired credential was tried once, on purpose.
        caused = ran.told.refused[engine] - ran.total(engine, "refused_after_retirement")
        rows.append(
            [
                engine,
                f"{logins:,}",
                str(failed[engine]),
                f"{rotations_} / {retired}",
                str(ran.total(engine, "refused_after_retirement")),
                str(caused),
                str(ran.total(engine, "stragglers")),
                f"{ran.ratio(engine, 50):.2f} / {ran.ratio(engine, 99):.2f}",
            ]
        )
        if logins < shape.logins or rotations_ < shape.rotations:
            wrong.append(f"{engine}: {logins} logins and {rotations_} rotations in {ran.seconds:.0f} s are too few")
        if failed[engine] or caused or retired != rotations_:
            wrong.append(f"{engine}: {failed[engine]} failed, {caused} refused, {rotations_ - retired} not retired")
    show_table(_COLUMNS, rows)
    got_in = ran.logins("postgres") - failed["postgres"]
    if ran.told.in_ != got_in:
        wrong.append(f"PostgreSQL let the clients in {ran.told.in_} times, and they count {got_in}")
    wrong += [f"{text}: {times} times" for text, times in ran.told.other.items()]
    wrong += [f"{one.secret}, read {one.age:.2f} s before: {one.kind}: {one.text}" for one in ran.failures[:10]]
    median, greatest = ran.ages
    reads = sum(one.reads for one in ran.done)
    show(
        f"{ran.seconds:.0f} s, {len(ran.done)} client processes; values were {median:.2f} s old (median) and "
        f"{greatest:.2f} s at most, with {reads:,} reads; PostgreSQL's log has {ran.told.in_:,} logins of theirs"
    )
    for text in wrong:
        show(f"WRONG: {text}")
    return not wrong


def tell_contrast(secrets: Mapping[str, str], ran: Ran) -> bool:
    """Print what the naive way costs; whether clients and servers found it, and the same number of it."""
    failed = ran.failed(secrets)
    refused = Counter(secrets[failure.secret] for failure in ran.failures if failure.kind == REFUSED)
    rows = [
        [
            f"{engine}, one password, no overlap",
            f"{ran.logins(engine):,}",
            str(failed[engine]),
            str(ran.total(engine, "rotations")),
            str(ran.told.refused[engine]),
        ]
        for engine in ENGINES
    ]
    show_table(["contrast", "logins", "failed at once", "rotations", "refused by the server's log"], rows)
    return not ran.problems and all(0 < refused[engine] == ran.told.refused[engine] for engine in ENGINES)


_COUNTS = ("rotations", "retirements")
_COLUMNS = (
    "engine",
    "logins",
    "failed at once",
    "rotations / retired",
    "old ones refused",
    "other refusals",
    "stragglers",
    "p50 / p99 ratio",
)


def _orders(there: Place, secrets: Mapping[str, str], shape: Shape) -> Orders:
    return Orders(
        endpoint=there.endpoint,
        ca_file=there.ca_file,
        secrets=secrets,
        longest_cache=shape.longest_cache,
        seed=shape.seed,
    )


def _make_user(there: Place, name: str, password: str = INITIAL_PASSWORD) -> None:
    with there.redis_session() as session:
        session.run("ACL", "SETUSER", name, "on", "resetpass", f">{password}", "~*", "&*", "+@all")
