"""The real engine, our components and the sandbox's AWS: code is put there, signed, run, changed, and taken away."""

import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from catalog import load
from sandbox.aws import process
from sandbox.aws.settings import ADMINISTRATOR_KEY, ADMINISTRATOR_SECRET
from tests.sandbox.provider.small_stack import REGION, Stack, make

pytestmark = pytest.mark.e2e

NAME = "llm-observatory-staging-told"
PROGRAM = f"""
import os
import sys
from pathlib import Path

sys.path.insert(0, {str(load.ROOT)!r})

import pulumi_aws as aws

from catalog import load
from catalog.access.bucket import log_delivery
from catalog.access.statement import allow, policy
from components.aws.bucket import Lifecycle, ManagedBucket, ManagedBucketArgs
from components.aws.function import ManagedFunction, ManagedFunctionArgs
from components.aws.network import FunctionNetwork, FunctionNetworkArgs
from components.aws.role import Boundary, BoundaryArgs
from components.aws.signing import CodeSigning, CodeSigningArgs
from components.aws.surroundings import Surroundings

declared = load.environment("staging")
given = {{"vpc_id": os.environ["VPC"], "subnet_ids": os.environ["SUBNETS"].split(",")}}
environment = declared.model_copy(update={{"network": declared.network.model_copy(update=given)}})
key, topic = aws.kms.Key("logs"), aws.sns.Topic("alerts")
records = ManagedBucket(
    "audit-access",
    ManagedBucketArgs(
        environment=environment,
        what="audit-access",
        key_arn=None,
        log_bucket=None,
        lifecycle=Lifecycle(expire_after=400),
        retain=True,
        policy_statements=log_delivery(environment, "audit-access", ["code"]),
    ),
)
network = FunctionNetwork("network", FunctionNetworkArgs(environment=environment))
signing = CodeSigning("signing", CodeSigningArgs(environment=environment, key_arn=key.arn, log_bucket=records.name))
surroundings = Surroundings(
    environment=environment,
    boundary_arn=Boundary("boundary", BoundaryArgs(environment=environment)).arn,
    log_key_arn=key.arn,
    topic_arn=topic.arn,
    subnet_ids=environment.network.subnet_ids,
    security_group_id=network.security_group_id,
    internet_group_id=network.internet_group_id,
    code_bucket=signing.bucket,
    signing_profile=signing.profile,
    code_signing_arn=signing.config_arn,
)
ManagedFunction(
    "told",
    ManagedFunctionArgs(
        surroundings=surroundings,
        what="told",
        description="Tells",
        handler="told.handle",
        package=Path(os.environ["PACKAGE"]),
        policy=policy(allow("Nothing", ("sns:Publish",), ["arn:aws:sns:us-east-1:222233334444:none"])),
        variables={{"WHOM": "all"}},
    ),
)
"""


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    state = tmp_path_factory.mktemp("aws")
    yield process.start(state, "222233334444", REGION).endpoint
    process.stop(state)


@pytest.fixture
def clients(endpoint: str) -> Any:
    session = boto3.session.Session(ADMINISTRATOR_KEY, ADMINISTRATOR_SECRET, region_name=REGION)
    return lambda service: session.client(service, endpoint_url=endpoint)


@pytest.fixture
def stack(tmp_path: Path, endpoint: str, clients: Any, capsys: pytest.CaptureFixture[str]) -> Stack:
    with capsys.disabled():
        made = make(tmp_path, endpoint, account="222233334444", key=ADMINISTRATOR_KEY, secret=ADMINISTRATOR_SECRET)
    ec2 = clients("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.20.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.20.{number}.0/24")["Subnet"]["SubnetId"] for number in (1, 2)
    ]
    made.env.update(VPC=vpc, SUBNETS=",".join(subnets), PACKAGE=str(package(tmp_path, "first")))
    made.write(PROGRAM)
    return made


def package(folder: Path, said: str) -> Path:
    """A zip whose function answers `said`; always at the same path."""
    path = folder / "told.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(zipfile.ZipInfo("told.py", (1980, 1, 1, 0, 0, 0)), f"handle = lambda *_: {said!r}\n")
    return path


def answer(clients: Any) -> Any:
    return json.loads(clients("lambda").invoke(FunctionName=NAME)["Payload"].read())


def assert_nothing_to_do(stack: Stack) -> None:
    told = stack.succeed("preview", "--diff")
    assert "unchanged" in told
    assert not [act for act in ("create", "update", "replace", "delete") if f"to {act}" in told], told


def test_a_function_runs_what_was_signed_and_only_another_content_changes_it(
    stack: Stack, clients: Any, tmp_path: Path
) -> None:
    stack.succeed("up", "--yes", "--skip-preview")
    assert answer(clients) == "first"
    functions = clients("lambda")
    first = functions.get_function_configuration(FunctionName=NAME)
    assert ":/signing-jobs/" in first["SigningJobArn"]
    assert first["VpcConfig"]["SubnetIds"] == stack.env["SUBNETS"].split(",")

    package(tmp_path, "first")
    assert_nothing_to_do(stack)
    stack.succeed("refresh", "--yes", "--skip-preview")
    assert_nothing_to_do(stack)

    package(tmp_path, "second")
    assert "1 replaced" in stack.succeed("up", "--yes")
    assert answer(clients) == "second"
    second = functions.get_function_configuration(FunctionName=NAME)
    assert second["SigningJobArn"] != first["SigningJobArn"]

    with pytest.raises(ClientError, match="CodeVerificationFailedException"):
        functions.update_function_code(FunctionName=NAME, ZipFile=(tmp_path / "told.zip").read_bytes())

    stack.succeed("destroy", "--yes", "--skip-preview")
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        functions.get_function(FunctionName=NAME)
