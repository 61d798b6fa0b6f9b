"""One secret on a real server with its bench, and what must hold of it after every call of anybody."""

from __future__ import annotations

import io
import json
from collections import Counter
from contextlib import AbstractContextManager, redirect_stdout
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from proofs.concurrency_turns import Turns
from rotation.guards import is_emergency
from rotation.targets.postgres_session import Login, PostgresSession, connect
from rotation.versions import CURRENT, PENDING, PREVIOUS
from sandbox.servers.server import Server
from tests.lambdas.postgres_bench import PostgresBench
from tests.lambdas.redis_bench import RedisBench
from tests.lambdas.workbench import ADMIN
from tests.servers import INITIAL_PASSWORD

KINDS = ("role", "redis", "superuser")
OVERLAP = timedelta(seconds=600)
# What the invocations of one rotation may take together between its plan and its end: every version that anybody makes
# meanwhile moves the bench's clock by a second.
SLACK = timedelta(seconds=60)
_WATCHER = "harness"
_LOCK_WAITS = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
_CHANGES = ("UpdateSecretVersionStage", "PutSecretValue", "run SELECT pg_termin")


@dataclass(frozen=True, kw_only=True)
class Servers:
    """The real servers, and a superuser of the harness's own that no rotation touches."""

    postgres: Server
    redis: Server
    watcher: PostgresSession

    @classmethod
    def prepare(cls, postgres: Server, redis: Server) -> Servers:
        """Make that superuser through the first password, which is right before the first scene only."""
        place = {"host": postgres.host, "port": postgres.port, "dbname": "postgres", "password": INITIAL_PASSWORD}
        with connect(Login(**place, username="postgres"), postgres.ca_pem) as session:  # type: ignore[arg-type]
            session.run(f"CREATE ROLE {_WATCHER} LOGIN SUPERUSER PASSWORD '{INITIAL_PASSWORD}'")
        return cls(
            postgres=postgres,
            redis=redis,
            watcher=connect(Login(**place, username=_WATCHER), postgres.ca_pem),  # type: ignore[arg-type]
        )

    def count_lock_waits(self) -> int:
        """Sessions that wait for a lock at this moment."""
        return int(self.watcher.run(_LOCK_WAITS)[0][0])

    def bench(self, kind: str) -> tuple[PostgresBench | RedisBench, str]:
        """A bench with a secret that was rotated before, long enough ago; its old credential is not retired yet."""
        overlap = int(OVERLAP.total_seconds())
        bench: PostgresBench | RedisBench
        if kind == "redis":
            bench = RedisBench(self.redis)
            name = bench.user(overlap=overlap)
        else:
            self.watcher.run(f"ALTER ROLE postgres PASSWORD '{INITIAL_PASSWORD}'")
            bench = PostgresBench(self.postgres)
            name = bench.superuser() if kind == "superuser" else bench.role(overlap=overlap)
        with _silence():
            for _ in range(2):
                bench.rotate(name)
                bench.fake.now += OVERLAP + SLACK
        return bench, name


@dataclass
class Scene:
    """Watches one secret while actors are at it. `problems` says what did not hold, and when."""

    kind: str
    bench: PostgresBench | RedisBench
    name: str
    turns: Turns
    published: list[tuple[str, datetime]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    counted: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        """What is in force at the beginning."""
        self._first = self._last = self.holder(CURRENT)
        self._waits = 0

    @property
    def overlaps(self) -> bool:
        """The old credential works on for a while, so nobody may be locked out at any point."""
        return self.kind != "superuser"

    def holder(self, stage: str) -> str | None:
        """The version under a label of the secret."""
        return self.bench.fake.secrets[self.name].holder(stage)

    def after(self, actor: str, call: str) -> None:
        """Look when a call is over: did AWSCURRENT move, and does somebody still get in?"""
        current = self.holder(CURRENT)
        if current != self._last:
            self.published.append((str(current), self.bench.fake.now))
            self._last = current
        # What was let go by another's call may have changed something too.
        changed = call in _CHANGES or (call.startswith("run ") and not call.startswith("run SELECT"))
        if not changed and self._waits == self.turns.waits:
            return
        self._waits = self.turns.waits
        self.counted["points checked"] += 1
        if not self.bench.logs_in(self.bench.value(self.name)):
            if self.overlaps:
                self.lockout(f"AWSCURRENT is locked out after {actor}: {call}")
            elif not any(self.bench.logs_in(document) for document in self._documents()):
                self.lockout(f"no version that exists logs in after {actor}: {call}")

    def must_log_in(self, document: dict[str, Any], whose: str) -> None:
        """A credential that a consumer may hold has to work."""
        self.counted["logins of readers"] += 1
        if not self.bench.logs_in(document):
            self.lockout(f"{whose} is refused")

    def lockout(self, text: str) -> None:
        """One more that was locked out."""
        self.counted["lockouts"] += 1
        self.problems.append(f"call {len(self.turns.trace)}: {text}")

    def has_had_an_emergency_since(self, moment: datetime) -> bool:
        """Whether an emergency has ended the overlap of what was read then."""
        return any(is_emergency(token) and at >= moment for token, at in self.published)

    def conclude(self) -> None:
        """When everybody has gone: distances were kept, AWSCURRENT works, and what was left half done is finished."""
        if self.overlaps:
            self._check_distances()
            if not self.bench.logs_in(self.bench.value(self.name)):
                self.lockout("AWSCURRENT is locked out at the end")
            self._check_the_retired()
        for name in {self.name, ADMIN} & self.bench.fake.secrets.keys():
            self._recover(name)

    def _check_distances(self) -> None:
        """An emergency waits for nobody; and the one after it need not, since it has left no old credential."""
        for (former, before), (token, at) in zip(self.published, self.published[1:], strict=False):
            if at - before < OVERLAP - SLACK and not is_emergency(token) and not is_emergency(former):
                self.problems.append(f"'{token}' was published {at - before} after the one before, inside the overlap")

    def _check_the_retired(self) -> None:
        """What was in force once and is neither AWSCURRENT nor AWSPREVIOUS any more has no power."""
        labelled = {self.holder(CURRENT), self.holder(PREVIOUS), self.holder(PENDING)}
        versions = self.bench.fake.secrets[self.name].versions
        for token in {self._first, *(token for token, _ in self.published)} - labelled:
            self.counted["retired credentials tried"] += 1
            if self.bench.logs_in(json.loads(str(versions[str(token)].value))):
                self.counted["revived"] += 1
                self.problems.append(f"version '{token}' was retired and logs in")

    def _recover(self, name: str) -> None:
        """The next rotation converges within two runs, whatever the label is on, and so does the one after it."""
        fake = self.bench.fake
        for _ in range(2):
            fake.now += OVERLAP + SLACK
            runs = self._runs(name)
            self.counted[f"recovered in {runs or 'no'} runs"] += 1
            if runs is None:
                self.problems.append(f"'{name}': not recovered in two runs")
            elif not self.bench.logs_in(self.bench.value(name)):
                self.lockout(f"AWSCURRENT of '{name}' is locked out after the next rotation")
            elif fake.secrets[name].holder(PENDING) not in (None, fake.secrets[name].holder(CURRENT)):
                self.problems.append(f"'{name}': AWSPENDING is left over")

    def _runs(self, name: str) -> int | None:
        secret = self.bench.fake.secrets[name]
        pending = secret.holder(PENDING)
        token = pending if pending != secret.holder(CURRENT) else None
        token = token or self.bench.fake.rotate(name)
        for run in (1, 2):
            try:
                with _silence():
                    self.bench.steps(name, token)
            except Exception as error:  # noqa: BLE001 - which error is told where nothing helps
                self.counted[f"recovery: {type(error).__name__}"] += 1
            else:
                return run
        return None

    def _documents(self) -> list[dict[str, Any]]:
        versions = self.bench.fake.secrets[self.name].versions.values()
        documents = [json.loads(version.value) for version in versions if version.value is not None]
        return [document for document in reversed(documents) if "password" in document]


def _silence() -> AbstractContextManager[object]:
    """The function's log lines go to standard output."""
    return redirect_stdout(io.StringIO())
