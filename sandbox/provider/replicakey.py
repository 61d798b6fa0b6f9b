"""AWS KMS: replicas of multi-region keys. The resource's region is the replica's; the primary's is in its ARN."""

from sandbox.provider.naming import tag_changes, tag_list, tag_map
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
    _bring(call, key_id, "description", "policy", "tags")
    if not call.new["enabled"]:
        call.client("kms").disable_key(KeyId=key_id)
    return key_id


def _bring(call: Call, key_id: str, *changed: str) -> None:
    kms, new = call.client("kms"), call.new
    if "description" in changed:
        kms.update_key_description(KeyId=key_id, Description=new.get("description", ""))
    if "policy" in changed and new.get("policy"):
        kms.put_key_policy(
            KeyId=key_id,
            PolicyName="default",
            Policy=new["policy"],
            BypassPolicyLockoutSafetyCheck=new["bypassPolicyLockoutSafetyCheck"],
        )
    if "tags" in changed:
        removed, added = tag_changes(call)
        if removed:
            kms.untag_resource(KeyId=key_id, TagKeys=removed)
        if added:
            kms.tag_resource(KeyId=key_id, Tags=tag_list(added, "TagKey", "TagValue"))


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
    _bring(call, call.id, *(name for name in ("description", "policy", "tags") if call.changed(name)))
    if call.changed("enabled") and not call.new["enabled"]:
        kms.disable_key(KeyId=call.id)


def _delete(call: Call) -> None:
    kms = call.client("kms")
    days = call.state.get("deletionWindowInDays") or call.old.get("deletionWindowInDays") or 30
    try:
        kms.schedule_key_deletion(KeyId=call.id, PendingWindowInDays=days)
    except kms.exceptions.KMSInvalidStateException as exc:
        if "pending deletion" not in str(exc):
            raise


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
    delete=_delete,
    # One replica of a key in a region.
    identity=("primaryKeyArn",),
    verified=True,
)

TYPES = (REPLICA_KEY,)
