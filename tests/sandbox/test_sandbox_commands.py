"""The command line on a real local AWS: results to stdout, talk to stderr, the exit code is the verdict."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import typer
from botocore.exceptions import ClientError

from catalog import load
from sandbox import up
from sandbox.aws import process
from sandbox.aws.process import LocalAws
from sandbox.commands import clock as clock_command
from sandbox.commands.target import client
from sandbox.place import Place

ACCOUNT, REGION = "222233334444", "us-east-1"
LOG = "/aws/lambda/llm-observatory-staging-rotate-redis"


def _sandbox(base: Path, *command: str, given: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "sandbox", *command],
        cwd=load.ROOT,
        env={**os.environ, "LLMOBS_SANDBOX": str(base), "NO_COLOR": "1"},
        input=given,
        capture_output=True,
        text=True,
        check=False,
    )


def _started(base: Path) -> LocalAws:
    return process.start(Place(name="staging", base=base).root / "aws", ACCOUNT, REGION)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder of a sandbox whose local AWS runs, alone."""
    folder = tmp_path_factory.mktemp("sandboxes")
    _started(folder)
    yield folder
    process.stop(folder / "staging" / "aws")


@pytest.fixture(scope="module")
def cloud(base: Path) -> LocalAws:
    found = process.find(base / "staging" / "aws")
    assert found is not None
    return found


@pytest.mark.parametrize(
    "command", [["clock"], ["clock", "+1d"], ["faults"], ["faults", "add", "delay", "kms"], ["logs"], ["logs", "x"]]
)
def test_without_a_sandbox_a_command_says_what_to_do_and_fails(tmp_path: Path, command: list[str]) -> None:
    ran = _sandbox(tmp_path, *command)
    assert (ran.returncode, ran.stdout) == (1, "")
    assert "no sandbox staging runs" in ran.stderr
    assert "make up ENV=staging" in ran.stderr
    assert "Traceback" not in ran.stderr


def test_status_without_a_sandbox_says_so_and_starts_nothing(tmp_path: Path) -> None:
    ran = _sandbox(tmp_path, "status")
    assert (ran.returncode, ran.stdout) == (0, "")
    assert "no sandbox is there" in ran.stderr
    assert not list(tmp_path.iterdir())


def test_status_tells_ports_pids_time_and_faults(base: Path, cloud: LocalAws) -> None:
    number = cloud.ask("POST", "faults", {"kind": "delay", "service": "kms"})["id"]
    shown = _sandbox(base, "status").stdout
    told = json.loads(_sandbox(base, "status", "--json").stdout)["staging"]
    cloud.ask("DELETE", "faults", {"id": number})
    assert f"localhost:{cloud.port}" in shown
    assert str(cloud.pid) in shown
    assert "1 in force" in shown
    assert told["servers"] == {"PostgreSQL": None, "Redis": None, "AWS": {"port": cloud.port, "pid": cloud.pid}}
    assert [fault["id"] for fault in told["faults"]] == [number]
    assert told["undurable"] == []


def test_a_fault_is_added_hits_is_listed_and_cleared(
    base: Path, cloud: LocalAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    added = _sandbox(base, "faults", "add", "throttle", "secretsmanager", "List*", "--nth", "2", "--times", "3")
    number = added.stdout.strip()
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    secrets = client(cloud, "secretsmanager")
    secrets.list_secrets()
    with pytest.raises(ClientError, match="ThrottlingException"):
        secrets.list_secrets()
    assert json.loads(_sandbox(base, "faults", "--json").stdout)[0]["hit"] == 1
    row = _sandbox(base, "faults").stdout.splitlines()[1]
    assert row.split() == [number, "throttle", "secretsmanager", "List*", "2", "to", "4", "2", "1"]
    cleared = _sandbox(base, "faults", "clear", number)
    assert f"fault {number} (throttle secretsmanager) cleared: hit 1" in cleared.stderr
    again = _sandbox(base, "faults", "clear", number)
    assert again.returncode == 1
    assert f"no fault '{number}' is in force" in again.stderr


def test_what_is_no_fault_is_said_in_its_own_words(base: Path) -> None:
    ran = _sandbox(base, "faults", "add", "throttle", "secretmanager")
    assert (ran.returncode, ran.stdout) == (1, "")
    assert "no service is called 'secretmanager' in a signature" in ran.stderr


def test_logs_are_the_last_calls_with_who_what_and_the_error(base: Path, cloud: LocalAws) -> None:
    secrets = client(cloud, "secretsmanager")
    secrets.create_secret(Name="commands/logs", SecretString="not-to-be-seen")
    with pytest.raises(ClientError):
        secrets.describe_secret(SecretId="commands/absent")
    ran = _sandbox(base, "logs", "--last", "2")
    header, created, refused = ran.stdout.splitlines()
    assert header.split() == ["time", "(UTC)", "principal", "call", "resource", "error"]
    assert created.split()[2:5] == ["user/sandbox", "secretsmanager", "CreateSecret"]
    assert "commands/logs" in created
    assert refused.split()[2:] == [
        "user/sandbox",
        "secretsmanager",
        "DescribeSecret",
        "commands/absent",
        "ResourceNotFoundException",
    ]
    assert "not-to-be-seen" not in ran.stdout
    events = json.loads(_sandbox(base, "logs", "-n", "1", "--json").stdout)
    assert [event["eventName"] for event in events] == ["DescribeSecret"]


def test_following_goes_on_with_what_happens(base: Path, cloud: LocalAws) -> None:
    following = subprocess.Popen(
        [sys.executable, "-m", "sandbox", "logs", "--follow", "--json", "-n", "1"],
        cwd=load.ROOT,
        env={**os.environ, "LLMOBS_SANDBOX": str(base)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert following.stdout is not None
        following.stdout.readline()
        client(cloud, "kms").list_aliases()
        assert json.loads(following.stdout.readline())["eventName"] == "ListAliases"
    finally:
        following.send_signal(signal.SIGINT)
        _, said = following.communicate(timeout=10)
    assert following.returncode == 130
    assert "Traceback" not in said


def test_a_functions_log_is_found_by_the_end_of_its_name(base: Path, cloud: LocalAws) -> None:
    logs = client(cloud, "logs")
    for group in (LOG, f"{LOG}-2"):
        logs.create_log_group(logGroupName=group)
        logs.create_log_stream(logGroupName=group, logStreamName="s")
    now = int(time.time() * 1000)
    events = [{"timestamp": now + number, "message": f"line {number}\n"} for number in range(3)]
    logs.put_log_events(logGroupName=LOG, logStreamName="s", logEvents=events)
    shown = _sandbox(base, "logs", "redis", "-n", "2").stdout.splitlines()
    assert [line.split(maxsplit=2)[2].strip() for line in shown[1:]] == ["line 1", "line 2"]
    absent = _sandbox(base, "logs", "postgres")
    assert absent.returncode == 1
    assert "llm-observatory-staging-rotate-redis" in absent.stderr


def test_a_function_and_the_mail_are_not_shown_together(base: Path) -> None:
    ran = _sandbox(base, "logs", "redis", "--mail")
    assert ran.returncode == 1
    assert "not both" in ran.stderr


@pytest.mark.parametrize(
    ("step", "seconds"),
    [("+90d", 7776000), ("12h", 43200), ("+30m", 1800), ("+2w", 1209600), ("+1d12h", 129600), ("+45s", 45)],
)
def test_a_step_is_a_number_and_a_unit(step: str, seconds: int) -> None:
    assert clock_command.parsed(step) == seconds


@pytest.mark.parametrize("step", ["", "-1d", "+0d", "90", "+1y", "+1d-2h", "d", "+1.5d"])
def test_what_is_no_step_forward_is_refused(step: str) -> None:
    with pytest.raises(up.UpError, match="is no step forward"):
        clock_command.parsed(step)


@pytest.mark.parametrize(
    ("seconds", "said"), [(0, "real time"), (0.2, "real time"), (90 * 86400 + 61, "+90d1m1s"), (3600, "+1h")]
)
def test_the_offset_is_said_in_words(seconds: float, said: str) -> None:
    assert clock_command.offset(seconds) == said


class Pretended:
    """A local AWS whose advance ran what is given."""

    def __init__(self, *outcomes: str) -> None:
        self.asked: list[Mapping[str, Any] | None] = []
        self._ran = [
            {"at": "2026-02-22T10:00:00Z", "kind": "rotation", "name": f"secret-{number}", "outcome": outcome}
            for number, outcome in enumerate(outcomes)
        ]

    def ask(
        self, method: str, path: str, body: Mapping[str, Any] | None = None, *, timeout: float = 600.0
    ) -> dict[str, Any]:
        assert path == "clock"
        self.asked.append(body)
        answer: dict[str, Any] = {"now": "2026-02-22T10:00:00Z", "offset_seconds": 86400.0}
        return answer | ({"ran": self._ran} if method == "POST" else {"next": []})


def _advanced(monkeypatch: pytest.MonkeyPatch, cloud: Pretended, *, as_json: bool = False) -> None:
    monkeypatch.setattr(clock_command, "running", lambda _env: cloud)
    clock_command.clock(step="+1d", as_json=as_json)


def test_an_advance_lists_what_ran_in_order(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    cloud = Pretended("succeeded", "started")
    _advanced(monkeypatch, cloud)
    shown = capsys.readouterr()
    assert cloud.asked == [{"advance_seconds": 86400}]
    assert [line.split()[1:] for line in shown.out.splitlines()[1:]] == [
        ["rotation", "secret-0", "succeeded"],
        ["rotation", "secret-1", "started"],
    ]
    assert "2 came due, 0 failed; it is 2026-02-22T10:00:00Z" in shown.err


def test_what_failed_on_the_way_is_the_verdict(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(typer.Exit) as ended:
        _advanced(monkeypatch, Pretended("succeeded", "failed: Unhandled"), as_json=True)
    assert ended.value.exit_code == 1
    assert json.loads(capsys.readouterr().out)["ran"][1]["outcome"] == "failed: Unhandled"
