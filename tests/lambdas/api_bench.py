"""Benches on fake APIs over real HTTPS: a secret of the kind, its admin secret, and what a person and a consumer do."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any, ClassVar, Generic, TypeVar

from rotation.targets.api_anthropic import Anthropic
from rotation.targets.api_openai import OpenAi
from rotation.targets.api_sentry import Sentry
from rotation.targets.api_session import ApiSession, Connect
from rotation.targets.target import Target
from tests.lambdas import fake_openai, fake_sentry
from tests.lambdas.fake_anthropic import FakeAnthropic
from tests.lambdas.fake_http_api import FakeHttpApi, tapped_api
from tests.lambdas.fake_openai import FakeOpenAi
from tests.lambdas.fake_sentry import FakeSentry
from tests.lambdas.workbench import PREFIX, Bench

ADMIN = PREFIX + "api-admin-key"
OVERLAP = 3600
_supplied = itertools.count()
Api = TypeVar("Api", bound=FakeHttpApi)


def supply(bench: Bench, name: str, document: dict[str, Any]) -> None:
    """What `secretsctl set` does: a version of its own label, over the constants."""
    constants = {field: value for field, value in bench.value(name).items() if field not in ("key", "key_id", "dsn")}
    bench.fake.put_secret_value(
        SecretId=name,
        ClientRequestToken=f"supplied-{next(_supplied):023}",
        SecretString=json.dumps({**constants, **document}),
        VersionStages=["LLMOBS_SUPPLIED"],
    )


class ApiBench(Bench, Generic[Api]):
    """Sees every call to Secrets Manager and to the API through `fake.around`. `slept` are the seconds of patience."""

    kind: ClassVar[str]
    constants: ClassVar[dict[str, Any]]

    def __init__(
        self, start: Callable[[ApiBench[Api]], Api], target: Callable[[ApiBench[Api], Connect, str], Target]
    ) -> None:
        self.slept: list[float] = []
        self.api = start(self)
        connect = tapped_api(ApiSession, lambda: self.fake.around)
        super().__init__("api", {self.kind: target(self, connect, self.api.ca_pem)}, admin=ADMIN)
        self.name = f"{PREFIX}{self.kind}-api-key"
        self.secret(self.name, self.kind, {"url": self.api.url, **self.constants}, overlap=OVERLAP)
        self.secret(ADMIN, "admin-key", {"url": self.api.url})

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)

    def later(self, **time: int) -> None:
        """Let time pass, for Secrets Manager and for the API."""
        self.fake.now += timedelta(**time)

    def admit(self, key: str, **more: str) -> None:
        """A person gives the admin key."""
        self.give(ADMIN, {"url": self.api.url, "key": key, **more})

    def supply(self, document: dict[str, Any]) -> None:
        """What `secretsctl set` does."""
        supply(self, self.name, document)

    def rotate_and_retire(self) -> None:
        """A rotation, its overlap, and its retirement."""
        self.rotate(self.name)
        self.later(seconds=OVERLAP)
        assert self.retire(self.name)["outcome"] in ("retired", "nothing to retire")


class OpenAiBench(ApiBench[FakeOpenAi]):
    kind = "openai"
    constants: ClassVar[dict[str, Any]] = {"project": fake_openai.PROJECT, "service_account": "llm-observatory-staging"}

    def __init__(self) -> None:
        super().__init__(
            lambda bench: FakeOpenAi(lambda: bench.fake.now),
            lambda bench, connect, ca_pem: OpenAi(
                ca_pem, connect=connect, clock=lambda: bench.fake.now, sleep=bench.sleep
            ),
        )
        self.admit(fake_openai.ADMIN_KEY)

    def works(self, stage: str = "AWSCURRENT") -> bool:
        return self.api.works(self.value(self.name, stage).get("key", ""))


class SentryBench(ApiBench[FakeSentry]):
    kind = "sentry"
    constants: ClassVar[dict[str, Any]] = {"organization": fake_sentry.ORGANIZATION, "project": fake_sentry.PROJECT}

    def __init__(self) -> None:
        super().__init__(
            lambda bench: FakeSentry(lambda: bench.fake.now),
            lambda bench, connect, ca_pem: Sentry(ca_pem, connect=connect, clock=lambda: bench.fake.now),
        )
        self.admit(fake_sentry.TOKEN)

    def works(self, stage: str = "AWSCURRENT") -> bool:
        return self.api.works(self.value(self.name, stage).get("dsn", ""))


class AnthropicBench(ApiBench[FakeAnthropic]):
    """Without an admin key until `admit`."""

    kind = "anthropic"
    constants: ClassVar[dict[str, Any]] = {}

    def __init__(self) -> None:
        super().__init__(
            lambda bench: FakeAnthropic(),
            lambda bench, connect, ca_pem: Anthropic(ca_pem, connect=connect, sleep=bench.sleep),
        )

    def works(self, stage: str = "AWSCURRENT") -> bool:
        return self.api.works(self.value(self.name, stage).get("key", ""))

    def new_key(self) -> str:
        """A person makes a key in the console and supplies it."""
        value = self.api.make().value
        self.supply({"key": value})
        return value
