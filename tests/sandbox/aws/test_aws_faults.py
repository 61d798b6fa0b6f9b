"""Faults on demand, on a running local AWS with boto3 as the client."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError

from sandbox.aws import process
from sandbox.aws.errors import SandboxError
from sandbox.aws.faults.client import Faults
from sandbox.aws.process import LocalAws
from sandbox.aws.settings import ADMINISTRATOR_KEY, ADMINISTRATOR_SECRET


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAws]:
    state = tmp_path_factory.mktemp("faults")
    yield process.start(state, "222233334444", "us-east-1")
    process.stop(state)


@pytest.fixture
def faults(aws: LocalAws) -> Iterator[Faults]:
    with Faults(aws) as made:
        yield made


def _client(aws: LocalAws, service: str) -> Any:
    made: Any = boto3.client
    return made(
        service,
        region_name=aws.region,
        endpoint_url=aws.endpoint,
        aws_access_key_id=ADMINISTRATOR_KEY,
        aws_secret_access_key=ADMINISTRATOR_SECRET,
        config=Config(retries={"total_max_attempts": 1}),
    )


@pytest.fixture
def secrets(aws: LocalAws) -> Any:
    return _client(aws, "secretsmanager")


@pytest.fixture
def name(secrets: Any) -> str:
    made: str = secrets.create_secret(Name=f"faults/{time.monotonic_ns()}", SecretString="first")["ARN"]
    return made


def _values(secrets: Any, name: str) -> int:
    return len(secrets.list_secret_version_ids(SecretId=name, IncludeDeprecated=True)["Versions"])


@pytest.mark.parametrize(
    ("service", "method", "code", "status"),
    [
        ("secretsmanager", "list_secrets", "ThrottlingException", 400),
        ("lambda", "list_functions", "TooManyRequestsException", 429),
        ("iam", "list_roles", "Throttling", 400),
        ("s3", "list_buckets", "SlowDown", 503),
    ],
)
def test_a_throttled_call_gets_the_error_of_its_service_once(
    aws: LocalAws, faults: Faults, service: str, method: str, code: str, status: int
) -> None:
    number = faults.add("throttle", service)
    client = _client(aws, service)
    with pytest.raises(ClientError) as caught:
        getattr(client, method)()
    assert caught.value.response["Error"]["Code"] == code
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == status
    getattr(client, method)()
    assert faults.hits(number) == 1


def test_only_the_nth_calls_of_the_operation_and_the_resource_are_hit(faults: Faults, secrets: Any, name: str) -> None:
    code = "InternalServiceError"
    number = faults.add("error", "secretsmanager", "Get*Value", resource=name, nth=2, times=2, code=code)
    secrets.describe_secret(SecretId=name)
    outcomes = []
    for _ in range(4):
        try:
            secrets.get_secret_value(SecretId=name)
            outcomes.append("served")
        except ClientError as exc:
            outcomes.append(exc.response["Error"]["Code"])
    assert outcomes == ["served", code, code, "served"]
    assert faults.hits(number) == 2


def test_a_fault_of_one_principal_leaves_the_others_alone(faults: Faults, secrets: Any, name: str) -> None:
    faults.add("error", "secretsmanager", principal="arn:aws:sts::*:assumed-role/*", times=0)
    assert secrets.get_secret_value(SecretId=name)["SecretString"] == "first"
    faults.add("error", "secretsmanager", principal="*:user/sandbox", times=0)
    with pytest.raises(ClientError):
        secrets.get_secret_value(SecretId=name)


def test_a_call_dropped_before_is_not_served_and_one_dropped_after_is(faults: Faults, secrets: Any, name: str) -> None:
    faults.add("drop-before", "secretsmanager", "PutSecretValue")
    with pytest.raises(ConnectionClosedError):
        secrets.put_secret_value(SecretId=name, SecretString="second")
    assert _values(secrets, name) == 1
    faults.add("drop-after", "secretsmanager", "PutSecretValue")
    with pytest.raises(ConnectionClosedError):
        secrets.put_secret_value(SecretId=name, SecretString="second")
    assert _values(secrets, name) == 2
    assert secrets.get_secret_value(SecretId=name)["SecretString"] == "second"


def test_a_delayed_call_is_served_later(faults: Faults, secrets: Any, name: str) -> None:
    faults.add("delay", "secretsmanager", "GetSecretValue", seconds=0.4)
    started = time.monotonic()
    assert secrets.get_secret_value(SecretId=name)["SecretString"] == "first"
    assert time.monotonic() - started >= 0.4


def test_leaving_the_block_clears_its_faults_and_no_others(aws: LocalAws, secrets: Any, name: str) -> None:
    kept = aws.ask("POST", "faults", {"kind": "delay", "service": "kms"})["id"]
    with Faults(aws) as faults:
        faults.add("error", "secretsmanager", times=0)
    secrets.get_secret_value(SecretId=name)
    assert [fault["id"] for fault in aws.ask("GET", "faults")["faults"]] == [kept]
    assert [fault["id"] for fault in aws.ask("DELETE", "faults")["cleared"]] == [kept]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"kind": "explode", "service": "kms"}, "kind"),
        ({"kind": "delay"}, "service"),
        ({"kind": "delay", "service": "kms", "second": 1}, "second"),
        ({"kind": "delay", "service": "kms", "nth": 0}, "nth"),
        ({"kind": "delay", "service": "secretmanager"}, "no service is called 'secretmanager' in a signature"),
        ({"kind": "delay", "service": "kms", "operation": "Decypt"}, "kms has no operation 'Decypt'"),
        ({"faults": "all"}, "faults"),
    ],
)
def test_what_is_no_fault_is_refused_by_field(aws: LocalAws, given: dict[str, Any], said: str) -> None:
    with pytest.raises(SandboxError, match=said):
        aws.ask("POST", "faults", given)


def test_many_faults_are_added_together_or_not_at_all(aws: LocalAws) -> None:
    good, bad = {"kind": "delay", "service": "kms"}, {"kind": "delay", "service": "kms", "nth": 0}
    with pytest.raises(SandboxError, match="nth"):
        aws.ask("POST", "faults", {"faults": [good, bad]})
    assert aws.ask("GET", "faults")["faults"] == []
    added = aws.ask("POST", "faults", {"faults": [good, good]})["ids"]
    assert [fault["id"] for fault in aws.ask("DELETE", "faults")["cleared"]] == added


def test_a_resource_is_a_name_as_well_as_an_arn_and_never_a_value(faults: Faults, secrets: Any, name: str) -> None:
    plain = name.rsplit(":", 1)[1].rsplit("-", 1)[0]
    by_name = faults.delay("secretsmanager", seconds=0, resource=plain, times=0)
    by_value = faults.delay("secretsmanager", seconds=0, resource="*the-value*", times=0)
    secrets.put_secret_value(SecretId=name, SecretString="the-value")
    secrets.describe_secret(SecretId=plain)
    assert (faults.hits(by_name), faults.hits(by_value)) == (2, 0)


def test_after_the_block_the_hits_are_still_known(aws: LocalAws, secrets: Any) -> None:
    with Faults(aws) as faults:
        hit, not_hit = faults.throttle("secretsmanager", "ListSecrets"), faults.throttle("kms", "Decrypt")
        with pytest.raises(ClientError):
            secrets.list_secrets()
    assert (faults.hits(hit), faults.hits(not_hit)) == (1, 0)


def test_a_dropped_call_is_on_the_trail_only_if_it_was_served(aws: LocalAws, faults: Faults, secrets: Any) -> None:
    for add in (faults.drop_before, faults.drop_after):
        add("secretsmanager", "GetRandomPassword")
        with pytest.raises(ConnectionClosedError):
            secrets.get_random_password()
    recorded = [entry["event"]["eventName"] for entry in aws.ask("GET", "events", {"limit": 50})["events"]]
    assert recorded.count("GetRandomPassword") == 1


def test_a_kept_connection_works_again_after_a_drop(faults: Faults, secrets: Any) -> None:
    secrets.get_random_password()
    faults.drop_before("secretsmanager", "GetRandomPassword", nth=2)
    outcomes = []
    for _ in range(3):
        try:
            outcomes.append(len(secrets.get_random_password()["RandomPassword"]))
        except ConnectionClosedError:
            outcomes.append(0)
    assert outcomes == [32, 0, 32]


def test_a_restart_clears_all_faults(tmp_path: Path) -> None:
    first = process.start(tmp_path, "222233334444", "us-east-1")
    with Faults(first) as faults:
        number = faults.throttle("kms")
        process.stop(tmp_path)
        second = process.start(tmp_path, "222233334444", "us-east-1")
        try:
            assert second.ask("GET", "faults") == {"faults": []}
            kept = second.ask("POST", "faults", {"kind": "delay", "service": "kms"})["id"]
            assert kept != number
        finally:
            process.stop(tmp_path)


def test_a_fault_that_is_not_in_force_cannot_be_cleared(aws: LocalAws) -> None:
    with pytest.raises(SandboxError, match="no fault '99' is in force"):
        aws.ask("DELETE", "faults", {"id": "99"})
