"""One rotation at a test's bench: a fake Secrets Manager, a rotator for one secret, and what a consumer would do."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, cast

from rotation.journal import Journal
from rotation.settings import RetirementSettings, Settings
from rotation.steps import RETIRE, STEPS, Request, Rotator
from rotation.targets.target import Target
from rotation.versions import SecretVersions
from tests.lambdas.fake_retirements import FakeRetirements
from tests.lambdas.fake_secrets_manager import FakeSecret, FakeSecretsManager

PREFIX = "llm-observatory/staging/"
ADMIN = PREFIX + "db-superuser"
RETIREMENT = RetirementSettings(
    function="arn:aws:lambda:us-east-1:222233334444:function:llm-observatory-staging-retire",
    role="arn:aws:iam::222233334444:role/llm-observatory-staging-schedule-retire",
    dead_letters="arn:aws:sqs:us-east-1:222233334444:llm-observatory-staging-schedule-retire-dead-letters",
)


class Crash(BaseException):
    """The death of the process: no `except Exception` of the code under test can stop it."""


@dataclass
class Fuse:
    """Counts the calls of a run and dies before or after the n-th (from 1); `None` only counts."""

    at: int | None = None
    after: bool = False
    names: list[str] = field(default_factory=list)

    @contextmanager
    def __call__(self, name: str) -> Iterator[None]:
        self.names.append(name)
        here = len(self.names) == self.at
        if here and not self.after:
            raise Crash(name)
        try:
            yield
        except Exception:
            if here:  # the call was refused, and the process died before it knew
                raise Crash(name) from None
            raise
        if here:
            raise Crash(name)


class Bench:
    """Drives the steps as Secrets Manager does and reads values as a consumer does."""

    def __init__(self, target_name: str, targets: dict[str, Target], *, admin: str | None = None) -> None:
        self.fake = FakeSecretsManager()
        self.retirements = FakeRetirements(lambda name: self.fake.around(name))
        self.admins = dict.fromkeys(targets, admin) if admin else {}
        self.settings = Settings(
            environment="staging",
            target=target_name,
            kinds=frozenset(targets),
            retirement=RETIREMENT,
            admin_secret_ids=self.admins,
        )
        self.rotator = Rotator(
            settings=self.settings,
            versions=SecretVersions(cast("Any", self.fake)),
            targets=targets,
            retirements=self.retirements,
            clock=lambda: self.fake.now,
        )

    def secret(self, name: str, kind: str, document: dict[str, Any], *, overlap: int = 0, **tags: str) -> FakeSecret:
        """A secret as Pulumi leaves it: its document without a credential is the marker."""
        all_tags = {"Environment": "staging", "Kind": kind, "OverlapSeconds": str(overlap), **tags}
        return self.fake.create(name, all_tags, json.dumps(document))

    def give(self, name: str, document: dict[str, Any]) -> None:
        """A value from outside, as `secretsctl bootstrap` writes one."""
        token = f"given-{len(self.fake.secrets[name].versions):026}"
        self.fake.put_secret_value(SecretId=name, ClientRequestToken=token, SecretString=json.dumps(document))

    def step(self, name: str, token: str, step: str) -> None:
        """One call of the function."""
        journal = Journal(secret=name, token=token, step=step, target=self.settings.target)
        self.rotator.run(Request(secret_id=self.fake.secrets[name].arn, token=token, step=step), journal)

    def steps(self, name: str, token: str) -> None:
        """The four steps."""
        for step in STEPS:
            self.step(name, token, step)
        self.fake.succeeded(name)

    def rotate(self, name: str, token: str | None = None) -> str:
        """A whole rotation, from RotateSecret to the end."""
        token = self.fake.rotate(name, token)
        self.steps(name, token)
        return token

    def retire(self, name: str, token: str | None = None) -> dict[str, Any]:
        """What the function `retire` asks for; the answer of the rotation function."""
        secret = self.fake.secrets[name]
        token = token or secret.holder("AWSCURRENT")
        assert token is not None
        journal = Journal(secret=name, token=token, step=RETIRE, target=self.settings.target)
        retirement = self.rotator.run(Request(secret_id=secret.arn, token=token, step=RETIRE), journal)
        assert retirement is not None
        return retirement.as_answer()

    def value(self, name: str, stage: str = "AWSCURRENT") -> dict[str, Any]:
        """What a consumer reads."""
        document: dict[str, Any] = json.loads(self.fake.document(name, stage))
        return document


def tapped(connect: Callable[[Any, str | None], Any], tap: Callable[[], Any]) -> Callable[[Any, str | None], Any]:
    """A driver's connect whose login and statements each pass through the tap that is set at that moment."""

    class Tapped:
        def __init__(self, session: Any) -> None:
            self._session = session

        def run(self, *words: str) -> Any:
            with tap()("run " + words[0][:20]):
                return self._session.run(*words)

        def __enter__(self) -> Tapped:
            self._session.__enter__()
            return self

        def __exit__(self, *error: Any) -> None:
            self._session.__exit__(*error)

    def connect_tapped(login: Any, ca_pem: str | None) -> Tapped:
        session = None
        try:
            with tap()("login " + login.username):
                session = connect(login, ca_pem)
        except BaseException:
            if session is not None:
                session.__exit__(None, None, None)  # as the system closes a dead process's sockets
            raise
        return Tapped(session)

    return connect_tapped
