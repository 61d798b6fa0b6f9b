"""`secretsctl bootstrap` against a fake AWS: what is refused, the order, running again, a wrong password."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from catalog import load
from stores.aws import AwsStore
from stores.document import Document
from tests.secretsctl.bench import CANARY, REQUIRED, Bench

ROTATED = {
    "db-recovery-password",
    "db-app-password",
    "db-readonly-password",
    "db-replication-password",
    "secret-key",
    "jwt-secret",
    "backup-encryption-key",
    "grafana-secret-key",
    "db-admin-password",
    "smtp-admin-password",
    "stripe-api-key",
}
BY_HAND = {
    "openai-admin-key",
    "anthropic-admin-key",
    "sentry-auth-token",
    "grafana-admin-password",
    "aws-access-key",
    "smtp-password",
    "openai-api-key",
    "anthropic-api-key",
    "sentry-dsn",
}


def short(ids: list[str]) -> list[str]:
    return [id_.rpartition("/")[2] for id_ in ids]


def test_it_writes_what_was_supplied_then_rotates_the_rest(bench: Bench, no_canary: Callable[..., None]) -> None:
    result = bench.run("bootstrap", stdin=REQUIRED)
    assert result.exit_code == 0, result.stderr
    assert short(bench.aws.called("PutSecretValue")) == ["db-password", "redis-password"]
    assert set(short(bench.aws.called("RotateSecret"))) == ROTATED
    assert bench.aws.called("GetSecretValue") == []
    assert bench.secret("db-password").document()["password"] == f"{CANARY}db"
    assert bench.secret("db-password").document()["host"].startswith("timescaledb-primary.staging")
    assert bench.secret("redis-password").document()["username"] == "default"
    assert {line.split()[2] for line in result.stdout.splitlines()} == BY_HAND
    assert "secretsctl set openai-api-key" in result.stdout
    no_canary(result.stdout, result.stderr)


def test_the_result_is_json_on_request(bench: Bench) -> None:
    answer = json.loads(bench.run("bootstrap", "--json", stdin=REQUIRED).stdout)
    assert set(answer["left"]) == BY_HAND
    assert {"secret": "db-password", "state": "written"} in answer["done"]


def test_optional_values_are_written_with_the_required_ones(bench: Bench) -> None:
    more = "# from the vault\n\nSENTRY_DSN=https://abc@o1.ingest.sentry.io/42\nAWS_ACCESS_KEY_ID=AKIAIOSFODNN7EXAMPLE\n"
    result = bench.run("bootstrap", stdin=REQUIRED + more + f"AWS_SECRET_ACCESS_KEY={CANARY}\n")
    assert result.exit_code == 0, result.stderr
    assert bench.secret("sentry-dsn").document()["dsn"] == "https://abc@o1.ingest.sentry.io/42"
    key = bench.secret("aws-access-key").document()
    assert key["kms_key_id"] == "alias/llm-observatory-staging-backup"
    assert (key["access_key_id"], key["secret_access_key"]) == ("AKIAIOSFODNN7EXAMPLE", CANARY)


@pytest.mark.parametrize(
    ("lines", "text"),
    [
        (f"DB_PASSWORD={CANARY}\n", "REDIS_PASSWORD: is missing"),
        (REQUIRED + "DB_APP_PASSWORD=" + CANARY, "DB_APP_PASSWORD is made by the rotation of 'db-app-password'"),
        (REQUIRED + "DB_USER=" + CANARY, "DB_USER is no secret"),
        (REQUIRED + "DATABASE_URL=" + CANARY, "DATABASE_URL is derived"),
        (REQUIRED + "DB_PASWORD=" + CANARY, "no name DB_PASWORD; did you mean DB_PASSWORD?"),
        (REQUIRED + "DB_PASSWORD=" + CANARY, "line 3: DB_PASSWORD is given twice"),
        (REQUIRED + "SMTP_PASSWORD=", "SMTP_PASSWORD: is empty"),
        (REQUIRED + f"SMTP_PASSWORD={CANARY} ", "SMTP_PASSWORD: begins or ends with whitespace"),
        (REQUIRED.replace("\n", "\r\n"), "DB_PASSWORD: begins or ends with whitespace"),
        (REQUIRED + f"SMTP_PASSWORD={CANARY}\x07{CANARY}", "SMTP_PASSWORD: holds a line break or another control"),
        (REQUIRED + CANARY, "line 3: is not NAME=value"),
        (REQUIRED + f"AWS_SECRET_ACCESS_KEY={CANARY}", "AWS_ACCESS_KEY_ID: is missing; it goes with the others"),
        (REQUIRED + f"SENTRY_DSN=http://{CANARY}", "SENTRY_DSN: is no DSN"),
        (REQUIRED + "SENTRY_DSN=https://[", "SENTRY_DSN: is no DSN"),
        (REQUIRED + f"OPENAI_API_KEY={CANARY[:15]}", "OPENAI_API_KEY: is no API key"),
    ],
)
def test_it_refuses_wrong_input_before_anything_is_written(
    bench: Bench, no_canary: Callable[..., None], lines: str, text: str
) -> None:
    result = bench.run("bootstrap", stdin=lines)
    assert result.exit_code == 2
    assert text in result.stderr
    assert bench.aws.called("PutSecretValue") == []
    assert bench.aws.called("RotateSecret") == []
    no_canary(result.stdout, result.stderr)


def test_it_refuses_values_on_the_command_line_without_repeating_them(
    bench: Bench, no_canary: Callable[..., None]
) -> None:
    result = bench.run("bootstrap", f"DB_PASSWORD={CANARY}")
    assert result.exit_code == 2
    assert "pipe them in" in result.stderr
    no_canary(result.stdout, result.stderr)


def test_it_refuses_bytes_that_are_no_text(bench: Bench) -> None:
    result = bench.run("bootstrap", stdin=b"DB_PASSWORD=\xff\xfe")
    assert result.exit_code == 2
    assert "not UTF-8" in result.stderr


def test_running_again_leaves_every_value_alone(bootstrapped: Bench) -> None:
    before = {id_: secret.holder("AWSCURRENT") for id_, secret in bootstrapped.aws.secrets.items()}
    result = bootstrapped.run("bootstrap", stdin=REQUIRED)
    assert result.exit_code == 0
    assert "'db-password' has a value already and keeps it" in result.stderr
    assert {id_: secret.holder("AWSCURRENT") for id_, secret in bootstrapped.aws.secrets.items()} == before
    assert bootstrapped.run("bootstrap").exit_code == 0


@pytest.mark.parametrize("operation", ["PutSecretValue", "RotateSecret", "DescribeSecret"])
@pytest.mark.parametrize("after", [True, False])
def test_it_goes_on_after_an_interruption_at_every_call(bench: Bench, operation: str, after: bool) -> None:
    method = {"PutSecretValue": "put", "RotateSecret": "rotate", "DescribeSecret": "describe"}[operation]
    real = getattr(AwsStore, method)
    for stop_at in (1, 2, 5, 9, 18):
        seen = 0

        def interrupted(self: AwsStore, *args: str, stop: int = stop_at) -> object:
            nonlocal seen
            seen += 1
            if seen == stop and not after:
                raise KeyboardInterrupt
            result = real(self, *args)
            if seen == stop:
                raise KeyboardInterrupt
            return result

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(AwsStore, method, interrupted)
            assert bench.run("bootstrap", stdin=REQUIRED).exit_code in (0, 130)
    assert bench.run("bootstrap", stdin=REQUIRED).exit_code == 0
    assert all(bench.secret(name).rotated for name in ROTATED)
    assert len(bench.secret("db-password").versions) == 2


def test_a_wrong_superuser_password_shows_the_functions_error_and_can_be_corrected(
    bench: Bench, no_canary: Callable[..., None]
) -> None:
    roles = ["db-recovery-password", "db-app-password", "db-readonly-password", "db-replication-password"]
    for name in roles:
        bench.secret(name).fails_with = "superuser 'postgres': login refused"
    result = bench.run("bootstrap", stdin=REQUIRED)
    assert result.exit_code == 3
    assert result.stderr.count("setSecret: superuser 'postgres': login refused") == 4
    assert "`secretsctl bootstrap --replace` and a line DB_PASSWORD=value" in result.stderr
    no_canary(result.stdout, result.stderr)

    for name in roles:
        bench.secret(name).fails_with = None
    again = bench.run("bootstrap", "--replace", stdin="DB_PASSWORD=the-right-one\n")
    assert again.exit_code == 0, again.stderr
    assert bench.secret("db-password").document()["password"] == "the-right-one"
    assert all(bench.secret(name).rotated for name in roles)
    assert bench.aws.called("CancelRotateSecret") == []


def test_an_old_error_of_a_retried_rotation_is_not_taken_for_a_new_one(bench: Bench) -> None:
    bench.secret("db-app-password").fails_with = "login refused"
    assert bench.run("bootstrap", stdin=REQUIRED).exit_code == 3
    bench.secret("db-app-password").fails_with = None
    assert bench.run("bootstrap").exit_code == 0
    assert bench.secret("db-app-password").attempts == 2


def test_a_value_that_something_was_rotated_with_is_not_replaced(bootstrapped: Bench) -> None:
    result = bootstrapped.run("bootstrap", "--replace", stdin="DB_PASSWORD=another-one\n")
    assert result.exit_code == 2
    assert "run `secretsctl set db-password`" in result.stderr
    assert bootstrapped.secret("db-password").document()["password"] == f"{CANARY}db"


def test_two_people_at_once_cannot_both_win(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    real = AwsStore.put

    def raced(self: AwsStore, name: str, document: Document, token: str) -> str:
        real(self, name, Document({**document, "password": "of the other person"}), token)
        return real(self, name, document, token)

    monkeypatch.setattr(AwsStore, "put", raced)
    result = bench.run("bootstrap", stdin=REQUIRED)
    assert result.exit_code == 1
    assert "somebody else was faster" in result.stderr


def test_every_catalogue_secret_is_required_rotated_or_left(bench: Bench) -> None:
    named = ROTATED | BY_HAND | {"db-password", "redis-password"}
    assert named == set(load.catalog().by_name)
