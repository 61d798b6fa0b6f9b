"""What a child of the sandbox gets to see, and what it may not be pointed at."""

import subprocess
from pathlib import Path

import pytest

from sandbox.engine import Engine, EngineError

ENV = {"PULUMI_HOME": "/home", "PULUMI_BACKEND_URL": "file:///state", "PULUMI_CONFIG_PASSPHRASE": "local"}
ENGINE = Engine(binary=Path("/bin/echo"), version="3.259.0", reason="for a test")


@pytest.mark.parametrize(
    "url", ["https://kms.us-east-1.amazonaws.com", "http://10.1.2.3:5000", "http://example.com", ""]
)
def test_an_endpoint_elsewhere_is_refused(url: str) -> None:
    with pytest.raises(EngineError, match="not on this machine"):
        ENGINE.run(["up"], {**ENV, "AWS_ENDPOINT_URL": url}, Path("/"))


@pytest.mark.parametrize("url", ["http://127.0.0.1:5000", "http://localhost:5000", "http://[::1]:5000"])
def test_an_endpoint_on_this_machine_is_taken(url: str) -> None:
    assert ENGINE.environment({**ENV, "AWS_ENDPOINT_URL": url})["AWS_ENDPOINT_URL"] == url


@pytest.mark.parametrize("change", [{"PULUMI_BACKEND_URL": "https://api.pulumi.com"}, {"PULUMI_HOME": ""}])
def test_a_backend_elsewhere_is_refused(change: dict[str, str]) -> None:
    with pytest.raises(EngineError, match="of its own"):
        ENGINE.environment({**ENV, **change})


def test_nothing_of_the_callers_pulumi_or_aws_reaches_the_child(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "prod")
    monkeypatch.setenv("PULUMI_ACCESS_TOKEN", "somebody's")
    child = ENGINE.environment(ENV)
    assert not {"AWS_PROFILE", "PULUMI_ACCESS_TOKEN"} & set(child)
    assert child["PULUMI_SKIP_UPDATE_CHECK"] == "true"


def test_the_output_is_in_the_result_or_goes_where_it_is_told(tmp_path: Path) -> None:
    assert ENGINE.run(["up"], ENV, tmp_path).stdout == "--non-interactive up\n"
    with (tmp_path / "log").open("w") as log:
        result = ENGINE.run(["up"], ENV, tmp_path, stream=log)
    assert result.stdout is None
    assert (tmp_path / "log").read_text() == "--non-interactive up\n"


def test_the_exit_code_is_passed_on(tmp_path: Path) -> None:
    failing = Engine(binary=Path("/bin/false"), version="3.259.0", reason="for a test")
    result: subprocess.CompletedProcess[str] = failing.run(["up"], ENV, tmp_path)
    assert result.returncode == 1
