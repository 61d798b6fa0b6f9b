"""Keys: one for each purpose, and where secrets have copies a replica of each tier's."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pulumi.runtime import mocks

from catalog import derive, load
from catalog.access.key import key_policy
from components.aws.key import ManagedKey, ManagedKeyArgs
from tests.components.recording import RecordingMocks, record

CATALOG = load.catalog()
PURPOSES = derive.key_purposes(CATALOG)
KEY, REPLICA, ALIAS = "aws:kms/key:Key", "aws:kms/replicaKey:ReplicaKey", "aws:kms/alias:Alias"


def declared(name: str) -> RecordingMocks:
    """Every key of an environment."""
    environment = load.environment(name)

    def declare() -> None:
        for purpose in PURPOSES:
            key = ManagedKey(purpose, ManagedKeyArgs(environment=environment, purpose=purpose))
            assert (key.replica_arn is not None) == (name == "prod" and purpose.startswith("tier-"))

    return record(declare, stack=name)


@pytest.mark.parametrize("name", ["staging", "prod"])
def test_every_key_turns_by_itself_and_has_its_window_policy_and_alias(name: str) -> None:
    environment, found = load.environment(name), declared(name)
    assert found.of(KEY).keys() == set(PURPOSES)
    for purpose, inputs in found.of(KEY).items():
        assert inputs["enableKeyRotation"] is True
        assert inputs["deletionWindowInDays"] == environment.recovery_window_days
        assert json.loads(inputs["policy"]) == key_policy(environment, purpose)
        assert inputs["tags"] == {"Environment": name, "Service": "llm-observatory", "Purpose": purpose}
        assert found.of(ALIAS)[purpose] == {
            "name": f"alias/llm-observatory-{name}-{purpose}",
            "targetKeyId": f"{purpose}-key",
        }


def test_in_prod_the_keys_of_tiers_have_a_replica_with_a_policy_of_its_own_and_the_same_alias() -> None:
    environment, found = load.environment("prod"), declared("prod")
    tiers = {purpose for purpose in PURPOSES if purpose.startswith("tier-")}
    assert {name for name, inputs in found.of(KEY).items() if inputs.get("multiRegion")} == tiers
    assert found.of(REPLICA).keys() == {f"{purpose}-replica" for purpose in tiers}
    for purpose in tiers:
        inputs, alias = found.of(REPLICA)[f"{purpose}-replica"], found.of(ALIAS)[f"{purpose}-replica"]
        assert inputs["region"] == alias["region"] == "us-west-2"
        assert inputs["primaryKeyArn"] == f"arn:mock:{KEY}:{purpose}"
        assert json.loads(inputs["policy"]) == key_policy(environment, purpose, "us-west-2")
        assert inputs["deletionWindowInDays"] == 30
        assert alias["name"] == found.of(ALIAS)[purpose]["name"]
        assert alias["targetKeyId"] == f"{purpose}-replica-key"


def test_without_a_second_region_there_is_no_replica() -> None:
    found = declared("staging")
    assert not found.of(REPLICA)
    assert not any(inputs.get("multiRegion") for inputs in found.of(KEY).values())


@pytest.mark.parametrize("name", ["staging", "prod"])
def test_the_keys_of_locked_buckets_outlive_the_stack_and_prod_protects_all(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: dict[str, Any] = {}
    register: Any = mocks.MockMonitor.RegisterResource

    def noting(self: mocks.MockMonitor, request: Any) -> Any:
        if request.type in (KEY, REPLICA):
            asked[request.name] = (request.protect, request.retainOnDelete)
        return register(self, request)

    monkeypatch.setattr(mocks.MockMonitor, "RegisterResource", noting)
    declared(name)
    for resource, (protected, retained) in asked.items():
        assert protected is (name == "prod"), resource
        assert retained is (resource in ("logs", "backup")), resource
