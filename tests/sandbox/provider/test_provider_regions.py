"""One provider, several regions: by the resource's own property, by the provider's configuration, and at an import."""

from typing import Any

import boto3
import pytest
from pulumi.runtime.proto import provider_pb2

from sandbox.provider.server import AwsProvider
from sandbox.provider.values import encode
from tests.sandbox.provider.driver import Driver

SECRET = "aws:secretsmanager/secret:Secret"
REPLICA = "aws:kms/replicaKey:ReplicaKey"
ELSEWHERE = "eu-west-1"


@pytest.fixture
def elsewhere(aws_environment: str) -> Any:
    def client(service: str) -> Any:
        make: Any = boto3.session.Session().client
        return make(service, region_name=ELSEWHERE, endpoint_url=aws_environment)

    return client


def test_a_resource_is_made_read_and_deleted_in_the_region_it_names(driver: Any, elsewhere: Any) -> None:
    made = driver.create(SECRET, {"region": ELSEWHERE, "recoveryWindowInDays": 0})
    assert made.outputs["region"] == ELSEWHERE
    assert f":{ELSEWHERE}:" in elsewhere("secretsmanager").describe_secret(SecretId=made.id)["ARN"]
    assert driver.read(made) is not None
    driver.delete(made)
    assert driver.read(made) is None


def test_a_provider_of_another_region_makes_its_resources_there(aws_environment: str, elsewhere: Any) -> None:
    second = Driver(provider=AwsProvider())
    second.provider.configure(provider_pb2.ConfigureRequest(args=encode({"region": ELSEWHERE})), second.context)
    made = second.create(SECRET, {"recoveryWindowInDays": 0})
    assert made.outputs["region"] == ELSEWHERE
    assert elsewhere("secretsmanager").describe_secret(SecretId=made.id)
    second.delete(made)


def test_an_import_may_name_the_region_behind_the_id(driver: Any) -> None:
    made = driver.create(SECRET, {"region": ELSEWHERE, "recoveryWindowInDays": 0})
    assert driver.adopt(SECRET, made.id) is None
    adopted = driver.adopt(SECRET, f"{made.id}@{ELSEWHERE}")
    assert adopted is not None
    assert adopted.id == made.id
    assert adopted.outputs["region"] == ELSEWHERE
    driver.delete(made)


def test_another_region_replaces_the_resource(driver: Any) -> None:
    made = driver.create(SECRET, {"recoveryWindowInDays": 0})
    assert list(driver.diff(made, {"recoveryWindowInDays": 0, "region": ELSEWHERE}).replaces) == ["region"]


def test_a_replica_needs_the_arn_of_a_multi_region_key(driver: Any, around: Any, refused: type[Exception]) -> None:
    with pytest.raises(refused, match="is no ARN of a multi-region key"):
        driver.create(REPLICA, {"primaryKeyArn": around.key, "region": ELSEWHERE})


def test_another_key_of_a_secret_s_replica_is_a_difference(driver: Any, around: Any) -> None:
    one = {"replicas": [{"region": ELSEWHERE}], "recoveryWindowInDays": 0}
    made = driver.create(SECRET, one)
    assert not driver.diff(driver.read(made), one).diffs
    two = {**one, "replicas": [{"region": ELSEWHERE, "kmsKeyId": "alias/mine"}]}
    assert list(driver.diff(made, two).diffs) == ["replicas"]
