"""`secretsctl set` against a fake AWS: what is taken, what is refused, and that no value is shown."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from collections.abc import Callable

import pytest

from catalog import load
from tests.secretsctl.bench import CANARY, Bench


def test_a_raw_value_is_taken_with_and_without_the_newline_of_echo(
    bench: Bench, no_canary: Callable[..., None]
) -> None:
    for name, text in (("openai-api-key", CANARY), ("anthropic-api-key", CANARY + "\n")):
        result = bench.run("set", name, stdin=text)
        assert result.exit_code == 0, result.stderr
        assert bench.secret(name).document()["key"] == CANARY
        no_canary(result.stdout, result.stderr)


def test_a_secret_with_two_names_takes_lines(bench: Bench) -> None:
    text = f"AWS_SECRET_ACCESS_KEY={CANARY}\nAWS_ACCESS_KEY_ID=AKIAIOSFODNN7EXAMPLE\n"
    assert bench.run("set", "aws-access-key", stdin=text).exit_code == 0
    assert bench.secret("aws-access-key").document()["access_key_id"] == "AKIAIOSFODNN7EXAMPLE"


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("openai-api-key", "", "OPENAI_API_KEY: is empty"),
        ("openai-api-key", "\n", "OPENAI_API_KEY: is empty"),
        ("openai-api-key", CANARY + "\n\n", "begins or ends with whitespace"),
        ("openai-api-key", CANARY + "\r\n", "begins or ends with whitespace"),
        ("openai-api-key", CANARY + " \n", "begins or ends with whitespace"),
        ("openai-api-key", f"{CANARY}\n{CANARY}", "holds a line break"),
        ("anthropic-api-key", CANARY[:19], "at least 20 characters"),
        ("sentry-dsn", f"https://{CANARY}", "is no DSN"),
        ("sentry-dsn", "https://key@host/", "is no DSN"),
        ("sentry-dsn", "http://key@host/1", "is no DSN"),
        ("grafana-admin-password", CANARY[:31], "under 32 characters"),
        ("aws-access-key", CANARY, "line 1: is not NAME=value"),
        ("aws-access-key", f"AWS_SECRET_ACCESS_KEY={CANARY}", "AWS_ACCESS_KEY_ID: is missing"),
        ("aws-access-key", f"AWS_ACCESS_KEY_ID={CANARY}", "is no access key id"),
    ],
)
def test_it_refuses_a_wrong_value(
    bench: Bench, no_canary: Callable[..., None], name: str, value: str, text: str
) -> None:
    result = bench.run("set", name, stdin=value)
    assert result.exit_code == 2
    assert text in result.stderr
    assert bench.aws.called("PutSecretValue") == []
    no_canary(result.stdout, result.stderr)


@pytest.mark.parametrize("name", ["db-app-password", "jwt-secret"])
def test_it_refuses_what_rotation_makes(bench: Bench, name: str) -> None:
    result = bench.run("set", name, stdin=CANARY)
    assert result.exit_code == 2
    assert f"run `secretsctl rotate {name}`" in result.stderr


def test_it_asks_before_it_changes_the_record_of_a_servers_password(bench: Bench) -> None:
    refused = bench.run("set", "db-password", stdin=CANARY)
    assert refused.exit_code == 1
    assert "not the password of the server itself" in refused.stderr
    assert "add --yes" in refused.stderr
    assert bench.aws.called("PutSecretValue") == []
    assert bench.run("set", "db-password", "--yes", stdin=CANARY).exit_code == 0
    assert bench.secret("db-password").document()["password"] == CANARY


@pytest.mark.parametrize(
    "arguments",
    [
        ["set", "openai-api-key", CANARY],
        ["set", f"openai-api-key={CANARY}"],
        ["set", CANARY],
        ["fetch", "--to", "/nonexistent/x", CANARY],
        ["rotate", CANARY],
        ["fetch", "--to", "/nonexistent/x", "--consumer", CANARY],
    ],
)
def test_a_value_typed_as_an_argument_is_not_repeated(
    bench: Bench, no_canary: Callable[..., None], arguments: list[str]
) -> None:
    result = bench.run(*arguments)
    assert result.exit_code == 2
    no_canary(result.stdout, result.stderr)


def test_a_name_that_is_no_secret_is_explained(bench: Bench) -> None:
    assert "did you mean 'openai-api-key'?" in bench.run("set", "openai-api-kay").stderr
    assert "OPENAI_API_KEY is a name of secret 'openai-api-key'" in bench.run("set", "OPENAI_API_KEY").stderr


def test_the_result_names_versions_only(bench: Bench) -> None:
    old = bench.secret("anthropic-api-key").holder("AWSCURRENT")
    answer = json.loads(bench.run("--json", "set", "anthropic-api-key", stdin=CANARY).stdout)
    new = bench.secret("anthropic-api-key").holder("AWSCURRENT")
    assert answer == {"secret": "anthropic-api-key", "old_version": old, "new_version": new}


def test_it_warns_when_a_rotation_is_unfinished(bench: Bench) -> None:
    bench.secret("anthropic-api-key").fails_with = "x"
    bench.aws.answer(
        "RotateSecret", {"SecretId": "llm-observatory/staging/anthropic-api-key", "ClientRequestToken": "t"}
    )
    result = bench.run("set", "anthropic-api-key", stdin=CANARY)
    assert result.exit_code == 0
    assert "is unfinished" in result.stderr


def typed(bench: Bench, arguments: list[str], keys: list[bytes]) -> tuple[int, str]:
    """Run in a terminal and type; the exit code and everything that the terminal showed."""
    leader, follower = pty.openpty()
    child = subprocess.Popen(
        [sys.executable, "-m", "secretsctl", *arguments],
        stdin=follower,
        stdout=follower,
        stderr=follower,
        env=bench.variables | {"TERM": "xterm"},
        cwd=load.ROOT,
        start_new_session=True,
        preexec_fn=lambda: os.close(os.open(os.ttyname(0), os.O_RDWR)),  # makes it the controlling terminal
    )
    os.close(follower)
    seen = b""
    for key in keys:
        while not seen.rstrip().endswith((b":", b"[y/N]")):
            seen += os.read(leader, 1024)
        os.write(leader, key)
        seen += b"|"
    while True:
        try:
            more = os.read(leader, 1024)
        except OSError:  # the child closed the terminal
            break
        if not more:
            break
        seen += more
    os.close(leader)
    return child.wait(30), seen.decode()


def test_at_a_terminal_it_asks_without_echo(bench: Bench, no_canary: Callable[..., None]) -> None:
    code, seen = typed(bench, ["set", "redis-password"], [CANARY.encode() + b"\n", b"y\n"])
    assert code == 0, seen
    assert "REDIS_PASSWORD:" in seen
    assert bench.secret("redis-password").document()["password"] == CANARY
    no_canary(seen)


def test_ctrl_c_at_the_question_ends_with_130(bench: Bench) -> None:
    code, seen = typed(bench, ["set", "openai-api-key"], [b"\x03"])
    assert code == 130, seen
    assert "Traceback" not in seen


def test_at_a_terminal_bootstrap_asks_for_the_required_names_only(bench: Bench, no_canary: Callable[..., None]) -> None:
    code, seen = typed(bench, ["bootstrap"], [CANARY.encode() + b"\n", CANARY.encode() + b"\n"])
    assert code == 0, seen
    assert "DB_PASSWORD:" in seen
    assert "REDIS_PASSWORD:" in seen
    assert "SMTP_PASSWORD:" not in seen
    no_canary(seen)
