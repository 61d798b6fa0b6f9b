"""A fake AWS with every secret of staging in the state that `pulumi up` leaves."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

import pytest

from catalog import derive, load
from tests.secretsctl.bench import CANARY, REQUIRED, Bench
from tests.secretsctl.fake_aws import FakeAws


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    monkeypatch.setattr("secretsctl.rotation.POLL_SECONDS", 0.01)
    monkeypatch.setattr("secretsctl.emergency_progress.LOOK_SECONDS", 0.01)
    catalog, environment = load.catalog(), load.environment("staging")
    aws = FakeAws(environment.account)
    for secret in catalog.secrets:
        fake = aws.add(derive.secret_name(environment, secret), secret.spec.target, derive.marker(environment, secret))
        fake.makes = dict.fromkeys(secret.spec.credentials, f"{CANARY}{secret.name}")
    variables = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(load.ROOT),
        "HOME": "/nonexistent",
        "AWS_ENDPOINT_URL": aws.url,
        "AWS_ACCESS_KEY_ID": "AKIAOPERATOR00000000",
        "AWS_SECRET_ACCESS_KEY": "made-up",
        "AWS_EC2_METADATA_DISABLED": "true",
        "LLMOBS_ENV": "staging",
    }
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "LLMOBS_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    yield Bench(aws, variables)
    aws.close()


@pytest.fixture
def bootstrapped(bench: Bench) -> Bench:
    assert bench.run("bootstrap", stdin=REQUIRED).exit_code == 0
    return bench


@pytest.fixture
def no_canary() -> Callable[..., None]:
    """Checks that no value, nor a long piece of one, is in a text."""

    def check(*texts: str) -> None:
        for text in texts:
            assert CANARY[:12] not in text

    return check
