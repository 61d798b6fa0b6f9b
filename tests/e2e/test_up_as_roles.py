"""After `make up` everybody works with a role of the stack, and who manages values reads none."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from catalog import derive, load
from sandbox import up
from sandbox.aws.process import LocalAws
from sandbox.identity import ADMINISTRATOR_IDENTITY, acting_as
from sandbox.place import Place

pytestmark = [pytest.mark.e2e, pytest.mark.servers]

CATALOG = load.catalog()


@pytest.mark.parametrize("who", ["operator", "auditor", "security-admin", "administrator"])
def test_who_manages_secrets_reads_none(place: Place, cloud: LocalAws, who: str) -> None:
    identity = ADMINISTRATOR_IDENTITY if who == "administrator" else acting_as(cloud, place.declared, who)
    client = identity.client(cloud, "secretsmanager")
    for secret in CATALOG.secrets:
        with pytest.raises(ClientError, match="AccessDenied"):
            client.get_secret_value(SecretId=derive.secret_name(place.declared, secret))


@pytest.mark.parametrize("options", [[], ["--as", "api-server"], ["--as", "administrator"]])
def test_a_shell_becomes_the_operator_or_whom_it_names(place: Place, options: list[str]) -> None:
    caller = caller_of(shell(place, *options))
    role = "operator" if not options else options[1]
    expected = f"arn:aws:sts::{place.declared.account}:assumed-role/llm-observatory-staging-{role}/"
    if role == "administrator":
        expected = f"arn:aws:iam::{place.declared.account}:user/sandbox"
    assert caller.startswith(expected)


def test_a_role_that_is_none_is_told_with_those_that_are(place: Place) -> None:
    ran = sandbox(place, "env", "--as", "nobody")
    assert (ran.returncode, ran.stdout) == (1, "")
    assert "there is no role llm-observatory-staging-nobody" in " ".join(ran.stderr.split())


def test_an_operator_who_fetches_is_told_who_may(place: Place, cloud: LocalAws, tmp_path: Path) -> None:
    fetched = subprocess.run(
        [str(load.ROOT / "bin" / "secretsctl"), "fetch", "--to", str(tmp_path / "secrets")],
        env={**os.environ, **up.variables_as(place, cloud, "operator")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert fetched.returncode == 1
    assert "only its consumers' roles and break-glass read a value" in fetched.stderr


def sandbox(place: Place, *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "sandbox", *command],
        cwd=load.ROOT,
        env={**os.environ, "LLMOBS_SANDBOX": str(place.base)},
        capture_output=True,
        text=True,
        check=False,
    )


def shell(place: Place, *options: str) -> Mapping[str, str]:
    """The variables of AWS that a shell has after it evaluated what is printed."""
    printed = sandbox(place, "env", *options)
    assert printed.returncode == 0, printed.stderr
    ran = subprocess.run(
        ["sh", "-c", f"{printed.stdout}\nenv"],
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=True,
    )
    return dict(line.split("=", 1) for line in ran.stdout.splitlines() if line.startswith("AWS_"))


def caller_of(variables: Mapping[str, str]) -> str:
    """The ARN of whose credentials these are."""
    create: Any = boto3.client
    sts = create(
        "sts",
        endpoint_url=variables["AWS_ENDPOINT_URL"],
        aws_access_key_id=variables["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=variables["AWS_SECRET_ACCESS_KEY"],
        aws_session_token=variables.get("AWS_SESSION_TOKEN"),
        region_name=variables["AWS_REGION"],
    )
    return str(sts.get_caller_identity()["Arn"])
