"""Faults of the invocations that a rotation makes, which no request carries."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from sandbox.aws import process
from sandbox.aws.faults.client import Faults as FaultsOf
from sandbox.aws.faults.faults import Faults
from sandbox.aws.faults.invocations import PRINCIPAL, FaultyFunctions
from tests.contract.aws.harness import ContractAws, eventually

CODE = """
import boto3

def handle(event, context):
    step, secret, token = event["Step"], event["SecretId"], event["ClientRequestToken"]
    print("step", step)
    sm = boto3.client("secretsmanager")
    if step == "createSecret":
        sm.put_secret_value(
            SecretId=secret, ClientRequestToken=token, SecretString="rotated", VersionStages=["AWSPENDING"])
    if step == "finishSecret":
        stages = sm.describe_secret(SecretId=secret)["VersionIdsToStages"]
        current = next(version for version, labels in stages.items() if "AWSCURRENT" in labels)
        sm.update_secret_version_stage(
            SecretId=secret, VersionStage="AWSCURRENT", MoveToVersionId=token, RemoveFromVersionId=current)
"""
ARN = "arn:aws:lambda:us-east-1:222233334444:function:rotate"


class Recording:
    """Functions that note each step and always return."""

    def __init__(self) -> None:
        self.ran: list[str] = []

    def check_invocable(self, arn: str, *, source_arn: str) -> None:
        pass

    def invoke(self, arn: str, event: Mapping[str, str]) -> str | None:
        self.ran.append(event["Step"])
        return None


def _rotated(fault: dict[str, Any]) -> tuple[list[str | None], list[str], int]:
    """What each step returned, which ones ran, and how often the fault hit."""
    functions, faults = Recording(), Faults()
    faults.add([{"service": "lambda", "operation": "Invoke", **fault}])
    faulty = FaultyFunctions(functions, faults)
    event = {"SecretId": "arn:aws:secretsmanager:us-east-1:222233334444:secret:a-AAAAAA", "ClientRequestToken": "t"}
    returned = [faulty.invoke(ARN, {**event, "Step": step}) for step in ("createSecret", "setSecret", "testSecret")]
    return returned, functions.ran, faults.listed()[0]["hit"]


@pytest.mark.parametrize(
    ("fault", "failed", "ran"),
    [
        ({"kind": "throttle"}, "TooManyRequestsException", False),
        ({"kind": "error", "code": "ServiceException"}, "ServiceException", False),
        ({"kind": "drop-before"}, "ConnectionDropped", False),
        ({"kind": "drop-after"}, "ConnectionDropped", True),
        ({"kind": "delay"}, None, True),
    ],
)
def test_the_step_that_is_named_is_hit_and_the_others_run(fault: dict[str, Any], failed: str | None, ran: bool) -> None:
    returned, steps, hit = _rotated({**fault, "resource": "setSecret"})
    assert returned == [None, failed, None]
    assert steps == ["createSecret", *(["setSecret"] if ran else []), "testSecret"]
    assert hit == 1


@pytest.mark.parametrize(
    ("narrowed", "hit"),
    [
        ({"principal": "secretsmanager.amazonaws.com", "resource": "rotate", "times": 0}, 3),
        ({"resource": "a", "nth": 2, "times": 0}, 2),
        ({"principal": "arn:*"}, 0),
        ({"resource": "another"}, 0),
    ],
)
def test_function_secret_and_principal_narrow_it(narrowed: dict[str, Any], hit: int) -> None:
    assert _rotated({"kind": "throttle", **narrowed})[2] == hit


def test_a_rotation_goes_on_after_the_invocation_that_a_fault_took(tmp_path: Path) -> None:
    local = process.start(tmp_path, "222233334444", "us-east-1", retry_delays=(0.2, 0.4))
    try:
        aws = ContractAws(kind="sandbox", endpoint=local.endpoint, account=local.account, region=local.region)
        secret, function = aws.secret(), aws.function(CODE)
        with FaultsOf(local) as faults:
            number = faults.throttle("lambda", "Invoke", resource="setSecret", principal=PRINCIPAL)
            version = aws.sm.rotate_secret(
                SecretId=secret, RotationLambdaARN=function, RotationRules={"AutomaticallyAfterDays": 30}
            )["VersionId"]
            eventually(lambda: aws.holder(secret, "AWSCURRENT") == version)
        assert faults.hits(number) == 1
        steps = [line.split()[1] for line in aws.log_of(function) if line.startswith("step ")]
        assert steps == ["createSecret", "createSecret", "setSecret", "testSecret", "finishSecret"]
    finally:
        process.stop(tmp_path)
