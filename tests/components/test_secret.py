"""One secret: container, marker, rotation, and the policy that comes last."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pulumi
import pytest
from pulumi.runtime import mocks

from catalog import load
from catalog.access.secret import secret_policy
from components.aws.secret import ManagedSecret, ManagedSecretArgs
from tests.components.recording import RecordingMocks, record

CATALOG = load.catalog()
SECRET, POLICY = "aws:secretsmanager/secret:Secret", "aws:secretsmanager/secretPolicy:SecretPolicy"


def declared(name: str) -> RecordingMocks:
    """Every secret of an environment, with a function and keys that are not looked at."""
    environment = load.environment(name)

    def declare() -> None:
        function: Any = SimpleNamespace(
            arn="arn:function", permission=pulumi.ComponentResource("test:index:Permission", "permission")
        )
        for secret in CATALOG.secrets:
            args = ManagedSecretArgs(
                environment=environment,
                catalog=CATALOG,
                secret=secret,
                key_arn=f"arn:key:{secret.tier}",
                replica_key_arn=f"arn:replica:{secret.tier}" if environment.replica_region else None,
                function=function,
            )
            ManagedSecret(secret.name, args)

    return record(declare, stack=name)


@pytest.mark.parametrize("name", ["staging", "prod"])
def test_every_secret_has_its_policy_and_no_public_one_can_take_its_place(name: str) -> None:
    environment, found = load.environment(name), declared(name)
    assert found.of(POLICY).keys() == CATALOG.by_name.keys()
    for secret in CATALOG.secrets:
        inputs = found.of(POLICY)[secret.name]
        assert inputs["secretArn"] == f"arn:mock:{SECRET}:{secret.name}"
        assert inputs["blockPublicPolicy"] is True
        assert json.loads(inputs["policy"]) == secret_policy(environment, secret)


def test_in_prod_a_copy_in_the_second_region_has_the_key_of_that_region_and_overwrites_nothing() -> None:
    for secret in CATALOG.secrets:
        inputs = declared_in("prod")[secret.name]
        assert inputs["replicas"] == [{"region": "us-west-2", "kmsKeyId": f"arn:replica:{secret.tier}"}]
        assert not inputs.get("forceOverwriteReplicaSecret")
    assert not any("replicas" in inputs for inputs in declared_in("staging").values())


def declared_in(name: str, known: dict[str, dict[str, Any]] = {}) -> dict[str, Any]:  # noqa: B006 - remembers
    """The containers of an environment, declared once."""
    if name not in known:
        known[name] = declared(name).of(SECRET)
    return known[name]


def test_the_policy_comes_after_the_first_version_and_the_rotation(monkeypatch: pytest.MonkeyPatch) -> None:
    after: dict[str, set[str]] = {}
    register: Any = mocks.MockMonitor.RegisterResource

    def noting(self: mocks.MockMonitor, request: Any) -> Any:
        if request.type == POLICY:
            after[request.name] = {urn.split("::")[2].rpartition("$")[2] for urn in request.dependencies}
        return register(self, request)

    monkeypatch.setattr(mocks.MockMonitor, "RegisterResource", noting)
    declared("staging")
    needed = {
        "aws:secretsmanager/secretVersion:SecretVersion",
        "aws:secretsmanager/secretRotation:SecretRotation",
        SECRET,
    }
    assert after.keys() == CATALOG.by_name.keys()
    assert all(needed <= types for types in after.values())
