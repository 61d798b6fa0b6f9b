"""`secretsctl rotate` and `secretsctl list` against a fake AWS."""

from __future__ import annotations

import json
import time
from collections.abc import Callable

import pytest

from tests.secretsctl.bench import CANARY, Bench

APP = "db-app-password"


def rotatable(bench: Bench, name: str) -> None:
    """Make the current version older than every overlap."""
    secret = bench.secret(name)
    secret.rotated = time.time() - 7200
    for version in secret.versions.values():
        version.created -= 7200


def rotated_before(bench: Bench) -> None:
    rotatable(bench, APP)
    assert bench.run("rotate", APP).exit_code == 0


def test_it_rotates_and_tells_the_versions(bootstrapped: Bench, no_canary: Callable[..., None]) -> None:
    rotatable(bootstrapped, APP)
    old = bootstrapped.secret(APP).holder("AWSCURRENT")
    result = bootstrapped.run("rotate", APP, "jwt-secret", "--json")
    assert result.exit_code == 0, result.stderr
    new = bootstrapped.secret(APP).holder("AWSCURRENT")
    first = json.loads(result.stdout)["rotations"][0]
    assert first == {"secret": APP, "state": "rotated", "old_version": old, "new_version": new, "error": None}
    no_canary(result.stdout, result.stderr)


def test_it_shows_the_error_of_the_function(bootstrapped: Bench, no_canary: Callable[..., None]) -> None:
    bootstrapped.secret("redis-password").fails_with = "redis refused the connection"
    result = bootstrapped.run("rotate", "redis-password")
    assert result.exit_code == 1
    assert "rotation failed: setSecret: redis refused the connection" in result.stderr
    no_canary(result.stdout, result.stderr)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("2026-11-24T06:42:54Z 5f65 Task timed out after 60.00 seconds", "the function timed out after 60.00 seconds"),
        (
            "[ERROR] Runtime.ImportModuleError: Unable to import module 'rotation.handler'",
            "the function Runtime.ImportModuleError: Unable to import module 'rotation.handler'",
        ),
    ],
)
def test_a_function_that_crashes_before_its_first_line_is_told_at_once(
    bootstrapped: Bench, line: str, told: str
) -> None:
    bootstrapped.secret("jwt-secret").crashes_with = line
    result = bootstrapped.run("rotate", "jwt-secret", "--timeout", "600")
    assert result.exit_code == 1
    assert told in result.stderr


def test_of_two_one_that_fails_is_partly(bootstrapped: Bench) -> None:
    bootstrapped.secret("redis-password").fails_with = "x"
    result = bootstrapped.run("rotate", "redis-password", "jwt-secret")
    assert result.exit_code == 3
    assert "jwt-secret: version" in result.stdout


def test_an_unfinished_rotation_is_refused_with_its_error_and_can_be_resumed(bootstrapped: Bench) -> None:
    secret = bootstrapped.secret("redis-password")
    secret.fails_with = "redis refused the connection"
    assert bootstrapped.run("rotate", "redis-password").exit_code == 1
    refused = bootstrapped.run("rotate", "redis-password")
    assert refused.exit_code == 1
    assert "last failed with: setSecret: redis refused the connection" in refused.stderr
    assert secret.attempts == 1
    secret.fails_with = None
    resumed = bootstrapped.run("rotate", "redis-password", "--resume")
    assert resumed.exit_code == 0, resumed.stderr
    assert secret.attempts == 2


def test_inside_the_overlap_it_says_when(bootstrapped: Bench) -> None:
    rotated_before(bootstrapped)
    result = bootstrapped.run("rotate", APP)
    assert result.exit_code == 1
    assert "consumers may still use the credential before this one; rotate it after 20" in result.stderr
    assert bootstrapped.secret(APP).attempts == 2


def test_the_first_credential_may_be_rotated_at_once(bootstrapped: Bench) -> None:
    assert bootstrapped.run("rotate", APP).exit_code == 0


def test_a_secret_without_overlap_may_be_rotated_twice_in_a_row(bootstrapped: Bench) -> None:
    assert bootstrapped.run("rotate", "backup-encryption-key").exit_code == 0
    assert bootstrapped.run("rotate", "backup-encryption-key").exit_code == 0


@pytest.mark.parametrize(
    ("name", "command"), [("db-password", "secretsctl bootstrap"), ("openai-api-key", "secretsctl set openai-api-key")]
)
def test_a_secret_without_a_value_cannot_be_rotated(bench: Bench, name: str, command: str) -> None:
    result = bench.run("rotate", name)
    assert result.exit_code == 1
    assert f"`{command}`" in result.stderr
    assert bench.aws.called("RotateSecret") == []


def test_no_wait_only_starts(bootstrapped: Bench) -> None:
    result = bootstrapped.run("rotate", "jwt-secret", "--no-wait")
    assert result.exit_code == 0
    assert "jwt-secret: rotation to version" in result.stdout
    assert bootstrapped.secret("jwt-secret").looks_left > 0


def test_a_rotation_that_never_ends_is_told_after_the_timeout(
    bootstrapped: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = bootstrapped.secret("jwt-secret")
    secret.looks_left = 0
    monkeypatch.setattr(bootstrapped.aws, "_attempt", lambda id_, secret: None)
    result = bootstrapped.run("rotate", "jwt-secret", "--timeout", "1")
    assert result.exit_code == 1
    assert "not done in time" in result.stderr
    assert "/aws/lambda/llm-observatory-staging-rotate-keyring" in result.stderr


def test_without_the_right_to_read_logs_it_rotates_all_the_same(bootstrapped: Bench) -> None:
    bootstrapped.aws.denied.add(("FilterLogEvents", "*"))
    assert bootstrapped.run("rotate", "jwt-secret").exit_code == 0


def test_what_somebody_else_published_meanwhile_is_told(bootstrapped: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = bootstrapped.secret("jwt-secret")
    start = bootstrapped.aws._attempt

    def overtaken(id_: str, fake: object) -> None:
        start(id_, secret)
        bootstrapped.aws.PutSecretValue({"SecretId": id_, "ClientRequestToken": "other", "SecretString": "{}"})
        secret.looks_left = 0

    monkeypatch.setattr(bootstrapped.aws, "_attempt", overtaken)
    result = bootstrapped.run("rotate", "jwt-secret")
    assert result.exit_code == 1
    assert "version other, of somebody else, became current" in result.stderr


def test_list_shows_states_and_reads_no_value(bootstrapped: Bench, no_canary: Callable[..., None]) -> None:
    del bootstrapped.aws.secrets["llm-observatory/staging/sentry-dsn"]
    bootstrapped.secret("secret-key").next_rotation = time.time() - 1
    bootstrapped.secret("redis-password").fails_with = "x"
    bootstrapped.run("rotate", "redis-password")
    result = bootstrapped.run("list", "--json")
    assert result.exit_code == 0, result.stderr
    states = {line["name"]: line["state"] for line in json.loads(result.stdout)["secrets"]}
    assert states["sentry-dsn"] == "missing"
    assert states["openai-api-key"] == "bootstrap"
    assert states["secret-key"] == "overdue"
    assert states["redis-password"] == "rotating"
    assert states[APP] == "ok"
    assert bootstrapped.aws.called("GetSecretValue") == []
    no_canary(result.stdout, result.stderr)


def test_list_is_a_table_that_a_pipe_does_not_cut(bootstrapped: Bench) -> None:
    result = bootstrapped.run("list")
    line = next(line for line in result.stdout.splitlines() if line.startswith("db-app-password"))
    assert "postgres-role" in line
    assert "api-server, collector" in line
    assert "…" not in result.stdout


def test_list_tells_what_may_not_be_looked_at(bench: Bench) -> None:
    bench.aws.denied.add(("DescribeSecret", "llm-observatory/staging/db-password"))
    result = bench.run("list")
    assert result.exit_code == 3
    assert "cannot describe secret 'db-password': AccessDeniedException" in result.stderr
    bench.aws.denied.add(("DescribeSecret", "*"))
    assert bench.run("list").exit_code == 1


def test_the_canary_is_in_the_fake(bootstrapped: Bench) -> None:
    assert CANARY in json.dumps(bootstrapped.secret(APP).document())
