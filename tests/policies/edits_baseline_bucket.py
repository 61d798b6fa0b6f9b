"""Edits of buckets, whose settings are in resources of their own, inside the bucket, or in older types."""

from __future__ import annotations

from policies.baseline import resource_types as types
from tests.policies.baseline_stack import Edit, adding, document, plus, retyped, then, without
from tests.policies.edit import literal, setting
from tests.policies.program import Program

BUCKET, OLDER_BUCKET = types.BUCKET
ENCRYPTION, LIFECYCLE, LOCK, LOGGING, VERSIONING = (
    each[0]
    for each in (
        types.BUCKET_ENCRYPTION,
        types.BUCKET_LIFECYCLE,
        types.BUCKET_LOCK,
        types.BUCKET_LOGGING,
        types.BUCKET_VERSIONING,
    )
)
(POLICY,), (BLOCK,), (OWNERSHIP,) = types.BUCKET_POLICY, types.BUCKET_PUBLIC_BLOCK, types.BUCKET_OWNERSHIP
LOGS, ACCESS, RESULTS = "audit-logs", "audit-access", "audit-queries"


def _edit(rule: str, token: str, name: str, path: str, value: object, *says: str) -> Edit:
    return Edit(make=literal(token, name, path, value), rule=f"baseline/{rule}", token=token, name=name, says=says)


def _gone(rule: str, token: str, name: str, *says: str) -> Edit:
    return Edit(make=without(token, name), rule=f"baseline/{rule}", token=BUCKET, name=name, says=says)


def _sse(algorithm: str, key: str | None = None) -> list[object]:
    return [{"applyServerSideEncryptionByDefault": {"sseAlgorithm": algorithm, "kmsMasterKeyId": key or ""}}]


def _without_tls_denial(policy: dict[str, list[dict[str, object]]]) -> None:
    policy["Statement"] = [each for each in policy["Statement"] if each["Sid"] != "TlsOnly"]


def _weaken(**changed: object) -> Edit:
    def change(policy: dict[str, list[dict[str, object]]]) -> None:
        next(each for each in policy["Statement"] if each["Sid"] == "TlsOnly").update(changed)

    return Edit(
        make=document(POLICY, ACCESS, "policy", change),
        rule="baseline/bucket-tls-only",
        token=POLICY,
        name=ACCESS,
        says=("no such Deny",),
    )


def _retention(mode: str, days: int) -> dict[str, object]:
    return {"defaultRetention": {"mode": mode, "days": days}}


def _inside(rule: str, token: str, setting_name: str, value: object, *says: str) -> Edit:
    """The setting in the older type of bucket itself, instead of a resource of its own."""

    def make(stack: Program) -> Program:
        changed = without(token, RESULTS)(stack)
        changed = setting(BUCKET, RESULTS, setting_name, value)(changed)
        return retyped(BUCKET, RESULTS, OLDER_BUCKET)(changed)

    return Edit(make=make, rule=f"baseline/{rule}", token=OLDER_BUCKET, name=RESULTS, says=says)


EDITS: dict[str, Edit] = {
    "bucket-not-encrypted": _gone("bucket-encrypted", ENCRYPTION, LOGS, "no encryption"),
    "bucket-by-s3": _edit("bucket-encrypted", ENCRYPTION, LOGS, "rules", _sse("AES256")),
    "bucket-by-aws": _edit("bucket-encrypted", ENCRYPTION, LOGS, "rules", _sse("aws:kms", "alias/aws/s3")),
    "bucket-by-any-key": _edit("bucket-encrypted", ENCRYPTION, LOGS, "rules", _sse("aws:kms")),
    "bucket-by-a-foreign-key": _edit(
        "bucket-encrypted", ENCRYPTION, LOGS, "rules", _sse("aws:kms", "arn:aws:kms:us-east-1:999988887777:key/0")
    ),
    "bucket-of-access-logs-by-a-key": Edit(
        make=lambda stack: stack.set(
            stack.get(ENCRYPTION, ACCESS), "rules", stack.get(ENCRYPTION, LOGS).inputs["rules"]
        ),
        rule="baseline/bucket-encrypted",
        token=ENCRYPTION,
        name=ACCESS,
        says=("AES256",),
    ),
    "bucket-encrypted-inside-by-s3": _inside(
        "bucket-encrypted",
        ENCRYPTION,
        "serverSideEncryptionConfigurations",
        [{"rules": [{"applyServerSideEncryptionByDefaults": [{"sseAlgorithm": "AES256"}]}]}],
    ),
    "bucket-not-versioned": _gone("bucket-versioned", VERSIONING, LOGS, "no versioning"),
    "bucket-suspended": _edit(
        "bucket-versioned", VERSIONING, LOGS, "versioningConfiguration.status", "Suspended", "required: Enabled"
    ),
    "bucket-suspended-in-the-older-type": Edit(
        make=retyped(
            VERSIONING,
            RESULTS,
            types.BUCKET_VERSIONING[1],
            versioningConfiguration={"status": "Suspended"},
        ),
        rule="baseline/bucket-versioned",
        token=types.BUCKET_VERSIONING[1],
        name=RESULTS,
    ),
    "bucket-not-blocked": _gone("bucket-closed", BLOCK, LOGS, "no public access block"),
    **{
        f"bucket-without-{flag}": _edit("bucket-closed", BLOCK, LOGS, flag, False, f"property: {flag}")
        for flag in ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")
    },
    "bucket-with-acls": _edit("bucket-owner-enforced", OWNERSHIP, LOGS, "rule.objectOwnership", "ObjectWriter"),
    "bucket-without-owner": _gone("bucket-owner-enforced", OWNERSHIP, LOGS),
    "bucket-with-an-acl": Edit(
        make=plus(types.BUCKET_ACL[1], "acl", acl="private"),
        rule="baseline/bucket-owner-enforced",
        token=types.BUCKET_ACL[1],
        name="acl",
    ),
    "bucket-not-aged": _gone("bucket-aged", LIFECYCLE, LOGS),
    "bucket-ageing-off": _edit("bucket-aged", LIFECYCLE, LOGS, "rules", [{"id": "age", "status": "Disabled"}]),
    "bucket-not-logged": _gone("bucket-logged", LOGGING, LOGS, "no access logging"),
    "bucket-without-policy": _gone("bucket-has-policy", POLICY, ACCESS),
    "bucket-for-everyone": Edit(
        make=document(POLICY, ACCESS, "policy", adding(Principal="*", Action="s3:GetObject", Resource="*")),
        rule="baseline/bucket-policy-closed",
        token=POLICY,
        name=ACCESS,
        says=("everyone, without a condition",),
    ),
    "bucket-for-another-account": Edit(
        make=document(
            POLICY,
            ACCESS,
            "policy",
            adding(Principal={"AWS": "arn:aws:iam::999988887777:role/x"}, Action="s3:GetObject", Resource="*"),
        ),
        rule="baseline/bucket-policy-closed",
        token=POLICY,
        name=ACCESS,
        says=("another account",),
    ),
    "bucket-without-tls": Edit(
        make=document(POLICY, ACCESS, "policy", _without_tls_denial),
        rule="baseline/bucket-tls-only",
        token=POLICY,
        name=ACCESS,
    ),
    "bucket-tls-for-reads": _weaken(Action=["s3:GetObject"]),
    "bucket-tls-for-some": _weaken(Principal={"AWS": "arn:aws:iam::333344445555:role/x"}),
    "bucket-tls-for-objects-alone": _weaken(Resource="arn:aws:s3:::llm-observatory-audit-access-x/*"),
    "bucket-tls-sometimes": _weaken(
        Condition={"Bool": {"aws:SecureTransport": "false"}, "StringEquals": {"aws:PrincipalAccount": "333344445555"}}
    ),
    "bucket-not-locked": Edit(
        make=then(without(LOCK, LOGS), literal(BUCKET, LOGS, "objectLockEnabled", False)),
        rule="baseline/bucket-locked",
        token=BUCKET,
        name=LOGS,
        says=("no lock",),
    ),
    "bucket-lock-by-nothing": _gone("bucket-locked", LOCK, "backups"),
    "bucket-lock-that-opens": _edit("bucket-locked", LOCK, LOGS, "rule", _retention("GOVERNANCE", 731)),
    "bucket-lock-for-a-day": _edit("bucket-locked", LOCK, LOGS, "rule", _retention("COMPLIANCE", 1), "365 days"),
    "trail-into-another-bucket": _edit(
        "record-in-the-stack", "aws:cloudtrail/trail:Trail", "audit", "s3BucketName", "else", "not in this stack"
    ),
}
