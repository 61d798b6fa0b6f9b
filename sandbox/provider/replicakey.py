"""AWS KMS: replicas of multi-region keys. The resource's region is the replica's; the primary's is in its ARN."""

from sandbox.provider.kms import bring, delete_key
from sandbox.provider.naming import tag_list, tag_map
from sandbox.provider.resource import TAGS, Call, ProviderError, ResourceType, document, flag, number, text
from sandbox.provider.values import Props

_ARN_PARTS = 6


def _create(call: Call) -> str:
    primary = call.new["primaryKeyArn"]
    parts = primary.split(":")
    if len(parts) != _ARN_PARTS or not parts[5].startswith("key/mrk-"):
        raise ProviderError(f"'{primary}' is no ARN of a multi-region key; make the primary with 'multiRegion': true")
    answer = (
        call.aws.elsewhere(parts[3])
        .client("kms")
        .replicate_key(
            KeyId=parts[5].removeprefix("key/"),
            ReplicaRegion=call.aws.region,
            Tags=tag_list(call.new.get("tags"), "TagKey", "TagValue"),
            **call.given(
                Description="description",
                Policy="policy",
                BypassPolicyLockoutSafetyCheck="bypassPolicyLockoutSafetyCheck",
            ),
        )
    )
    key_id = call.created(answer["ReplicaKeyMetadata"]["KeyId"])
    # moto copies the primary's description and policy, whatever ReplicateKey says; on AWS this changes nothing.
    bring(call, key_id, "description", "policy", "tags")
    if not call.new["enabled"]:
        call.client("kms").disable_key(KeyId=key_id)
    return key_id


def _read(call: Call) -> Props | None:
    kms = call.client("kms")
    key = kms.describe_key(KeyId=call.id)["KeyMetadata"]
    if key["KeyState"] in {"PendingDeletion", "PendingReplicaDeletion"} or not key.get("MultiRegion"):
        return None
    pages = kms.get_paginator("list_resource_tags").paginate(KeyId=call.id)
    primary = key["MultiRegionConfiguration"]["PrimaryKey"]["Arn"]
    return {
        "arn": key["Arn"],
        "keyId": key["KeyId"],
        "description": key.get("Description") or None,
        "enabled": key["Enabled"],
        "keyRotationEnabled": kms.get_key_rotation_status(KeyId=call.id).get("KeyRotationEnabled", False),
        "keySpec": key.get("KeySpec") or key["CustomerMasterKeySpec"],
        "keyUsage": key["KeyUsage"],
        "policy": kms.get_key_policy(KeyId=call.id, PolicyName="default")["Policy"],
        "primaryKeyArn": primary,
        "tags": tag_map(pages.build_full_result()["Tags"], "TagKey", "TagValue"),
    }


def _update(call: Call) -> None:
    kms = call.client("kms")
    if call.changed("enabled") and call.new["enabled"]:
        kms.enable_key(KeyId=call.id)
    bring(call, call.id, *(name for name in ("description", "policy", "tags") if call.changed(name)))
    if call.changed("enabled") and not call.new["enabled"]:
        kms.disable_key(KeyId=call.id)


REPLICA_KEY = ResourceType(
    type_name="aws:kms/replicaKey:ReplicaKey",
    inputs={
        "bypassPolicyLockoutSafetyCheck": flag(default=False, unreadable=True),
        "deletionWindowInDays": number(unreadable=True),
        "description": text(),
        "enabled": flag(default=True),
        "policy": document(computed=True),
        "primaryKeyArn": text(required=True, replaces=True),
        "tags": TAGS,
    },
    outputs=("arn", "keyId", "keyRotationEnabled", "keySpec", "keyUsage"),
    create=_create,
    read=_read,
    update=_update,
    delete=delete_key,
    # One replica of a key in a region.
    identity=("primaryKeyArn",),
    verified=True,
)

TYPES = (REPLICA_KEY,)
