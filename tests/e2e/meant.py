"""What each role is meant to do with each secret: a person's table, written without a look at any policy."""

from __future__ import annotations

from catalog.model import Catalog, Secret

READS = {"GetSecretValue", "DescribeSecret"}
LOOKS = {"DescribeSecret", "GetResourcePolicy", "ListSecretVersionIds"}
ROTATES = READS | {"ListSecretVersionIds", "PutSecretValue", "UpdateSecretVersionStage"}
GUARDS = {"DeleteResourcePolicy", "PutResourcePolicy", "ValidateResourcePolicy"}
EVERY_SECRET = {
    "operator": {
        "CancelRotateSecret",
        "DescribeSecret",
        "ListSecretVersionIds",
        "PutSecretValue",
        "RestoreSecret",
        "RotateSecret",
        "UpdateSecretVersionStage",
    },
    "auditor": LOOKS | {"kms:DescribeKey"},
    "security-admin": LOOKS | GUARDS | {"kms:DescribeKey", "kms:PutKeyPolicy", "kms:ScheduleKeyDeletion"},
    "break-glass": READS,
    "preview": LOOKS | {"kms:DescribeKey"},
    "deploy": LOOKS
    | GUARDS
    | {
        "CancelRotateSecret",
        "RemoveRegionsFromReplication",
        "ReplicateSecretToRegions",
        "RotateSecret",
        "TagResource",
        "UntagResource",
        "UpdateSecret, container",
        "kms:DescribeKey",
        "kms:PutKeyPolicy",
    },
    "watch": {"ListSecretVersionIds"},
    "retire": {"DescribeSecret"},
}
NO_SECRET = {"alert", "schedule-backup-secrets", "schedule-retire", "schedule-watch", "trail"}


def meant(catalog: Catalog, role: str, secret: Secret) -> set[str]:
    """The acts that `role` is meant to succeed with.

    Raises:
        LookupError: nobody has said what the role is for.
    """
    target = secret.spec.target
    if role in EVERY_SECRET:
        return EVERY_SECRET[role]
    if role in {consumer.name for consumer in catalog.consumers}:
        return READS if role in secret.consumers else set()
    if role in {f"rotate-{one}" for one in catalog.targets}:
        return ROTATES if role == f"rotate-{target}" else set()
    if role == "backup-secrets":
        return set() if secret.decoy else {"GetSecretValue"}
    if role == "emergency":
        return set() if secret.spec.assisted else {"DescribeSecret", "ListSecretVersionIds", "RotateSecret"}
    if role in NO_SECRET:
        return set()
    raise LookupError(f"role '{role}' is deployed and in no table; say in tests/e2e/meant.py what it is for")
