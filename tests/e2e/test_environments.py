"""Staging and prod side by side: deployed, unchanged when deployed again, drift found, staging destroyed, prod kept."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

import boto3
import pytest

from catalog import derive, load, names
from sandbox import consumer, up
from sandbox.aws import process as aws
from sandbox.aws.settings import ADMINISTRATOR_KEY, ADMINISTRATOR_SECRET
from sandbox.place import Place
from sandbox.stack import Stack, StackError
from tests.servers import reachable_folder

pytestmark = [pytest.mark.e2e, pytest.mark.servers]

CATALOG = load.catalog()


@dataclass(frozen=True)
class Deployed:
    """An environment that `make up` brought up."""

    place: Place
    cloud: aws.LocalAws

    @property
    def stack(self) -> Stack:
        return up.stack(self.place, self.cloud, up.engine())

    def client(self, service: str, region: str | None = None):  # type: ignore[no-untyped-def]
        return boto3.client(  # type: ignore[call-overload]
            service,
            endpoint_url=self.cloud.endpoint,
            region_name=region or self.cloud.region,
            aws_access_key_id=ADMINISTRATOR_KEY,
            aws_secret_access_key=ADMINISTRATOR_SECRET,
        )


@pytest.fixture(scope="module")
def both() -> Iterator[dict[str, Deployed]]:
    """Both environments, up in one folder at the same time."""
    with reachable_folder() as folder:
        places = {name: Place(name=name, base=folder) for name in ("staging", "prod")}
        try:
            for place in places.values():
                up.up(place)
            found = {name: aws.find(place.root / "aws") for name, place in places.items()}
            yield {name: Deployed(places[name], cloud) for name, cloud in found.items() if cloud is not None}
        finally:
            for place in places.values():
                up.stop(place)


def test_both_answer_at_once_each_with_its_own_account_and_values(both: dict[str, Deployed]) -> None:
    assert {name: each.cloud.account for name, each in both.items()} == {
        "staging": "222233334444",
        "prod": "333344445555",
    }
    assert {consumer.database_user(each.place) for each in both.values()} == {"app_b"}
    passwords = {consumer.fetched(each.place, "DB_APP_PASSWORD") for each in both.values()}
    assert len(passwords) == 2


def test_prod_deployed_again_changes_nothing(both: dict[str, Deployed]) -> None:
    assert both["prod"].stack.up().changed == 0


def test_every_secret_of_prod_has_a_copy_in_step_in_the_second_region(both: dict[str, Deployed]) -> None:
    prod = both["prod"]
    region = prod.place.declared.replica_region
    for secret in CATALOG.secrets:
        name = derive.secret_name(prod.place.declared, secret)
        first = prod.client("secretsmanager").describe_secret(SecretId=name)
        second = prod.client("secretsmanager", region).describe_secret(SecretId=name)
        assert [each["Status"] for each in first["ReplicationStatus"]] == ["InSync"]
        assert second["VersionIdsToStages"] == first["VersionIdsToStages"]
        assert second["KmsKeyId"] != first["KmsKeyId"]


def test_a_refresh_finds_what_was_changed_by_hand_and_up_takes_it_back(both: dict[str, Deployed]) -> None:
    staging = both["staging"]
    client, stack = staging.client("iam"), staging.stack
    role = names.named(staging.place.declared, "api-server")
    anything = {"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [anything]})
    client.put_role_policy(RoleName=role, PolicyName="api-server", PolicyDocument=document)
    assert stack.refresh().changes.get("update") == 1
    assert stack.up().changes.get("update") == 1
    found = client.get_role_policy(RoleName=role, PolicyName="api-server")["PolicyDocument"]
    assert anything not in found["Statement"]
    assert stack.up().changed == 0


def test_prod_cannot_be_destroyed(both: dict[str, Deployed]) -> None:
    stack = both["prod"].stack
    with pytest.raises(StackError, match="protect"):
        stack.run("destroy", "--yes", "--stack", "prod", "--config-file", str(stack.place.stack_file))
    assert stack.up().changed == 0


def test_staging_can_be_destroyed_and_keeps_the_evidence(both: dict[str, Deployed]) -> None:
    staging = both["staging"]
    staging.stack.run("destroy", "--yes", "--stack", "staging", "--config-file", str(staging.place.stack_file))
    listed = staging.client("secretsmanager").list_secrets(IncludePlannedDeletion=True)["SecretList"]
    assert {secret["Name"] for secret in listed if "DeletedDate" not in secret} == set()
    assert len(listed) == len(CATALOG.secrets)  # each can come back within the recovery window
    buckets = {bucket["Name"] for bucket in staging.client("s3").list_buckets()["Buckets"]}
    environment = staging.place.declared
    assert {names.bucket(environment, "audit-logs"), names.bucket(environment, "backups")} <= buckets
