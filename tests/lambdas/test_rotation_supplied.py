"""Admin keys: a person supplies one, the system checks and publishes it, and names what a person has to revoke."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from rotation.errors import LoginRefusedError, RotationError
from rotation.targets.api_session import ApiSession
from rotation.targets.api_supplied import PROBES, Supplied
from tests.lambdas import fake_anthropic, fake_openai, fake_sentry
from tests.lambdas.api_bench import supply
from tests.lambdas.fake_anthropic import FakeAnthropic
from tests.lambdas.fake_http_api import FakeHttpApi
from tests.lambdas.fake_openai import FakeOpenAi
from tests.lambdas.fake_sentry import FakeSentry
from tests.lambdas.workbench import PREFIX, Bench

NAME = PREFIX + "openai-admin-key"
UNKNOWN = "sentry.example.com"


def now() -> datetime:
    return datetime(2026, 1, 1, tzinfo=UTC)


KINDS: dict[str, tuple[Callable[[], FakeHttpApi], str, str]] = {
    "api.openai.com": (lambda: FakeOpenAi(now), "admin_keys", fake_openai.ADMIN_KEY),
    "api.anthropic.com": (FakeAnthropic, "admin_keys", fake_anthropic.ADMIN_KEY),
    "sentry.io": (lambda: FakeSentry(now), "tokens", fake_sentry.TOKEN),
    UNKNOWN: (lambda: FakeSentry(now), "tokens", fake_sentry.TOKEN),
}


class SuppliedBench(Bench):
    """The API answers at the host of its kind and at no other; `accepted` are its admin keys."""

    def __init__(self, host: str) -> None:
        start, accepted, self.first = KINDS[host]
        self.api = start()
        self.accepted: set[str] = getattr(self.api, accepted)

        def connect(url: str, ca_pem: str | None, headers: Any) -> ApiSession:
            assert url == f"https://{host}"
            return ApiSession(self.api.url, ca_pem, headers)

        super().__init__("api", {"admin-key": Supplied(self.api.ca_pem, connect=connect)})
        self.secret(NAME, "admin-key", {"url": f"https://{host}"})

    def renew(self, key: str) -> None:
        """A person makes a key in the console and supplies it, and a rotation takes it up."""
        self.accepted.add(key)
        supply(self, NAME, {"key": key})
        self.rotate(NAME)


@pytest.fixture(params=sorted(PROBES))
def bench(request: pytest.FixtureRequest) -> Iterator[SuppliedBench]:
    bench = SuppliedBench(request.param)
    with bench.api:
        yield bench


@pytest.fixture
def elsewhere() -> Iterator[SuppliedBench]:
    bench = SuppliedBench(UNKNOWN)
    with bench.api:
        yield bench


def test_without_a_supplied_key_a_rotation_refuses_and_names_the_command(bench: SuppliedBench) -> None:
    with pytest.raises(RotationError, match="run `secretsctl set openai-admin-key`"):
        bench.rotate(NAME)


def test_a_supplied_key_is_checked_and_published(bench: SuppliedBench) -> None:
    bench.renew(bench.first)
    assert bench.value(NAME)["key"] == bench.first
    assert [call.method for call in bench.api.calls] == ["GET"]
    assert bench.fake.secrets[NAME].holder("LLMOBS_SUPPLIED") is None


def test_a_key_that_the_api_refuses_is_not_published(bench: SuppliedBench) -> None:
    supply(bench, NAME, {"key": "made-up"})
    with pytest.raises(LoginRefusedError):
        bench.rotate(NAME)
    assert "key" not in bench.value(NAME)


def test_a_supplied_url_is_not_taken_over(bench: SuppliedBench) -> None:
    url = bench.value(NAME)["url"]
    supply(bench, NAME, {"key": bench.first, "url": "https://elsewhere.example"})
    bench.rotate(NAME)
    assert bench.value(NAME) == {"url": url, "key": bench.first}


def test_retirement_names_the_old_key_until_the_api_refuses_it(bench: SuppliedBench) -> None:
    bench.renew(bench.first)
    bench.renew("second-key")
    answer = bench.retire(NAME)
    assert answer["outcome"] == "straggling"
    assert "a person has to revoke it" in answer["stragglers"][0]
    assert bench.first not in answer["stragglers"][0]
    bench.accepted.remove(bench.first)
    assert bench.retire(NAME)["outcome"] == "retired"


def test_an_emergency_does_not_pretend_that_the_old_key_is_over(bench: SuppliedBench) -> None:
    bench.renew(bench.first)
    bench.accepted.add("second-key")
    supply(bench, NAME, {"key": "second-key"})
    bench.rotate(NAME, "emergency-" + "0" * 22)
    with pytest.raises(RotationError, match="a person has to revoke it"):
        bench.retire(NAME)
    bench.accepted.remove(bench.first)
    assert bench.retire(NAME)["outcome"] == "retired"


def test_while_every_key_is_refused_a_refusal_of_the_old_one_means_nothing(bench: SuppliedBench) -> None:
    bench.renew(bench.first)
    bench.renew("second-key")
    bench.accepted.clear()
    with pytest.raises(LoginRefusedError):
        bench.retire(NAME)
    assert bench.fake.secrets[NAME].holder("AWSPREVIOUS") is not None


def test_healing_names_the_person(bench: SuppliedBench) -> None:
    bench.renew(bench.first)
    bench.step(NAME, "", "healSecret")
    bench.accepted.clear()
    with pytest.raises(LoginRefusedError, match="give it with `secretsctl set`"):
        bench.step(NAME, "", "healSecret")


def test_an_api_that_cannot_be_told_is_asked_nothing_and_its_old_key_is_never_called_retired(
    elsewhere: SuppliedBench,
) -> None:
    elsewhere.renew(elsewhere.first)
    elsewhere.renew("second-key")
    answer = elsewhere.retire(NAME)
    assert answer["outcome"] == "straggling"
    assert "take AWSPREVIOUS off" in answer["stragglers"][0]
    assert elsewhere.api.calls == []
