"""Amazon S3: who may reach a bucket, whose its objects are, and how they are encrypted."""

from typing import Any

from sandbox.provider.bucketsetting import place, setting
from sandbox.provider.resource import Call, block, blocks, document, flag, text
from sandbox.provider.values import Props
from sandbox.provider.wire import from_aws, to_aws

_RULE = {
    "applyServerSideEncryptionByDefault": block(
        {
            "kmsMasterKeyId": text(aws="KMSMasterKeyID"),
            "sseAlgorithm": text(required=True, aws="SSEAlgorithm"),
        }
    ),
    "bucketKeyEnabled": flag(default=False),
}


def _put_encryption(call: Call, s3: Any) -> None:
    rules = [to_aws(_RULE, rule) for rule in call.new["rules"]]
    s3.put_bucket_encryption(**place(call), ServerSideEncryptionConfiguration={"Rules": rules})


def _get_encryption(call: Call, s3: Any) -> Props:
    answer = s3.get_bucket_encryption(**place(call))["ServerSideEncryptionConfiguration"]
    return {"rules": [from_aws(_RULE, rule) for rule in answer["Rules"]]}


ENCRYPTION = setting(
    "BucketServerSideEncryptionConfiguration",
    {"rules": blocks(_RULE, required=True)},
    put=_put_encryption,
    get=_get_encryption,
    remove=lambda call, s3: s3.delete_bucket_encryption(**place(call)),
)

_BLOCK = {
    name: flag(default=False)
    for name in ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")
}


def _put_block(call: Call, s3: Any) -> None:
    s3.put_public_access_block(**place(call), PublicAccessBlockConfiguration=to_aws(_BLOCK, call.new))


def _get_block(call: Call, s3: Any) -> Props:
    return from_aws(_BLOCK, s3.get_public_access_block(**place(call))["PublicAccessBlockConfiguration"])


def _remove_block(call: Call, s3: Any) -> None:
    if not call.state.get("skipDestroy"):
        s3.delete_public_access_block(**place(call))


PUBLIC_ACCESS_BLOCK = setting(
    "BucketPublicAccessBlock",
    {**_BLOCK, "skipDestroy": flag(default=False, unreadable=True)},
    put=_put_block,
    get=_get_block,
    remove=_remove_block,
    owned=False,
)

POLICY = setting(
    "BucketPolicy",
    {"policy": document(required=True)},
    put=lambda call, s3: s3.put_bucket_policy(**place(call), Policy=call.new["policy"]),
    get=lambda call, s3: {"policy": s3.get_bucket_policy(**place(call))["Policy"]},
    remove=lambda call, s3: s3.delete_bucket_policy(**place(call)),
    owned=False,
)

_OWNERSHIP = {"objectOwnership": text(required=True)}


def _put_ownership(call: Call, s3: Any) -> None:
    rules = [to_aws(_OWNERSHIP, call.new["rule"])]
    s3.put_bucket_ownership_controls(**place(call), OwnershipControls={"Rules": rules})


def _get_ownership(call: Call, s3: Any) -> Props:
    rules = s3.get_bucket_ownership_controls(**place(call))["OwnershipControls"]["Rules"]
    return {"rule": from_aws(_OWNERSHIP, rules[0])}


OWNERSHIP = setting(
    "BucketOwnershipControls",
    {"rule": block(_OWNERSHIP, required=True)},
    put=_put_ownership,
    get=_get_ownership,
    remove=lambda call, s3: s3.delete_bucket_ownership_controls(**place(call)),
    owned=False,
)

TYPES = (ENCRYPTION, PUBLIC_ACCESS_BLOCK, POLICY, OWNERSHIP)
