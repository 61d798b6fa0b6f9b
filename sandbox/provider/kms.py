"""AWS KMS: keys and their aliases."""

from typing import Any

from sandbox.provider import faults
from sandbox.provider.naming import tag_changes, tag_list, tag_map
from sandbox.provider.resource import NAMED, TAGS, AutoName, Call, ResourceType, document, flag, number, text
from sandbox.provider.values import Props


def _create_key(call: Call) -> str:
    kms = call.client("kms")
    answer = kms.create_key(
        **call.given(
            Description="description",
            KeyUsage="keyUsage",
            KeySpec="customerMasterKeySpec",
            MultiRegion="multiRegion",
            Policy="policy",
            BypassPolicyLockoutSafetyCheck="bypassPolicyLockoutSafetyCheck",
        ),
        Tags=tag_list(call.new.get("tags"), "TagKey", "TagValue"),
    )
    key_id = call.created(answer["KeyMetadata"]["KeyId"])
    if call.new["enableKeyRotation"]:
        kms.enable_key_rotation(KeyId=key_id, **call.given(RotationPeriodInDays="rotationPeriodInDays"))
    if not call.new["isEnabled"]:
        kms.disable_key(KeyId=key_id)
    return key_id


def _read_key(call: Call) -> Props | None:
    kms = call.client("kms")
    key = kms.describe_key(KeyId=call.id)["KeyMetadata"]
    if key["KeyState"] in {"PendingDeletion", "PendingReplicaDeletion"}:
        return None
    rotation = _rotation(kms, key)
    tags = kms.get_paginator("list_resource_tags").paginate(KeyId=call.id).build_full_result()["Tags"]
    return {
        "arn": key["Arn"],
        "keyId": key["KeyId"],
        "description": key.get("Description", ""),
        "keyUsage": key["KeyUsage"],
        "customerMasterKeySpec": key.get("KeySpec") or key["CustomerMasterKeySpec"],
        "isEnabled": key["Enabled"],
        "multiRegion": key.get("MultiRegion", False),
        "policy": kms.get_key_policy(KeyId=call.id, PolicyName="default")["Policy"],
        "enableKeyRotation": rotation.get("KeyRotationEnabled", False),
        "rotationPeriodInDays": rotation.get("RotationPeriodInDays"),
        "tags": tag_map(tags, "TagKey", "TagValue"),
    }


def _rotation(kms: Any, key: Props) -> Props:
    if key["KeyUsage"] != "ENCRYPT_DECRYPT" or "SYMMETRIC" not in (key.get("KeySpec") or "SYMMETRIC_DEFAULT"):
        return {}
    try:
        status: Props = kms.get_key_rotation_status(KeyId=key["KeyId"])
    except kms.exceptions.UnsupportedOperationException:
        return {}
    return status


def _update_key(call: Call) -> None:
    kms = call.client("kms")
    if call.changed("isEnabled") and call.new["isEnabled"]:
        kms.enable_key(KeyId=call.id)
    bring(call, call.id, *(name for name in ("description", "policy", "tags") if call.changed(name)))
    if call.changed("enableKeyRotation", "rotationPeriodInDays"):
        if call.new["enableKeyRotation"]:
            kms.enable_key_rotation(KeyId=call.id, **call.given(RotationPeriodInDays="rotationPeriodInDays"))
        else:
            kms.disable_key_rotation(KeyId=call.id)
    if call.changed("isEnabled") and not call.new["isEnabled"]:
        kms.disable_key(KeyId=call.id)


def bring(call: Call, key_id: str, *changed: str) -> None:
    """Give a key the new description, policy or tags, whichever of them are named."""
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


def delete_key(call: Call) -> None:
    """Schedule a key's deletion; one that is on its way stays there."""
    kms = call.client("kms")
    days = call.state.get("deletionWindowInDays") or call.old.get("deletionWindowInDays") or 30
    try:
        kms.schedule_key_deletion(KeyId=call.id, PendingWindowInDays=days)
    except kms.exceptions.KMSInvalidStateException as exc:
        if "pending deletion" not in str(exc):
            raise


KEY = ResourceType(
    type_name="aws:kms/key:Key",
    inputs={
        "bypassPolicyLockoutSafetyCheck": flag(default=False, unreadable=True),
        "customerMasterKeySpec": text(default="SYMMETRIC_DEFAULT", replaces=True),
        "deletionWindowInDays": number(unreadable=True),
        "description": text(computed=True),
        "enableKeyRotation": flag(default=False),
        "isEnabled": flag(default=True),
        "keyUsage": text(default="ENCRYPT_DECRYPT", replaces=True),
        "multiRegion": flag(computed=True, replaces=True),
        "policy": document(computed=True),
        "rotationPeriodInDays": number(computed=True),
        "tags": TAGS,
    },
    outputs=("arn", "keyId"),
    create=_create_key,
    read=_read_key,
    update=_update_key,
    delete=delete_key,
)


def _create_alias(call: Call) -> str:
    call.client("kms").create_alias(AliasName=call.new["name"], TargetKeyId=call.new["targetKeyId"])
    return str(call.new["name"])


def _read_alias(call: Call) -> Props | None:
    pages = call.client("kms").get_paginator("list_aliases").paginate().build_full_result()["Aliases"]
    found = next((alias for alias in pages if alias["AliasName"] == call.id), None)
    if found is None or "TargetKeyId" not in found:
        return None
    arn, key_id = found["AliasArn"], found["TargetKeyId"]
    given = str(call.new.get("targetKeyId") or call.state.get("targetKeyId") or "")
    return {
        "arn": arn,
        "name": call.id,
        # A key may be given by id or by ARN; both name the same one.
        "targetKeyId": given if given.endswith(key_id) else key_id,
        "targetKeyArn": f"{arn.split(':alias/')[0]}:key/{key_id}",
    }


def _update_alias(call: Call) -> None:
    call.client("kms").update_alias(AliasName=call.id, TargetKeyId=call.new["targetKeyId"])


def _delete_alias(call: Call) -> None:
    try:
        call.client("kms").delete_alias(AliasName=call.id)
    except Exception as exc:
        if not faults.gone(exc):
            raise


ALIAS = ResourceType(
    type_name="aws:kms/alias:Alias",
    inputs={**NAMED, "targetKeyId": text(required=True)},
    outputs=("arn", "targetKeyArn"),
    create=_create_alias,
    read=_read_alias,
    update=_update_alias,
    delete=_delete_alias,
    identity=("name",),
    autoname=AutoName(form="alias/{}", max_length=256),
)

TYPES = (KEY, ALIAS)
