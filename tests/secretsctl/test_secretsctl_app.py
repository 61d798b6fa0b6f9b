"""The command line as a whole: options, help, completion, and how it fails without a traceback."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from catalog import load
from tests.secretsctl.bench import REQUIRED, Bench

COMMANDS = ("list", "bootstrap", "set", "rotate", "fetch", "run")


@pytest.mark.parametrize("command", COMMANDS)
def test_help_tells_the_exit_codes(bench: Bench, command: str) -> None:
    result = bench.run(command, "--help")
    assert result.exit_code == 0
    assert "Exit codes:" in result.stdout
    assert "--env" in result.stdout
    assert "extra" not in result.stdout.lower()


def test_an_environment_is_needed(bench: Bench) -> None:
    del bench.variables["LLMOBS_ENV"]
    result = bench.run("list")
    assert result.exit_code == 2
    assert "add --env staging or --env prod, or set LLMOBS_ENV" in result.stderr
    assert bench.run("list", "--env", "staging").exit_code == 0
    assert bench.run("--env", "staging", "list").exit_code == 0
    assert bench.run("list", "--env", "test").exit_code == 2


def test_an_option_before_the_command_wins_over_the_variable(bench: Bench) -> None:
    for arguments in (("--env", "prod", "list"), ("list", "--env", "prod")):
        result = bench.run(*arguments)
        assert result.exit_code == 1
        assert "the environment is in 333344445555" in result.stderr


def test_credentials_of_another_account_are_refused(bench: Bench) -> None:
    bench.aws.account = "999999999999"
    result = bench.run("bootstrap", stdin=REQUIRED)
    assert result.exit_code == 1
    assert "the credentials are of account 999999999999, the environment is in 222233334444" in result.stderr
    assert bench.aws.calls == []


def test_the_stack_file_can_be_another_one(bench: Bench, tmp_path: Path) -> None:
    text = (load.ROOT / "Pulumi.staging.yaml").read_text()
    other = tmp_path / "Pulumi.staging.yaml"
    other.write_text(text.replace("redis-master.staging.llm-observatory.internal", "127.0.0.1"))
    assert bench.run("--config", str(other), "bootstrap", stdin=REQUIRED).exit_code == 0
    assert bench.secret("redis-password").document()["host"] == "127.0.0.1"
    bench.variables["LLMOBS_CONFIG"] = str(tmp_path / "none.yaml")
    missing = bench.run("list")
    assert missing.exit_code == 2
    assert "none.yaml: cannot be read" in missing.stderr


def test_the_stack_file_of_the_other_environment_is_refused(bench: Bench) -> None:
    result = bench.run("list", "--config", "Pulumi.prod.yaml")
    assert result.exit_code == 2
    assert "is not the stack file of environment 'staging'" in result.stderr


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("ExpiredTokenException", "the credentials have expired"),
        ("InvalidClientTokenId", "AWS does not know the access key"),
        ("SignatureDoesNotMatch", "does not belong to the access key"),
    ],
)
def test_refused_credentials_are_told(bench: Bench, code: str, text: str) -> None:
    bench.aws.refuses_everything = code
    result = bench.run("list")
    assert result.exit_code == 1
    assert text in result.stderr


@pytest.mark.parametrize(
    ("variables", "text"),
    [
        ({"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}, "there are no AWS credentials"),
        ({"AWS_ENDPOINT_URL": "http://127.0.0.1:9"}, "AWS does not answer (EndpointConnectionError)"),
        ({"AWS_ENDPOINT_URL": "nonsense"}, "the AWS settings are not usable (ValueError)"),
        ({"AWS_PROFILE": "nobody"}, "AWS_PROFILE names no profile"),
    ],
)
def test_wrong_aws_settings_give_a_text_and_no_traceback(bench: Bench, variables: dict[str, str], text: str) -> None:
    result = bench.process("list", **variables)
    assert result.returncode == 1
    assert text in result.stderr
    assert "Traceback" not in result.stderr
    assert result.stdout == ""


def test_a_config_file_that_cannot_be_parsed_is_told(bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "config").write_text("not an ini file")
    result = bench.process("run", "--", "true", AWS_CONFIG_FILE=str(tmp_path / "config"))
    assert result.returncode == 1
    assert "the AWS settings are not usable (ConfigParseError)" in result.stderr
    assert "Traceback" not in result.stderr


def test_the_region_is_the_environments(bench: Bench) -> None:
    assert bench.process("list", AWS_REGION="nowhere-1", AWS_DEFAULT_REGION="").returncode == 0


def test_ctrl_c_while_waiting_ends_with_130(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    for secret in bench.aws.secrets.values():
        secret.looks_left = 0
    monkeypatch.setattr(bench.aws, "_attempt", lambda id_, secret: None)
    with subprocess.Popen(
        [sys.executable, "-m", "secretsctl", "bootstrap"],
        env=bench.variables,
        cwd=load.ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as child:
        assert child.stdin is not None
        assert child.stderr is not None
        child.stdin.write(REQUIRED)
        child.stdin.close()
        while len(bench.aws.called("RotateSecret")) < 7:
            time.sleep(0.05)
        time.sleep(0.2)
        child.send_signal(signal.SIGINT)
        assert child.wait(10) == 130
        assert "Traceback" not in child.stderr.read()


def test_a_fault_of_our_own_shows_no_values(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, no_canary: Callable[..., None]
) -> None:
    def broken(*args: object) -> None:
        raise RuntimeError(f"value was {REQUIRED}")

    monkeypatch.setattr("stores.aws.AwsStore.put", broken)
    result = bench.run("bootstrap", stdin=REQUIRED)
    assert result.exit_code == 1
    assert "RuntimeError at test_secretsctl_app.py" in result.stderr
    no_canary(result.stdout, result.stderr)


def test_names_complete_from_the_catalogue(bench: Bench) -> None:
    def completed(line: str) -> list[str]:
        words = len(line.split(" ")) - 1
        result = bench.process(_SECRETSCTL_COMPLETE="complete_bash", COMP_WORDS=line, COMP_CWORD=str(words))
        return result.stdout.split()

    assert completed("secretsctl rotate db-r") == [
        "db-recovery-password",
        "db-readonly-password",
        "db-replication-password",
    ]
    assert completed("secretsctl set openai-") == ["openai-api-key", "openai-admin-key"]
    assert completed("secretsctl fetch --consumer rep") == ["replication"]
    assert completed("secretsctl fetch DATABASE") == ["DATABASE_URL"]
    assert completed("secretsctl bo") == ["bootstrap"]


def test_completion_can_be_shown(bench: Bench) -> None:
    shell = shutil.which("bash")
    assert shell is not None
    script = f"{sys.executable} -m secretsctl --show-completion; exit $?"
    out = subprocess.run([shell, "-c", script], env=bench.variables, cwd=load.ROOT, capture_output=True, text=True)
    assert out.returncode == 0, out.stderr
    assert "_SECRETSCTL_COMPLETE=complete_bash" in out.stdout


def test_completion_can_be_installed(bench: Bench, tmp_path: Path) -> None:
    script = f"{sys.executable} -m secretsctl --install-completion; exit $?"
    out = subprocess.run(
        ["bash", "-c", script],
        env=bench.variables | {"HOME": str(tmp_path)},
        cwd=load.ROOT,
        capture_output=True,
        text=True,
    )
    assert out.returncode == 0, out.stderr
    assert any("secretsctl" in path.read_text() for path in tmp_path.rglob("*") if path.is_file())


def test_a_closed_pipe_is_quiet(bench: Bench) -> None:
    script = f"{sys.executable} -m secretsctl list --json | true"
    out = subprocess.run(["bash", "-c", script], env=bench.variables, cwd=load.ROOT, capture_output=True, text=True)
    assert "Traceback" not in out.stderr
    assert os.WIFEXITED(out.returncode)
