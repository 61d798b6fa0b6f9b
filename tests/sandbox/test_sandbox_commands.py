"""The command line on a real local AWS: results to stdout, talk to stderr, the exit code is the verdict."""

import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from catalog import load
from sandbox import __main__ as command_line
from sandbox.aws import process
from sandbox.aws.process import LocalAws
from sandbox.commands.target import client
from sandbox.place import Place
from tests.contract.aws.harness import eventually

ACCOUNT, REGION = "222233334444", "us-east-1"
LOG = "/aws/lambda/llm-observatory-staging-rotate-redis"


@dataclass(frozen=True, kw_only=True)
class Ran:
    """How a command ended and what it said."""

    returncode: int
    stdout: str
    stderr: str


def _sandbox(base: Path, *command: str) -> Ran:
    """A command of the sandbox in this process, which saves a second of imports each."""
    out, err = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
        patch.setenv("LLMOBS_SANDBOX", str(base))
        patch.setattr(sys, "argv", ["sandbox", *command])
        with pytest.raises(SystemExit) as ended:
            command_line.main()
    return Ran(returncode=int(ended.value.code or 0), stdout=out.getvalue(), stderr=err.getvalue())


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


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("nope", "No such command 'nope'"),
        ("up --env nope", "'nope' is not one of 'staging', 'prod'"),
        ("faults add explode kms", "'explode' is not one of 'throttle'"),
        ("faults add", "Missing argument 'kind'"),
        ("clock +1d --nope", "No such option: --nope"),
        ("logs -n 0", "greater than or equal to 1"),
    ],
)
def test_a_wrong_word_on_the_command_line_is_said_in_one_line_without_a_traceback(
    tmp_path: Path, command: str, said: str
) -> None:
    ran = _sandbox(tmp_path, *command.split())
    assert ran.returncode == 2
    assert said in " ".join(ran.stderr.split())
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


def test_the_mail_that_went_out_is_shown(base: Path, cloud: LocalAws) -> None:
    assert "nothing yet" in _sandbox(base, "logs", "--mail").stderr
    sns = client(cloud, "sns")
    topic = sns.create_topic(Name="alarms")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="oncall@example.com")
    sns.publish(TopicArn=topic, Subject="the subject", Message="the message")
    eventually(lambda: cloud.ask("GET", "mail")["mail"])
    shown = _sandbox(base, "logs", "--mail").stdout
    assert "oncall@example.com" in shown
    assert "the subject" in shown
    letters = json.loads(_sandbox(base, "logs", "--mail", "--json").stdout)
    assert letters[-1]["message"] == "the message"
