"""The policy documents grant exactly what the catalogue says."""

import json
from fnmatch import fnmatchcase
from typing import Any

import pytest

from catalog import derive, load
from catalog.access.boundary import boundary_policy
from catalog.access.consumer import consumer_policy, rotation_policy
from catalog.access.duty import duty_policy
from catalog.access.key import key_policy
from catalog.access.secret import secret_policy
from catalog.access.statement import Policy
from catalog.names import Duty

CATALOG = load.catalog()
STAGING = load.environment("staging")
PROD = load.environment("prod")


def statements(policy: Policy) -> dict[str, Any]:
    found = policy["Statement"]
    assert isinstance(found, list)
    return {statement["Sid"]: statement for statement in found}


@pytest.mark.parametrize("consumer", [consumer.name for consumer in CATALOG.consumers])
def test_a_consumer_reads_its_own_secrets_and_writes_none(consumer: str) -> None:
    own = [derive.secret_arn(STAGING, secret) for secret in CATALOG.secrets if consumer in secret.consumers]
    found = statements(consumer_policy(STAGING, CATALOG, consumer))
    assert own
    assert found["ReadOwnSecrets"]["Resource"] == own
    assert found["ReadOwnSecrets"]["Action"] == ["secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"]
    assert found["DecryptOwnSecrets"]["Action"] == ["kms:Decrypt"]
    assert len(found) == 2


@pytest.mark.parametrize("target", CATALOG.targets)
def test_a_rotator_touches_only_what_it_rotates(target: str) -> None:
    own = [derive.secret_arn(STAGING, secret) for secret in CATALOG.secrets if secret.spec.target == target]
    found = statements(rotation_policy(STAGING, CATALOG, target))
    assert found["RotateOwnSecrets"]["Resource"] == own
    assert found["UseKeysOfOwnSecrets"]["Condition"]["StringLike"] == {"kms:EncryptionContext:SecretARN": own}


def test_keys_are_used_through_secrets_manager_and_for_the_own_secrets_only() -> None:
    condition = statements(consumer_policy(STAGING, CATALOG, "grafana"))["DecryptOwnSecrets"]["Condition"]
    assert condition == {
        "StringEquals": {"kms:ViaService": "secretsmanager.us-east-1.amazonaws.com"},
        "StringLike": {
            "kms:EncryptionContext:SecretARN": [derive.secret_arn(STAGING, s) for s in CATALOG.read_by("grafana")]
        },
        "ForAnyValue:StringEquals": {
            "kms:ResourceAliases": ["alias/llm-observatory-staging-tier-1", "alias/llm-observatory-staging-tier-2"]
        },
    }


@pytest.mark.parametrize("purpose", derive.key_purposes(CATALOG))
def test_key_administrators_cannot_decrypt_and_nobody_is_everybody(purpose: str) -> None:
    found = statements(key_policy(STAGING, purpose))
    # With a grant an administrator would lend the use of the key to himself.
    using = {"CreateGrant", "Decrypt", "Encrypt", "GenerateDataKey", "ReEncryptFrom", "ReEncryptTo", "Sign"}
    for action in found["Administer"]["Action"]:
        assert not any(fnmatchcase(f"kms:{use}", action) for use in using), (
            f"{action} lets an administrator use the key"
        )
    assert '"*"' not in json.dumps([statement["Principal"] for statement in found.values()])


def test_the_backup_key_is_used_through_s3() -> None:
    use = statements(key_policy(STAGING, "backup"))["UseThroughS3"]
    assert use["Condition"]["StringEquals"]["kms:ViaService"] == "s3.us-east-1.amazonaws.com"
    assert {"kms:GenerateDataKey", "kms:Decrypt"} <= set(use["Action"])


def test_the_use_of_a_tiers_key_is_bound_to_secrets_manager_and_the_account() -> None:
    use = statements(key_policy(STAGING, "tier-1"))["UseThroughSecretsManager"]
    assert use["Condition"] == {
        "StringEquals": {
            "kms:CallerAccount": "222233334444",
            "kms:ViaService": "secretsmanager.us-east-1.amazonaws.com",
        }
    }


@pytest.mark.parametrize("consumer", [consumer.name for consumer in CATALOG.consumers])
def test_a_consumer_reads_the_copies_in_the_second_region_too(consumer: str) -> None:
    own = CATALOG.read_by(consumer)
    both = [derive.secret_arn(PROD, secret, region) for region in ("us-east-1", "us-west-2") for secret in own]
    found = statements(consumer_policy(PROD, CATALOG, consumer))
    assert found["ReadOwnSecrets"]["Resource"] == both
    decrypt = found["DecryptOwnSecrets"]
    assert decrypt["Resource"] == [f"arn:aws:kms:{region}:333344445555:key/*" for region in ("us-east-1", "us-west-2")]
    assert decrypt["Condition"]["StringLike"] == {"kms:EncryptionContext:SecretARN": both}
    assert decrypt["Condition"]["StringEquals"]["kms:ViaService"] == [
        "secretsmanager.us-east-1.amazonaws.com",
        "secretsmanager.us-west-2.amazonaws.com",
    ]


@pytest.mark.parametrize("environment", ["staging", "prod"])
def test_every_policy_is_within_the_limits_of_aws(environment: str) -> None:
    # docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html (10,240 characters of inline policies in a
    # role, 6,144 in a boundary, without white space); 20,480 in a secret's policy, 32,768 bytes in a key's.
    where = load.environment(environment)
    inline = [consumer_policy(where, CATALOG, consumer.name) for consumer in CATALOG.consumers]
    inline += [rotation_policy(where, CATALOG, target) for target in CATALOG.targets]
    inline += [duty_policy(where, CATALOG, duty) for duty in Duty]
    assert max(map(size, inline)) <= 10_240
    assert size(boundary_policy(where)) <= 6_144
    assert max(size(secret_policy(where, secret)) for secret in CATALOG.secrets) <= 20_480
    assert max(size(key_policy(where, purpose)) for purpose in derive.key_purposes(CATALOG)) <= 32_768


def size(policy: Policy) -> int:
    return len(json.dumps(policy, separators=(",", ":")))
