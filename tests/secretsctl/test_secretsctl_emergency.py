"""`secretsctl emergency` against a fake AWS: what it starts, what it shows, how it ends."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from catalog import load
from catalog.emergency.scope import rotated
from catalog.emergency.version import token
from tests.secretsctl.bench import Bench

CATALOG = load.catalog()
WHY = ("--incident", "INC-7", "--reason", "a laptop was stolen")
GO = (*WHY, "--yes")
NAMED = ("jwt-secret", "redis-password")


def test_the_named_secrets_are_rotated_and_the_report_says_so(bootstrapped: Bench) -> None:
    result = bootstrapped.run("emergency", *NAMED, *GO)
    assert result.exit_code == 0, result.stderr
    assert bootstrapped.aws.machine.orders() == [
        {"incident": "INC-7", "reason": "a laptop was stolen", "scope": {"secrets": ["jwt-secret", "redis-password"]}}
    ]
    assert "INC-7: 2 rotated, 2 of them retired, 0 failed" in result.stdout
    assert token("INC-7", "jwt-secret") in result.stdout
    assert "jwt-secret: retired" in result.stderr
    assert bootstrapped.aws.called("GetSecretValue") == bootstrapped.aws.called("BatchGetSecretValue") == []


def test_it_says_first_what_it_will_do_and_who_is_expected_to_fail(bootstrapped: Bench) -> None:
    result = bootstrapped.run("emergency", "--all", *WHY)
    assert result.exit_code == 1
    assert f"{len(rotated(CATALOG))} secrets are rotated, and what was before them dies at once" in result.stderr
    assert "must be set by hand: anthropic-api-key" in result.stderr
    assert "api-server (up to 300 s)" in result.stderr
    assert "ci (" not in result.stderr
    assert "people have to log in again: " in result.stderr
    assert "nothing was started; type the environment's name, or add --yes" in result.stderr
    assert bootstrapped.aws.machine.executions == {}


@pytest.mark.parametrize(
    ("arguments", "scope"), [(["--all"], "all"), (["--tier", "2"], {"tier": 2}), (["jwt-secret"], None)]
)
def test_the_scope_is_all_a_tier_or_names(bootstrapped: Bench, arguments: list[str], scope: object) -> None:
    assert bootstrapped.run("emergency", *arguments, *GO).exit_code == 0
    [order] = bootstrapped.aws.machine.orders()
    assert order["scope"] == (scope or {"secrets": ["jwt-secret"]})


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "give one of --all, --tier N, names, --follow INCIDENT, --redrive INCIDENT"),
        (["--all", "jwt-secret", *GO], "give one of --all"),
        (["--all", "--tier", "1", *GO], "give one of --all"),
        (["--all", "--yes"], "--incident and --reason: must be one line"),
        (["--all", "--incident", "INC-7", "--yes"], "--reason: must be one line"),
        (["--all", "--incident", " ", "--reason", "x", "--yes"], "--incident: must be one line"),
        (["--all", "--incident", "a\nb", "--reason", "x"], "--incident: must be one line"),
        (["--all", "--incident", "INC-7", "--reason", "x" * 201], "--reason: must be one line"),
        (["--tier", "7", *GO], "there is no tier 7; there are 1, 2, 3"),
        (["jwt-secrt", *GO], "did you mean 'jwt-secret'?"),
        (["JWT_SECRET", *GO], "JWT_SECRET is a name of secret 'jwt-secret'"),
        (["anthropic-api-key", *GO], "nothing of that is rotated by a function"),
        (["--follow", "INC-7", "--reason", "x"], "--follow and --redrive know the incident"),
        (["--follow", "INC-7", "--redrive", "INC-7"], "give one of --all"),
        (["--follow", "INC-8"], "incident 'INC-8': nothing was started for it"),
        (["--redrive", "INC-8", "--yes"], "incident 'INC-8': nothing was started for it"),
    ],
)
def test_bad_input_is_refused_before_anything_is_started(bootstrapped: Bench, arguments: list[str], said: str) -> None:
    result = bootstrapped.run("emergency", *arguments)
    assert result.exit_code == 2
    assert said in result.stderr
    assert bootstrapped.aws.machine.executions == {}


def test_what_failed_makes_it_partly_and_redrive_rotates_only_that(bootstrapped: Bench) -> None:
    machine = bootstrapped.aws.machine
    machine.breaks["redis-password"] = "not rotated within 300 s. See why, and go on with it"
    result = bootstrapped.run("emergency", *NAMED, *GO)
    assert result.exit_code == 3
    assert "error: redis-password: not rotated within 300 s" in result.stderr
    assert "1 rotated, 1 of them retired, 1 failed" in result.stdout
    assert "`secretsctl emergency --redrive INC-7`" in result.stderr
    first = bootstrapped.secret("jwt-secret").holder("AWSCURRENT")
    machine.breaks.clear()
    again = bootstrapped.run("emergency", "--redrive", "INC-7", "--yes")
    assert again.exit_code == 0, again.stderr
    assert machine.orders()[0] == machine.orders()[1]
    assert bootstrapped.secret("jwt-secret").holder("AWSCURRENT") == first
    assert bootstrapped.secret("redis-password").holder("AWSCURRENT") == token("INC-7", "redis-password")
    nothing = bootstrapped.run("emergency", "--redrive", "INC-7", "--yes")
    assert (nothing.exit_code, len(machine.orders())) == (1, 2)
    assert "nothing is left to do" in nothing.stderr


def test_when_nothing_at_all_was_rotated_it_has_failed(bootstrapped: Bench) -> None:
    bootstrapped.aws.machine.breaks["jwt-secret"] = "x"
    assert bootstrapped.run("emergency", "jwt-secret", *GO).exit_code == 1


def test_the_same_is_started_once_and_an_incident_may_grow(bootstrapped: Bench) -> None:
    machine = bootstrapped.aws.machine
    assert bootstrapped.run("emergency", "jwt-secret", *GO).exit_code == 0
    again = bootstrapped.run("emergency", "jwt-secret", *GO)
    assert again.exit_code == 2
    assert "was started for the same secrets before" in again.stderr
    assert "--redrive INC-7" in again.stderr
    assert bootstrapped.run("emergency", "--tier", "1", *GO).exit_code == 0
    assert len(machine.executions) == 2
    assert bootstrapped.run("emergency", "jwt-secret", "--incident", "inc 7", "--reason", "x", "--yes").exit_code == 0


def test_two_who_start_the_same_at_once_follow_one_run(bootstrapped: Bench) -> None:
    from secretsctl.emergency import Order
    from secretsctl.options import EnvironmentName, Options
    from secretsctl.workspace import opened

    with pytest.MonkeyPatch.context() as patch:
        for name, value in bootstrapped.variables.items():
            patch.setenv(name, value)
        emergencies = opened(Options(env=EnvironmentName.STAGING)).emergencies()
    order = Order(incident="INC-7", reason="x", scope={"secrets": ["jwt-secret"]})
    bootstrapped.aws.machine.stays = True
    assert emergencies.start(order).arn == emergencies.start(order).arn
    assert len(bootstrapped.aws.machine.executions) == 1


def test_a_run_can_be_followed_again_and_one_that_was_stopped_says_what_is_left(bootstrapped: Bench) -> None:
    machine = bootstrapped.aws.machine
    machine.stops = True
    stopped = bootstrapped.run("emergency", *NAMED, *GO)
    assert stopped.exit_code == 1
    assert "ABORTED" in stopped.stderr
    machine.stops = False
    assert bootstrapped.run("emergency", "--redrive", "INC-7", "--yes").exit_code == 0
    followed = bootstrapped.run("emergency", "--follow", "INC-7", "--json")
    assert followed.exit_code == 0
    assert json.loads(followed.stdout)["status"] == "SUCCEEDED"


def test_the_report_is_one_json_object_on_request(bootstrapped: Bench) -> None:
    told = json.loads(bootstrapped.run("emergency", "--all", *GO, "--json").stdout)
    by_name = {line["secret"]: line for line in told["secrets"]}
    assert set(by_name) == set(CATALOG.by_name)
    assert by_name["jwt-secret"]["state"] == "retired"
    assert by_name["jwt-secret"]["version"] == token("INC-7", "jwt-secret")
    assert by_name["anthropic-api-key"]["state"] == "by hand"
    assert by_name["sentry-dsn"]["state"] == "no value"
    assert "sentry-dsn" in told["no_value"]
    assert told["rotated"] == told["retired"] == len(rotated(CATALOG)) - len(told["no_value"])
    assert (told["failed"], told["left"], told["environment"]) == (0, [], "staging")
    assert told["results"] == "s3://results/emergency/"
    assert isinstance(told["seconds"], int)


def test_by_hand_is_told_with_the_command_for_it(bootstrapped: Bench) -> None:
    result = bootstrapped.run("emergency", "--all", *GO)
    assert result.exit_code == 0
    assert "`secretsctl set anthropic-api-key --incident INC-7`" in result.stderr


def test_a_secret_that_may_not_be_looked_at_is_told_and_hides_no_other(bootstrapped: Bench) -> None:
    bootstrapped.aws.denied.add(("DescribeSecret", "llm-observatory/staging/jwt-secret"))
    told = json.loads(bootstrapped.run("emergency", *NAMED, *GO, "--json").stdout)
    states = {line["secret"]: line["state"] for line in told["secrets"]}
    assert states == {"jwt-secret": "unknown", "redis-password": "retired"}


def test_who_may_not_start_it_is_told(bootstrapped: Bench) -> None:
    bootstrapped.aws.denied.add(("StartExecution", "*"))
    result = bootstrapped.run("emergency", "jwt-secret", *GO)
    assert result.exit_code == 1
    assert "cannot start the emergency" in result.stderr


def in_a_terminal(bench: Bench, arguments: list[str]) -> tuple[subprocess.Popen[bytes], int]:
    leader, follower = pty.openpty()
    child = subprocess.Popen(
        [sys.executable, "-m", "secretsctl", *arguments],
        stdin=follower,
        stdout=follower,
        stderr=follower,
        env=bench.variables | {"TERM": "xterm"},
        cwd=Path(load.ROOT),
        start_new_session=True,
        preexec_fn=lambda: os.close(os.open(os.ttyname(0), os.O_RDWR)),  # makes it the controlling terminal
    )
    os.close(follower)
    return child, leader


def until(leader: int, text: bytes, seconds: float = 30) -> bytes:
    seen, deadline = b"", time.monotonic() + seconds
    while text not in seen and time.monotonic() < deadline:
        seen += os.read(leader, 4096)
    return seen


def test_at_a_terminal_it_asks_for_the_environments_name_and_ctrl_c_leaves_it_running(bootstrapped: Bench) -> None:
    bootstrapped.aws.machine.stays = True
    child, leader = in_a_terminal(bootstrapped, ["emergency", "jwt-secret", *WHY])
    seen = until(leader, b"(staging):")
    assert b"(staging):" in seen, seen
    os.write(leader, b"staging\n")
    seen = until(leader, b"SECONDS")
    assert b"jwt-secret" in seen
    child.send_signal(signal.SIGINT)
    seen = until(leader, b"--follow INC-7")
    assert child.wait(30) == 130
    os.close(leader)
    assert b"goes on by itself" in seen
    assert b"Traceback" not in seen
    [execution] = bootstrapped.aws.machine.executions.values()
    assert execution.status == "RUNNING"
    bootstrapped.aws.machine.stays = False
    assert bootstrapped.run("emergency", "--follow", "INC-7").exit_code == 0


def test_another_word_than_the_environments_name_starts_nothing(bootstrapped: Bench) -> None:
    child, leader = in_a_terminal(bootstrapped, ["emergency", "jwt-secret", *WHY])
    until(leader, b"(staging):")
    os.write(leader, b"yes\n")
    seen = until(leader, b"nothing was started")
    assert child.wait(30) == 1
    os.close(leader)
    assert b"nothing was started" in seen
    assert bootstrapped.aws.machine.executions == {}
