"""Everything that somebody may try with a secret and its key, in a way that does no harm where it is allowed.

AWS judges a call before it looks at what the call says, so a call that nobody could carry out (a label given twice, a
rotation every 5,000 days) tells whether it was refused for who asks. Two acts have nothing that could be wrong with
them: `mend` puts right what they did.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

_DENIED = {"AccessDenied", "AccessDeniedException"}
_NOBODY = "0" * 32
SECONDS_TO_TRY = 60


@dataclass(frozen=True, kw_only=True)
class Target:
    """A deployed secret: its ARN, key, rotation and policy as they were found."""

    arn: str
    key_arn: str
    rotation: Mapping[str, Any]
    policy: str


@dataclass(frozen=True, kw_only=True)
class Clients:
    """What one caller calls with."""

    secrets: Any
    keys: Any
    arn: str


Act = Callable[[Clients, Target], Any]

ACTS: Mapping[str, Act] = {
    "GetSecretValue": lambda by, on: by.secrets.get_secret_value(SecretId=on.arn),
    "BatchGetSecretValue": lambda by, on: by.secrets.batch_get_secret_value(SecretIdList=[on.arn]),
    "DescribeSecret": lambda by, on: by.secrets.describe_secret(SecretId=on.arn),
    "GetResourcePolicy": lambda by, on: by.secrets.get_resource_policy(SecretId=on.arn),
    "ListSecretVersionIds": lambda by, on: by.secrets.list_secret_version_ids(SecretId=on.arn),
    "PutSecretValue": lambda by, on: by.secrets.put_secret_value(
        SecretId=on.arn, SecretString="{}", VersionStages=["TWICE", "TWICE"]
    ),
    "UpdateSecret": lambda by, on: by.secrets.update_secret(
        SecretId=on.arn, SecretString="{}", KmsKeyId="alias/there-is-no-such-key"
    ),
    "UpdateSecret, container": lambda by, on: by.secrets.update_secret(SecretId=on.arn, Description="x" * 3000),
    "UpdateSecretVersionStage": lambda by, on: by.secrets.update_secret_version_stage(
        SecretId=on.arn, VersionStage="AWSCURRENT", MoveToVersionId=_NOBODY, RemoveFromVersionId=_NOBODY
    ),
    "RotateSecret": lambda by, on: by.secrets.rotate_secret(
        SecretId=on.arn, RotationRules={"AutomaticallyAfterDays": 5000}
    ),
    "CancelRotateSecret": lambda by, on: by.secrets.cancel_rotate_secret(SecretId=on.arn),
    "DeleteSecret": lambda by, on: by.secrets.delete_secret(SecretId=on.arn, RecoveryWindowInDays=3),
    "DeleteSecret, at once": lambda by, on: by.secrets.delete_secret(
        SecretId=on.arn, ForceDeleteWithoutRecovery=True, RecoveryWindowInDays=3
    ),
    "RestoreSecret": lambda by, on: by.secrets.restore_secret(SecretId=on.arn),
    "PutResourcePolicy": lambda by, on: by.secrets.put_resource_policy(
        SecretId=on.arn, ResourcePolicy="{", BlockPublicPolicy=True
    ),
    "PutResourcePolicy, public": lambda by, on: by.secrets.put_resource_policy(
        SecretId=on.arn, ResourcePolicy="{", BlockPublicPolicy=False
    ),
    "DeleteResourcePolicy": lambda by, on: by.secrets.delete_resource_policy(SecretId=on.arn),
    "ValidateResourcePolicy": lambda by, on: by.secrets.validate_resource_policy(
        SecretId=on.arn, ResourcePolicy=on.policy
    ),
    "ReplicateSecretToRegions": lambda by, on: by.secrets.replicate_secret_to_regions(
        SecretId=on.arn, AddReplicaRegions=[{"Region": on.arn.split(":")[3]}]
    ),
    "RemoveRegionsFromReplication": lambda by, on: by.secrets.remove_regions_from_replication(
        SecretId=on.arn, RemoveReplicaRegions=[on.arn.split(":")[3]]
    ),
    "StopReplicationToReplica": lambda by, on: by.secrets.stop_replication_to_replica(SecretId=on.arn),
    "TagResource": lambda by, on: by.secrets.tag_resource(SecretId=on.arn, Tags=[{"Key": "aws:x", "Value": "x"}]),
    "UntagResource": lambda by, on: by.secrets.untag_resource(SecretId=on.arn, TagKeys=["no-such-tag"]),
    "kms:Decrypt": lambda by, on: by.keys.decrypt(
        KeyId=on.key_arn, CiphertextBlob=b"no ciphertext", EncryptionContext={"SecretARN": on.arn}
    ),
    "kms:Encrypt": lambda by, on: by.keys.encrypt(
        KeyId=on.key_arn, Plaintext=b"x", EncryptionContext={"SecretARN": on.arn}
    ),
    "kms:GenerateDataKey": lambda by, on: by.keys.generate_data_key(
        KeyId=on.key_arn, KeySpec="AES_256", EncryptionContext={"SecretARN": on.arn}
    ),
    "kms:CreateGrant": lambda by, on: by.keys.create_grant(
        KeyId=on.key_arn, GranteePrincipal=by.arn, Operations=["Decrypt"]
    ),
    "kms:DescribeKey": lambda by, on: by.keys.describe_key(KeyId=on.key_arn),
    "kms:PutKeyPolicy": lambda by, on: by.keys.put_key_policy(KeyId=on.key_arn, Policy="{"),
    "kms:ScheduleKeyDeletion": lambda by, on: by.keys.schedule_key_deletion(KeyId=on.key_arn, PendingWindowInDays=1),
}

LASTING = {"CancelRotateSecret", "DeleteResourcePolicy"}
"""The acts that change something where they are allowed, and that `mend` undoes."""


def is_refused(act: str, by: Clients, on: Target) -> bool:
    """Whether AWS refuses the act for who asks; anything else that is wrong with the call is no refusal."""
    try:
        answer = ACTS[act](by, on)
    except ClientError as exc:
        return exc.response["Error"]["Code"] in _DENIED
    # BatchGetSecretValue tells of each secret by itself.
    return any(error["ErrorCode"] in _DENIED for error in answer.get("Errors", []) if isinstance(answer, dict))


def found(administrator: Clients, name: str) -> Target:
    """The secret as it is deployed."""
    described = administrator.secrets.describe_secret(SecretId=name)
    return Target(
        arn=described["ARN"],
        key_arn=administrator.keys.describe_key(KeyId=described["KmsKeyId"])["KeyMetadata"]["Arn"],
        rotation={"RotationLambdaARN": described["RotationLambdaARN"], "RotationRules": described["RotationRules"]},
        policy=administrator.secrets.get_resource_policy(SecretId=name)["ResourcePolicy"],
    )


def mend(act: str, administrator: Clients, on: Target) -> None:
    """Puts right what an allowed act changed."""
    if act == "CancelRotateSecret":
        administrator.secrets.rotate_secret(SecretId=on.arn, RotateImmediately=False, **on.rotation)
        _wait_until_tried(administrator, on)
    if act == "DeleteResourcePolicy":
        administrator.secrets.put_resource_policy(SecretId=on.arn, ResourcePolicy=on.policy, BlockPublicPolicy=True)


def _wait_until_tried(administrator: Clients, on: Target) -> None:
    """A rotation that is switched on is tried once, and until that is over another call would carry it through."""
    deadline = time.monotonic() + SECONDS_TO_TRY
    while any(
        labels == ["AWSPENDING"]
        for labels in administrator.secrets.describe_secret(SecretId=on.arn)["VersionIdsToStages"].values()
    ):
        assert time.monotonic() < deadline, f"the rotation of {on.arn} is still being tried"
        time.sleep(0.05)
