"""Amazon S3: whether a bucket keeps versions, and for how long it locks them."""

from typing import Any

from sandbox.provider import faults
from sandbox.provider.bucketsetting import place, setting
from sandbox.provider.resource import Call, block, number, text
from sandbox.provider.values import Props
from sandbox.provider.wire import from_aws, to_aws

_STATUSES = frozenset({"Enabled", "Suspended", "Disabled"})
_VERSIONING = {
    "mfaDelete": text(aws="MFADelete", default="Disabled"),
    "status": text(required=True, allowed=_STATUSES),
}


def _put_versioning(call: Call, s3: Any) -> None:
    asked = call.new["versioningConfiguration"]
    # A bucket is "Disabled" until it is first versioned and never again: there is nothing to say to AWS.
    if asked["status"] != "Disabled":
        body = {"Status": asked["status"], **({"MFADelete": asked["mfaDelete"]} if asked.get("mfaDelete") else {})}
        s3.put_bucket_versioning(**place(call), VersioningConfiguration=body, **call.given(MFA="mfa"))


def _get_versioning(call: Call, s3: Any) -> Props:
    answer = s3.get_bucket_versioning(**place(call))
    return {"versioningConfiguration": {"status": "Disabled", **from_aws(_VERSIONING, answer)}}


def _suspend(call: Call, s3: Any) -> None:
    if (call.state.get("versioningConfiguration") or {}).get("status") != "Enabled":
        return
    try:
        s3.put_bucket_versioning(**place(call), VersioningConfiguration={"Status": "Suspended"})
    except Exception as exc:
        # A bucket with object lock keeps versions for as long as it exists.
        if faults.code(exc) != "InvalidBucketState":
            raise


VERSIONING = setting(
    "BucketVersioning",
    {"mfa": text(unreadable=True), "versioningConfiguration": block(_VERSIONING, required=True)},
    put=_put_versioning,
    get=_get_versioning,
    remove=_suspend,
)

_RULE = {"defaultRetention": block({"days": number(), "mode": text(), "years": number()}, required=True)}


def _put_lock(call: Call, s3: Any) -> None:
    rule = call.new.get("rule")
    s3.put_object_lock_configuration(
        **place(call),
        ObjectLockConfiguration={"ObjectLockEnabled": "Enabled", **({"Rule": to_aws(_RULE, rule)} if rule else {})},
        **({"Token": call.new["token"]} if call.new.get("token") else {}),
    )


def _get_lock(call: Call, s3: Any) -> Props:
    answer = s3.get_object_lock_configuration(**place(call))["ObjectLockConfiguration"]
    retention = (answer.get("Rule") or {}).get("DefaultRetention") or {}
    # Of days and years one is given; the other may come back as zero.
    kept = {name: value for name, value in retention.items() if value}
    rule = from_aws(_RULE, {"DefaultRetention": kept}) if kept else None
    return {"objectLockEnabled": answer.get("ObjectLockEnabled"), "rule": rule}


def _unlock(call: Call, s3: Any) -> None:
    """Object lock cannot be taken away from a bucket (object-lock-overview.html); its default retention can."""
    s3.put_object_lock_configuration(**place(call), ObjectLockConfiguration={"ObjectLockEnabled": "Enabled"})


OBJECT_LOCK = setting(
    "BucketObjectLockConfiguration",
    {
        "objectLockEnabled": text(default="Enabled", allowed=frozenset({"Enabled"}), replaces=True),
        "rule": block(_RULE),
        "token": text(unreadable=True),
    },
    put=_put_lock,
    get=_get_lock,
    remove=_unlock,
)

TYPES = (VERSIONING, OBJECT_LOCK)
