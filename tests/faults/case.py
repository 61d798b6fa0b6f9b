"""A subject in the middle of something, and the whole world around it, which can be brought back."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from rotation.steps import HEAL, STEPS
from tests.faults.consumers import Consumers
from tests.faults.shape import renamed, strings
from tests.faults.subject import Subject
from tests.lambdas.fake_secrets_manager import FakeSecret
from tests.lambdas.workbench import Bench

OVERLAP = timedelta(hours=1)
CURRENT, PENDING, PREVIOUS = "AWSCURRENT", "AWSPENDING", "AWSPREVIOUS"


@dataclass(frozen=True)
class World:
    """Everything at one moment: versions, labels, the clock, plans, what consumers hold, the server."""

    manager: Any
    plans: Any
    consumers: Consumers
    token: str
    restored: bool
    server: Any


@dataclass
class Case:
    """One secret of a subject. `token` is the version of the act that is under way.

    older: the server's credentials of before the last rotation, and of before the admin's.
    restored: the server went back to them, so AWSCURRENT may be refused until the recovery.
    constants: every text that was there when the act began; what is new since is chance, such as a password.
    """

    subject: Subject
    older: Any = None
    token: str = ""
    restored: bool = False
    consumers: Consumers = field(default_factory=Consumers)
    constants: frozenset[str] = frozenset()

    @property
    def bench(self) -> Bench:
        return self.subject.bench

    @property
    def secret(self) -> FakeSecret:
        return self.bench.fake.secrets[self.subject.name]

    @property
    def now(self) -> datetime:
        return self.bench.fake.now

    def begin(self) -> None:
        """RotateSecret, up to the first call of the function."""
        self.token = self.bench.fake.rotate(self.subject.name)

    def step(self, step: str, token: str) -> None:
        """One call of the function."""
        self.bench.step(self.subject.name, token, step)

    def steps(self, token: str) -> None:
        """The four steps, as Secrets Manager sends them."""
        for step in STEPS:
            self.step(step, token)
        self.bench.fake.succeeded(self.subject.name)

    def heal(self) -> None:
        """What an operator's command sends."""
        self.step(HEAL, "")

    def retire(self) -> str:
        """What the function `retire` sends when the plan fires; the outcome."""
        return str(self.bench.retire(self.subject.name)["outcome"])

    def wait(self, time: timedelta) -> None:
        """Let time pass. Consumers read until the end of it, and a server at rest answers as at their last look."""
        current = self.secret.holder(CURRENT)
        if current not in self.consumers.last:
            self.look()
        self.bench.fake.now += time
        if current is not None and current in self.consumers.last:
            self.consumers.read(current, self.now, works=True)

    def look(self) -> bool:
        """A consumer reads the secret and logs in. Whether it gets in; nobody can while there is only the marker."""
        current = self.secret.holder(CURRENT)
        if current is None or current == self.secret.holder("LLMOBS_BOOTSTRAP"):
            return current is not None
        document = self.documents().get(current)
        works = document is not None and self.subject.logs_in(document)
        self.consumers.read(current, self.now, works=works)
        return works

    def restore_older(self) -> None:
        """The server is restored from a snapshot that knows neither AWSCURRENT nor the admin's."""
        self.subject.restore(self.older)
        self.restored = True
        self.consumers.forget_all_but(None)

    def documents(self) -> dict[str, Mapping[str, Any]]:
        """Every version of the secret with a credential, by id."""
        return documents_of(self.secret)

    def world(self) -> World:
        fake = self.bench.fake
        return World(
            manager=copy.deepcopy((fake.secrets, fake.now, fake._ids)),
            plans=dict(self.bench.retirements.plans),
            consumers=copy.deepcopy(self.consumers),
            token=self.token,
            restored=self.restored,
            server=self.subject.snapshot(),
        )

    def back(self, world: World) -> None:
        """Go back to a moment."""
        fake = self.bench.fake
        fake.secrets, fake.now, fake._ids = copy.deepcopy(world.manager)
        self.bench.retirements.plans = dict(world.plans)
        self.consumers = copy.deepcopy(world.consumers)
        self.token = world.token
        self.restored = world.restored
        self.subject.restore(world.server)

    def fix_constants(self) -> None:
        """From here on, a new text is chance."""
        self.constants = strings(self._facts(self.world()))

    def shape(self, world: World) -> str:
        """The world without chance. Two worlds of one shape differ in random texts only, which no code looks into."""
        return renamed(self._facts(world), self.constants)

    def _facts(self, world: World) -> object:
        secrets, now, _ = world.manager
        return [
            [_facts_of(secret) for secret in secrets.values()],
            [now, world.token, world.restored],
            [[name, token, at] for name, (token, at) in world.plans.items()],
            [[version, seen] for version, seen in world.consumers.last.items()],
            self.subject.shape(
                world.server,
                {f"{name}/{id_}": value for name, s in secrets.items() for id_, value in documents_of(s).items()},
            ),
        ]


def _facts_of(secret: FakeSecret) -> object:
    return [
        [secret.name, secret.rotation_enabled, secret.rotated],
        [
            [id_, version.created, sorted(version.stages), None if version.value is None else json.loads(version.value)]
            for id_, version in secret.versions.items()
        ],
    ]


def documents_of(secret: FakeSecret) -> dict[str, Mapping[str, Any]]:
    """Every version of a secret with a credential, by id. The marker has none."""
    marker = secret.holder("LLMOBS_BOOTSTRAP")
    return {
        id_: json.loads(version.value)
        for id_, version in secret.versions.items()
        if version.value is not None and id_ != marker
    }
