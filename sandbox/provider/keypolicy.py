"""AWS KMS: a key's policy as a resource of its own, for keys whose users are made after them."""

import json

from sandbox.provider.resource import Call, ResourceType, document, flag, text
from sandbox.provider.values import Props

_NAME = "default"


def _put(call: Call) -> str:
    call.client("kms").put_key_policy(
        KeyId=call.new["keyId"],
        PolicyName=_NAME,
        Policy=call.new["policy"],
        BypassPolicyLockoutSafetyCheck=call.new["bypassPolicyLockoutSafetyCheck"],
    )
    return str(call.new["keyId"])


def _read(call: Call) -> Props | None:
    kms = call.client("kms")
    if kms.describe_key(KeyId=call.id)["KeyMetadata"]["KeyState"].startswith("Pending"):
        return None
    policy = kms.get_key_policy(KeyId=call.id, PolicyName=_NAME)["Policy"]
    return {"keyId": call.new.get("keyId") or call.state.get("keyId") or call.id, "policy": policy}


def _update(call: Call) -> None:
    _put(call)


def _delete(call: Call) -> None:
    """A key always has a policy: what stays is the default one, by which IAM decides (as with the real provider)."""
    root = f"arn:{call.aws.partition}:iam::{call.aws.account}:root"
    statement = {
        "Sid": "Enable IAM User Permissions",
        "Effect": "Allow",
        "Principal": {"AWS": root},
        "Action": "kms:*",
        "Resource": "*",
    }
    policy = {"Version": "2012-10-17", "Id": "default", "Statement": [statement]}
    call.client("kms").put_key_policy(KeyId=call.id, PolicyName=_NAME, Policy=json.dumps(policy))


KEY_POLICY = ResourceType(
    type_name="aws:kms/keyPolicy:KeyPolicy",
    inputs={
        "bypassPolicyLockoutSafetyCheck": flag(default=False, unreadable=True),
        "keyId": text(required=True, replaces=True),
        "policy": document(required=True),
    },
    outputs=(),
    create=_put,
    read=_read,
    update=_update,
    delete=_delete,
    verified=True,
)

TYPES = (KEY_POLICY,)
