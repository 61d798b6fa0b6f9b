"""`secretsctl set` of an issuer's key that has a value: it is handed to a rotation, which verifies and publishes it."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from catalog.emergency.version import token
from tests.secretsctl.bench import CANARY, Bench

NEW = f"{CANARY}-new"
FULL = "llm-observatory/staging/anthropic-api-key"


@pytest.fixture
def valued(bench: Bench) -> Bench:
    """Anthropic's key has its first value, given long ago."""
    assert bench.run("set", "anthropic-api-key", stdin=CANARY).exit_code == 0
    assert bench.aws.called("RotateSecret") == []
    secret = bench.secret("anthropic-api-key")
    for version in secret.versions.values():
        version.created = time.time() - 90_000
    bench.aws.calls.clear()
    return bench


def test_the_new_value_is_verified_and_published_by_a_rotation(valued: Bench, no_canary: Callable[..., None]) -> None:
    result = valued.run("set", "anthropic-api-key", stdin=NEW)
    assert result.exit_code == 0, result.stderr
    assert valued.aws.called("PutSecretValue") == valued.aws.called("RotateSecret") == [FULL]
    secret = valued.secret("anthropic-api-key")
    assert secret.document()["key"] == NEW
    assert secret.holder("LLMOBS_SUPPLIED") is None
    assert f"version {secret.holder('AWSCURRENT')} is current" in result.stdout
    no_canary(result.stdout, result.stderr)


@pytest.mark.parametrize("name", ["openai-api-key", "sentry-dsn", "smtp-password", "grafana-admin-password"])
def test_a_key_that_functions_rotate_may_be_given_the_same_way(bench: Bench, name: str) -> None:
    value = "https://abc@o1.ingest.sentry.io/42" if name == "sentry-dsn" else NEW
    lines = f"SMTP_USER=AKIAIOSFODNN7EXAMPLE\nSMTP_PASSWORD={value}\n" if name == "smtp-password" else value
    assert bench.run("set", name, stdin=lines).exit_code == 0
    for version in bench.secret(name).versions.values():
        version.created = time.time() - 90_000
    result = bench.run("set", name, stdin=lines)
    assert result.exit_code == 0, result.stderr
    assert len(bench.aws.called("RotateSecret")) == 1


def test_a_value_that_does_not_work_is_not_published_and_another_one_may_follow(valued: Bench) -> None:
    secret = valued.secret("anthropic-api-key")
    secret.fails_with = "api.anthropic.com refused the key"
    wrong = valued.run("set", "anthropic-api-key", stdin=NEW + "-wrong")
    assert wrong.exit_code == 1
    assert "the new value was not published: setSecret: api.anthropic.com refused the key" in wrong.stderr
    assert secret.document()["key"] == CANARY
    secret.fails_with = None
    right = valued.run("set", "anthropic-api-key", stdin=NEW)
    assert right.exit_code == 0, right.stderr
    assert "the unfinished rotation to version" in right.stderr
    assert secret.document()["key"] == NEW


def test_within_the_overlap_it_is_refused_before_anything_is_written(valued: Bench) -> None:
    assert valued.run("set", "anthropic-api-key", stdin=NEW).exit_code == 0
    valued.aws.calls.clear()
    result = valued.run("set", "anthropic-api-key", stdin=NEW + "2")
    assert result.exit_code == 1
    assert "consumers may still use the credential before this one" in result.stderr
    assert valued.aws.called("PutSecretValue") == []


def test_for_an_incident_the_overlap_is_given_up_and_the_old_value_ends_at_once(valued: Bench) -> None:
    assert valued.run("set", "anthropic-api-key", stdin=NEW).exit_code == 0
    function = "llm-observatory-staging-retire"
    valued.aws.functions[function] = {"outcome": "retired", "stragglers": [], "until": None}
    result = valued.run("set", "anthropic-api-key", "--incident", "INC-7", stdin=NEW + "2")
    assert result.exit_code == 0, result.stderr
    version = token("INC-7", "anthropic-api-key")
    assert valued.secret("anthropic-api-key").holder("AWSCURRENT") == version
    assert valued.aws.invoked == [(function, {"secret": FULL, "version": version})]
    assert "the old value: retired" in result.stderr
    again = valued.run("set", "anthropic-api-key", "--incident", "INC-7", stdin=NEW + "3")
    assert again.exit_code == 1
    assert "was set for incident 'INC-7' before" in again.stderr


def test_what_a_function_can_rotate_takes_no_incident(bench: Bench) -> None:
    result = bench.run("set", "db-password", "--incident", "INC-7", stdin=CANARY)
    assert result.exit_code == 2
    assert "`secretsctl emergency db-password`" in result.stderr


def test_a_value_that_the_rotation_did_not_take_up_is_told(valued: Bench) -> None:
    valued.secret("anthropic-api-key").takes_supplied = False
    result = valued.run("set", "anthropic-api-key", stdin=NEW)
    assert result.exit_code == 1
    assert "the one that was given is not in use" in result.stderr


def test_what_only_a_person_can_get_is_not_rotated_without_a_value(valued: Bench) -> None:
    result = valued.run("rotate", "anthropic-api-key")
    assert result.exit_code == 1
    assert "`secretsctl set anthropic-api-key`, which rotates it" in result.stderr
    assert valued.aws.called("RotateSecret") == []
