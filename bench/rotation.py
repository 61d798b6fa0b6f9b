"""A rotation, measured: `python -m bench.rotation [ROLES]`: cold imports, package, calls, logins, rotations a minute.

One run, ratios with their aims:

- Cold import of the handler and a target's driver, out of the package as it is deployed, against `import boto3` alone:
  at most 1.3. Fresh interpreters that take turns, medians. As in Lambda, boto3 has its bytecode (the runtime brings it)
  and the package has none and gets none, because /var/task is read-only.
- Zip of the PostgreSQL function: under 1 MB.
- Calls of one clean rotation, against those of AWS's public sample: fewer, none failing.
- Rotations a minute with ROLES roles, over at most 20 connections.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import zipfile
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from io import StringIO
from pathlib import Path

from components.aws import package
from proofs.scale_roles import MOST_CONNECTIONS, rotated
from rotation.targets import TARGETS
from sandbox.servers import postgres, redis
from tests.lambdas.postgres_bench import PostgresBench
from tests.lambdas.redis_bench import RedisBench
from tests.servers import reachable_folder, running

IMPORT_AIM, ZIP_AIM = 1.3, 1_000_000
ROUNDS = 7
ROLES = 1000
# One clean rotation by AWS's single-user sample for PostgreSQL, counted on its commit b4b8eca (its repository is
# github.com/aws-samples/aws-secrets-manager-rotation-lambdas): it tries the pending value before it has set it, a login
# that fails each time. It plans no retirement.
SAMPLE = {
    "describe": 5,
    "get": 6,
    "put": 1,
    "make a password": 1,
    "move a label": 1,
    "log in": 3,
    "log in, refused": 1,
}
_TIMED = "import time; began = time.perf_counter(); {work}; print(time.perf_counter() - began)"
_BOTO3 = "import boto3"
_HANDLER = "import importlib, rotation.handler; [importlib.import_module(name) for name in {modules!r}]"
_CALLS: Mapping[str, str] = {
    "DescribeSecret": "describe",
    "GetSecretValue": "get",
    "PutSecretValue": "put",
    "UpdateSecretVersionStage": "move a label",
    "ListSecretVersionIds": "list",
}


def main(roles: int) -> None:
    _imports()
    _zip()
    _calls()
    _roles(roles)


def _imports() -> None:
    works = {"boto3": _BOTO3}
    with tempfile.TemporaryDirectory() as folder:
        places = {"boto3": Path(folder)}
        for target, kinds in TARGETS.items():
            works[target] = _HANDLER.format(modules=sorted({path.split(":")[0] for path in kinds.values()}))
            places[target] = Path(folder) / target
            with zipfile.ZipFile(package.build(f"rotate-{target}")) as archive:
                archive.extractall(places[target])
        times: dict[str, list[float]] = {name: [] for name in works}
        for round_ in range(ROUNDS + 1):  # the first fills the disk's cache
            for name in works if round_ % 2 else reversed(works):
                times[name].append(_fresh(works[name], places[name]))
    medians = {name: statistics.median(seconds[1:]) for name, seconds in times.items()}
    print(f"{'cold import':<28} {'ms':>8} {'ratio':>6}  aim: at most {IMPORT_AIM}")
    for name, seconds in medians.items():
        ratio = seconds / medians["boto3"]
        print(f"{name:<28} {seconds * 1000:>8.0f} {ratio:>6.2f}  {'' if ratio <= IMPORT_AIM else 'MISSED'}".rstrip())


def _fresh(work: str, place: Path) -> float:
    """Seconds in a new interpreter that finds boto3 among its own packages and our code in `place`, before them."""
    environment = {"PYTHONPATH": str(place), "PYTHONDONTWRITEBYTECODE": "1", "PATH": os.environ["PATH"]}
    command = [sys.executable, "-c", _TIMED.format(work=work)]
    ran = subprocess.run(command, env=environment, cwd=place, capture_output=True, text=True, check=True)
    return float(ran.stdout)


def _zip() -> None:
    print(f"\n{'package':<28} {'kB':>8} {'ratio':>6}  aim: under {ZIP_AIM / 1000:.0f} kB for PostgreSQL")
    for target in TARGETS:
        size = package.build(f"rotate-{target}").stat().st_size
        print(f"{'rotate-' + target:<28} {size / 1000:>8.0f} {size / ZIP_AIM:>6.2f}")


class Counted:
    """Counts what passes: calls of Secrets Manager and the scheduler, logins, and those that failed."""

    def __init__(self) -> None:
        self.counter: Counter[str] = Counter()

    @contextmanager
    def __call__(self, name: str) -> Iterator[None]:
        what = "log in" if name.startswith("login ") else _CALLS.get(name, name)
        if name.startswith("run "):
            what = "statement"
        self.counter[what] += 1
        try:
            yield
        except Exception:
            self.counter[f"{what}, refused"] += 1
            raise


def _calls() -> None:
    with (
        reachable_folder() as folder,
        running(postgres, folder, "postgres") as database,
        running(redis, folder, "redis") as cache,
    ):
        role, user = PostgresBench(database), RedisBench(cache)
        counters = {
            "postgres-role": _clean(role, role.role(), retired=True),
            "postgres-superuser": _clean(role, role.superuser(), retired=False),
            "redis": _clean(user, user.user(), retired=True),
        }
    counters["AWS's sample"] = Counter(SAMPLE)
    rows = list(dict.fromkeys(what for counter in counters.values() for what in counter))
    print(f"\n{'calls of one clean rotation':<28} " + " ".join(f"{name:>18}" for name in counters))
    for what in rows:
        print(f"{what:<28} " + " ".join(f"{counter[what]:>18}" for counter in counters.values()))
    sample = _total(counters["AWS's sample"])
    ratios = " ".join(f"{_total(counter) / sample:>18.2f}" for counter in counters.values())
    print(f"{'ratio of calls and logins':<28} {ratios}  aim: under 1, and no refusal")


def _total(counter: Counter[str]) -> int:
    """Calls of AWS and logins; a statement is neither, and a refusal is in its login's number already."""
    return sum(number for what, number in counter.items() if what != "statement" and not what.endswith("refused"))


def _clean(bench: PostgresBench | RedisBench, name: str, *, retired: bool) -> Counter[str]:
    """A rotation in its middle age: the one before it is retired, as it is when a period has passed."""
    with redirect_stdout(StringIO()):
        bench.rotate(name)
        bench.rotate(name)
        if retired:
            bench.retire(name)
        bench.fake.around = counted = Counted()
        bench.rotate(name)
    return Counter(counted.counter)


def _roles(number: int) -> None:
    with reachable_folder() as folder, running(postgres, folder, "postgres") as server:
        outcome = rotated(server, number)
    print(
        f"\n{outcome.rotated} of {number} roles: {outcome.a_minute:.0f} rotations a minute over {outcome.connections} "
        f"connections; aim: all, over at most {MOST_CONNECTIONS}"
    )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else ROLES)
