"""Which AWS the contract runs against: AWS_CONTRACT=sandbox (default), moto (to prove that it diverges) or real."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import boto3
import pytest

from sandbox.aws import process
from tests.contract.aws.harness import ContractAws, Kind

_HERE = Path(__file__).parent
KIND = cast("Kind", os.environ.get("AWS_CONTRACT", "sandbox"))
REGION = os.environ.get("AWS_CONTRACT_REGION", "us-east-1")


def pytest_configure(config: pytest.Config) -> None:
    """Register the markers of the contract."""
    config.addinivalue_line(
        "markers", "diverges: stock moto differs from AWS here; with AWS_CONTRACT=moto it must fail"
    )
    config.addinivalue_line("markers", "executes: runs deployed code, which stock moto does not")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """On stock moto a diverging test must fail, and what needs a running function is skipped."""
    if KIND != "moto":
        return
    for item in items:
        if _HERE not in item.path.parents:
            continue
        if item.get_closest_marker("executes"):
            item.add_marker(pytest.mark.skip(reason="stock moto runs no deployed code"))
        elif item.get_closest_marker("diverges"):
            item.add_marker(pytest.mark.xfail(strict=True, reason="stock moto differs from AWS"))


@pytest.fixture(scope="session")
def aws_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Kind, str | None, str]]:
    """The AWS of this run: kind, endpoint, account."""
    if KIND == "real":
        yield KIND, None, boto3.client("sts").get_caller_identity()["Account"]
    elif KIND == "moto":
        port = _free_port()
        server = subprocess.Popen(
            [sys.executable, "-m", "moto.server", "-p", str(port)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        _wait_for(port)
        yield KIND, f"http://127.0.0.1:{port}", "123456789012"
        server.terminate()
        server.wait(10)
    else:
        state = tmp_path_factory.mktemp("aws")
        local = process.start(state, "222233334444", REGION, retry_delays=(0.2, 0.4))
        yield KIND, local.endpoint, local.account
        process.stop(state)


@pytest.fixture
def aws(aws_process: tuple[Kind, str | None, str]) -> Iterator[ContractAws]:
    """The AWS under contract; what the test makes is removed after it."""
    kind, endpoint, account = aws_process
    contract = ContractAws(kind=kind, endpoint=endpoint, account=account, region=REGION)
    yield contract
    contract.clean_up()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + 20
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            assert time.monotonic() < deadline, "stock moto did not start"
            time.sleep(0.05)
        else:
            return
