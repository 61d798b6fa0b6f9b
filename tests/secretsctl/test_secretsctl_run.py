"""`secretsctl run` in real processes: the environment, signals, exit codes."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from catalog import load
from tests.secretsctl.bench import CANARY, Bench

SHOW = "import json, os; print(json.dumps(dict(os.environ)))"


def variables(bench: Bench, *options: str, **extra: str) -> Mapping[str, str]:
    result = bench.process("run", *options, "--", sys.executable, "-c", SHOW, **extra)
    assert result.returncode == 0, result.stderr
    found: Mapping[str, str] = json.loads(result.stdout)
    return found


def test_with_the_role_of_a_consumer_the_program_gets_what_that_consumer_reads(bootstrapped: Bench) -> None:
    role = "assumed-role/llm-observatory-staging-collector/pod"
    bootstrapped.aws.caller = f"arn:aws:sts::{bootstrapped.aws.account}:{role}"
    found = variables(bootstrapped)
    assert "JWT_SECRET" in found
    assert "SECRET_KEY" not in found


def test_the_program_gets_the_names_and_libpqs_variables(bootstrapped: Bench, no_canary: Callable[..., None]) -> None:
    found = variables(bootstrapped, PGSERVICE="elsewhere", PGHOSTADDR="192.0.2.1", MINE="kept")
    assert found["DB_APP_PASSWORD"] == found["PGPASSWORD"] == f"{CANARY}db-app-password"
    assert found["DATABASE_URL"].startswith("postgresql://app:")
    assert found["REDIS_URL"].startswith("rediss://default:")
    assert found["PGUSER"] == "app"
    assert found["PGHOST"] == "timescaledb-primary.staging.llm-observatory.internal"
    assert (found["PGPORT"], found["PGDATABASE"]) == ("5432", "llm_observatory")
    assert (found["PGSSLMODE"], found["PGSSLROOTCERT"]) == ("verify-full", "/etc/llm-observatory/ca.crt")
    assert found["MINE"] == "kept"
    assert "PGSERVICE" not in found
    assert "PGHOSTADDR" not in found
    assert "OPENAI_API_KEY" not in found
    quiet = bootstrapped.process("run", "--", "true")
    assert "warning: left out: cannot read secret 'openai-api-key'" in quiet.stderr
    no_canary(quiet.stdout, quiet.stderr)


def test_a_consumer_gets_its_own_names_only(bootstrapped: Bench) -> None:
    found = variables(bootstrapped, "--consumer", "grafana")
    assert "DB_READONLY_PASSWORD" in found
    assert not {"DB_APP_PASSWORD", "DB_PASSWORD", "DATABASE_URL", "PGPASSWORD"} & set(found)


def test_psql_can_log_in_with_another_secret(bootstrapped: Bench) -> None:
    found = variables(bootstrapped, "--consumer", "grafana", "--psql", "db-readonly-password")
    assert (found["PGUSER"], found["PGPASSWORD"]) == ("readonly", f"{CANARY}db-readonly-password")
    other = variables(bootstrapped, "--consumer", "grafana", "--psql", "db-password")
    assert other["PGUSER"] == "postgres"
    refused = bootstrapped.process("run", "--psql", "redis-password", "--", "true")
    assert refused.returncode == 2
    assert "is not of a PostgreSQL database" in refused.stderr


def test_the_callers_session_token_does_not_follow_another_key(bootstrapped: Bench) -> None:
    text = f"AWS_SECRET_ACCESS_KEY={CANARY}\nAWS_ACCESS_KEY_ID=AKIAIOSFODNN7EXAMPLE\n"
    assert bootstrapped.run("set", "aws-access-key", stdin=text).exit_code == 0
    found = variables(bootstrapped, "--consumer", "backup", AWS_SESSION_TOKEN="of the caller")
    assert found["AWS_ACCESS_KEY_ID"] == "AKIAIOSFODNN7EXAMPLE"
    assert "AWS_SESSION_TOKEN" not in found


def test_the_programs_own_shell_expands_names(bootstrapped: Bench) -> None:
    result = bootstrapped.process("run", "--", "sh", "-c", 'printf %s "$REDIS_PASSWORD"')
    assert result.stdout == f"{CANARY}redis"


def test_stdin_and_options_of_the_program_reach_it(bootstrapped: Bench) -> None:
    result = bootstrapped.process("run", "--", "sh", "-c", 'cat; echo "$@"', "x", "--json", "--env", "-h", stdin="in\n")
    assert result.stdout == "in\n--json --env -h\n"


@pytest.mark.parametrize("code", [0, 1, 2, 3, 77, 255])
def test_the_exit_code_is_kept(bootstrapped: Bench, code: int) -> None:
    assert bootstrapped.process("run", "--consumer", "ci", "--", "sh", "-c", f"exit {code}").returncode == code


def test_signals_reach_the_program_and_a_shell_sees_128_plus_the_number(bootstrapped: Bench) -> None:
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1):
        trap = f"trap 'echo got; exit 9' {number.name[3:]}; echo ready; while :; do sleep 0.05; done"
        with subprocess.Popen(
            [sys.executable, "-m", "secretsctl", "run", "--consumer", "ci", "--", "sh", "-c", trap],
            env=bootstrapped.variables,
            cwd=load.ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        ) as child:
            assert child.stdout is not None
            assert child.stdout.readline() == "ready\n"
            child.send_signal(number)
            assert child.stdout.read() == "got\n"
            assert child.wait(10) == 9
    inner = f"{sys.executable} -m secretsctl run --consumer ci -- sh -c 'kill -TERM $$'; echo $?"
    out = subprocess.run(
        ["bash", "-c", inner], env=bootstrapped.variables, cwd=load.ROOT, capture_output=True, text=True, check=True
    )
    assert out.stdout == "143\n"


def test_the_program_dies_of_a_closed_pipe_as_ever(bootstrapped: Bench) -> None:
    script = f"{sys.executable} -m secretsctl run --consumer ci -- yes 2>/dev/null | head -1; echo ${{PIPESTATUS[0]}}"
    out = subprocess.run(
        ["bash", "-c", script], env=bootstrapped.variables, cwd=load.ROOT, capture_output=True, text=True, check=True
    )
    assert out.stdout == "y\n141\n"


def test_a_command_that_does_not_exist_is_127(bootstrapped: Bench, tmp_path: Path) -> None:
    result = bootstrapped.process("run", "--consumer", "ci", "--", "no-such-program")
    assert result.returncode == 127
    assert "command no-such-program: not found" in result.stderr
    (tmp_path / "data").write_text("x")
    refused = bootstrapped.process("run", "--consumer", "ci", "--", str(tmp_path / "data"))
    assert refused.returncode == 126
    assert "Traceback" not in result.stderr + refused.stderr


def test_what_may_not_be_read_stops_it(bootstrapped: Bench) -> None:
    bootstrapped.aws.denied.add(("GetSecretValue", "llm-observatory/staging/db-password"))
    result = bootstrapped.process("run", "--", "true")
    assert result.returncode == 1
    assert "take only what one consumer reads with --consumer" in result.stderr


def test_nothing_is_written_to_disk(bootstrapped: Bench, tmp_path: Path) -> None:
    bootstrapped.process("run", "--", "sh", "-c", f"ls -A {tmp_path} > /dev/null", TMPDIR=str(tmp_path))
    assert list(tmp_path.iterdir()) == []
