"""The real Rotator and targets on servers in memory, led through a trace of the model call by call, and compared."""

from __future__ import annotations

import contextlib
import io
import json
import math
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from proofs.rotation_rules import ROLE
from proofs.rotation_run import NAME, RealRun
from proofs.rotation_servers import ADMIN, Passwords, Roles, digest
from proofs.rotation_state import NOBODY, OVER, State
from rotation.targets import postgres_sql
from rotation.targets.postgres_role import PostgresRole
from rotation.targets.redis_user import RedisUser
from tests.lambdas.workbench import ADMIN as ADMIN_SECRET
from tests.lambdas.workbench import Bench

OVERLAP = 600
# Half an overlap and a little: two of them are an overlap with the margin of the schedule, one is less than one.
TICK = timedelta(seconds=400)
_PLACE = {"host": "h", "port": 1, "dbname": "d", "db": 0}


class World:
    """One secret, its server and who is about, at the beginning of the model."""

    def __init__(self, shape: str, consumers: int) -> None:
        self.shape = shape
        self.runs_by_thread: dict[int, RealRun] = {}
        self.server: Roles | Passwords
        if shape == ROLE:
            self.server = Roles(self.tap)
            self.bench = Bench(
                "postgres", {"postgres-role": PostgresRole(connect=self.server.connect)}, admin=ADMIN_SECRET
            )
            self.bench.secret(ADMIN_SECRET, "postgres-role", {**_PLACE, "username": ADMIN, "password": "x"})
            names = ["one", "two"]
            document = {**_PLACE, "username": "one", "usernames": names, "member_of": "group"}
            self.bench.secret(NAME, "postgres-role", document, overlap=OVERLAP)
            self.ids = [self._holder("AWSCURRENT")]
            self.server.stragglers = self._straggles
        else:
            self.server = Passwords(self.tap, {digest("first")})
            self.bench = Bench("redis", {"redis": RedisUser(connect=self.server.connect)})
            self.bench.secret(NAME, "redis", {**_PLACE, "username": "user"}, overlap=OVERLAP)
            self.bench.give(NAME, {**_PLACE, "username": "user", "password": "first"})
            self.bench.fake.now += 2 * TICK
            self.ids = [self._holder("AWSCURRENT")]
        self.bench.fake.around = self.tap
        self.consumers: list[tuple[str | None, int]] = [(None, 0)] * consumers
        self.runs: list[RealRun] = []
        self._tokens = 0

    @contextmanager
    def tap(self, name: str) -> Iterator[None]:
        """Every call of the code under test comes through here."""
        run = self.runs_by_thread.get(threading.get_ident())
        if run is not None:
            run.tap(name)
        yield

    def act(self, action: str, i: int) -> None:
        """Do what the model's action says."""
        fake, secret = self.bench.fake, self.bench.fake.secrets[NAME]
        current = self._holder("AWSCURRENT")
        match action:
            case "call" | "crash":
                run = self.runs[i]
                run.advance() if action == "call" else run.die()
                if run.call is None:
                    del self.runs[i]
                    if run.retirer and run.failed:  # Lambda delivers it again
                        self.bench.retirements.repeated.setdefault(NAME, (run.token, fake.now))
            case "request" | "emergency":
                self._tokens += 1
                before = fake.now
                prefix = "emergency-" if action == "emergency" else "token-"
                self.ids.append(fake.rotate(NAME, f"{prefix}{self._tokens:028}"))
                fake.now = before  # the fake moves its clock with each version; the model only by halves of the overlap
                secret.versions[self.ids[-1]].created = before
            case "cancel":
                fake.cancel_pending(NAME)
            case "start":
                self._start(str(secret.holder("AWSPENDING")), retirer=False)
            case "read":
                self.consumers[i] = (current, 0)
            case "tick":
                fake.now += TICK
                self.consumers = [self._older(version, age) for version, age in self.consumers]
            case "fire":
                token, at = self._plans()[i].pop(NAME)
                assert at <= fake.now, "the model's plan is due and the real one is not"
                self._start(token, retirer=True)
            case "retire now":
                self._start(current, retirer=True)
            case _:
                raise AssertionError(action)

    def differences(self, state: State) -> list[str]:
        """What is otherwise here than in the model's state."""
        secret, fake = self.bench.fake.secrets[NAME], self.bench.fake
        current = secret.versions[self._holder("AWSCURRENT")]
        previous = secret.holder("AWSPREVIOUS")
        if previous is not None and "LLMOBS_BOOTSTRAP" in secret.versions[previous].stages:
            previous = None
        published = max(current.created, secret.rotated or current.created)
        recorded = OVER if state.current == 0 and not state.has_value(0) else min(OVER, (fake.now - published) // TICK)
        pairs: dict[str, tuple[object, object]] = {
            "AWSCURRENT": (self._holder("AWSCURRENT"), self._id(state.current)),
            "AWSPENDING": (secret.holder("AWSPENDING"), self._id(state.pending)),
            "AWSPREVIOUS": (previous, self._id(state.previous)),
            "accepted": (self._accepted(), {self._id(version) for version in state.server if version != NOBODY}),
            "values": (
                [self._valued(id_) for id_ in self.ids],
                [state.has_value(version) for version in range(len(self.ids))],
            ),
            "consumers": (self.consumers, [(self._id(version), age) for version, age in state.consumers]),
            "recorded": (recorded, state.recorded),
            "runs": (
                [(run.call, run.retirer) for run in self.runs],
                [(run.call, run.retirer) for run in state.runs],
            ),
        }
        for what, real, model in zip(("plan", "plan again"), self._plans(), (state.plan, state.repeated), strict=True):
            plan = real.get(NAME)
            left = None if plan is None else max(0, math.ceil((plan[1] - fake.now) / TICK))
            pairs[what] = (left, model.left if model else None)
            if plan is not None and model is not None and model.token >= 0:
                pairs[f"version of the {what}"] = (plan[0], self._id(model.token))
        return [f"{what}: {real} and not {model}" for what, (real, model) in pairs.items() if real != model]

    def close(self) -> None:
        """End the runs that stand still."""
        for run in self.runs:
            with contextlib.suppress(BaseException):
                run.die()

    def _plans(self) -> tuple[dict[str, tuple[str, datetime]], dict[str, tuple[str, datetime]]]:
        return self.bench.retirements.plans, self.bench.retirements.repeated

    def _start(self, token: str, *, retirer: bool) -> None:
        self.runs.append(RealRun(self, token, retirer=retirer))

    def _id(self, version: int) -> str | None:
        return None if version == NOBODY else self.ids[version]

    def _holder(self, stage: str) -> str:
        return str(self.bench.fake.secrets[NAME].holder(stage))

    def _older(self, version: str | None, age: int) -> tuple[str | None, int]:
        if version is None or (self.shape != ROLE and age + 1 >= OVER):
            return (None, 0)
        return (version, min(OVER, age + 1))

    def _valued(self, id_: str) -> bool:
        value = self.bench.fake.secrets[NAME].versions[id_].value
        return value is not None and '"password"' in value

    def _document(self, id_: str) -> dict[str, Any]:
        value: dict[str, Any] = json.loads(str(self.bench.fake.secrets[NAME].versions[id_].value))
        return value

    def _accepted(self) -> set[str]:
        versions = self.bench.fake.secrets[NAME].versions
        return {id_ for id_ in versions if self._valued(id_) and self._lets_in(self._document(id_))}

    def _lets_in(self, document: dict[str, Any]) -> bool:
        if isinstance(self.server, Roles):
            return self.server.accepts(document)
        return digest(document["password"]) in self.server.hashes

    def _straggles(self, role: str) -> bool:
        return any(
            version is not None and age >= OVER and self._document(version)["username"] == role
            for version, age in self.consumers
        )


@contextmanager
def quiet() -> Iterator[None]:
    """Keeps the journal's lines off the screen, and verifiers cheap: the 4096 rounds of real ones cost 5 ms."""
    verifier, matches = postgres_sql.verifier, postgres_sql.matches
    postgres_sql.verifier = "plain:{}".format
    postgres_sql.matches = lambda stored, password: stored == f"plain:{password}"
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            yield
    finally:
        postgres_sql.verifier, postgres_sql.matches = verifier, matches
