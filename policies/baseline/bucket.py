"""Buckets: private, versioned, and aged on purpose."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from policies.baseline import clauses, resource_types
from policies.baseline.bucket_setting import Place, dig, missing, of_place, wrong
from policies.intent import Intent
from policies.rule import Clauses, Finding, Severity, StackRule
from policies.view import UNKNOWN, Stack

_VERSIONING = Place(types=resource_types.BUCKET_VERSIONING, inline=("versioning", "versionings"))
_LIFECYCLE = Place(types=resource_types.BUCKET_LIFECYCLE, inline=("lifecycleRules",))
_BLOCK = Place(types=resource_types.BUCKET_PUBLIC_BLOCK)
_OWNERSHIP = Place(types=resource_types.BUCKET_OWNERSHIP)
_FLAGS = {
    "blockPublicAcls": "block_public_acls=True,",
    "blockPublicPolicy": "block_public_policy=True,",
    "ignorePublicAcls": "ignore_public_acls=True,",
    "restrictPublicBuckets": "restrict_public_buckets=True,",
}


def _versioned(stack: Stack, intent: Intent) -> Iterator[Finding]:
    fix = "versioning_configuration=aws.s3.BucketVersioningVersioningConfigurationArgs(status='Enabled'),"
    for settings in of_place(stack, intent, _VERSIONING):
        if not settings.found:
            yield missing(settings, "versioning", "Enabled", fix)
        for found in settings.found:
            status = dig(found.value, "versioningConfiguration", "status")
            if status is None and found.resource is settings.bucket:
                status = "Enabled" if dig(found.value, "enabled") is True else dig(found.value, "enabled")
            if status != "Enabled":
                yield wrong(found, "status", status, "Enabled", fix)


def _aged(stack: Stack, intent: Intent) -> Iterator[Finding]:
    required, fix = "a rule that is enabled: what nobody ages is kept for ever", "lifecycle=Lifecycle(…),"
    for settings in of_place(stack, intent, _LIFECYCLE):
        if not settings.found:
            yield missing(settings, "lifecycle", required, fix)
        for found in settings.found:
            rules = dig(found.value, "rule") if found.resource is not settings.bucket else found.value
            several = rules if isinstance(rules, tuple) else (rules,)
            on = [each for each in several if dig(each, "status") == "Enabled" or dig(each, "enabled") is True]
            if not on:
                yield wrong(found, "rules", UNKNOWN if UNKNOWN in several else rules, required, fix)


def _closed(stack: Stack, intent: Intent) -> Iterator[Finding]:
    for settings in of_place(stack, intent, _BLOCK):
        if not settings.found:
            fix = "aws.s3.BucketPublicAccessBlock(name, bucket=bucket.bucket, …)  # all four True"
            yield missing(settings, "public access block", "all four settings of it", fix)
        for found in settings.found:
            for name, fix in _FLAGS.items():
                if found.resource.value(name) is not True:
                    yield wrong(found, name, found.resource.value(name), "true", fix)


def _owned(stack: Stack, intent: Intent) -> Iterator[Finding]:
    required, fix = "BucketOwnerEnforced: no ACL says anything", "object_ownership='BucketOwnerEnforced',"
    for settings in of_place(stack, intent, _OWNERSHIP):
        if not settings.found:
            yield missing(settings, "ownership controls", required, fix)
        for found in settings.found:
            owner = dig(found.value, "rule", "objectOwnership")
            if owner != "BucketOwnerEnforced":
                yield wrong(found, "rule.objectOwnership", owner, required, fix)
    for token in resource_types.BUCKET_ACL:
        for acl in stack.of(token):
            yield Finding(urn=acl.urn, property="acl", seen="an ACL", required=required, fix="delete the resource")


def _rule(
    name: str,
    title: str,
    severity: Severity,
    group: Clauses,
    parity: tuple[str, ...],
    check: Callable[[Stack, Intent], Iterator[Finding]],
    fix: str,
) -> StackRule:
    return StackRule(
        id=f"baseline/{name}",
        title=title,
        severity=severity,
        clauses=group,
        remediation=fix,
        parity=parity,
        check=check,
    )


RULES = (
    _rule(
        "bucket-versioned",
        "A bucket keeps what was overwritten or deleted",
        Severity.HIGH,
        clauses.RECORD_KEPT,
        ("CKV_AWS_21", "SH:S3.14", "PB:s3-bucket-versioning", "PRW:s3_bucket_object_versioning"),
        _versioned,
        "versioning_configuration=…,  # status='Enabled'",
    ),
    _rule(
        "bucket-closed",
        "No ACL and no policy can open a bucket to the public",
        Severity.CRITICAL,
        clauses.ACCESS,
        (
            "CKV_AWS_53",
            "CKV_AWS_54",
            "CKV_AWS_55",
            "CKV_AWS_56",
            "CKV2_AWS_6",
            "SH:S3.8",
            "SH:CloudTrail.6",
            "CIS-1.4:2.1.5",
            "CIS-3.0:2.1.4",
            "CIS-1.4:3.3",
            "PRW:cloudtrail_logs_s3_bucket_is_not_publicly_accessible",
            "PRW:s3_bucket_level_public_access_block",
            "PB:s3-bucket-public-access-block",
            "PB:cloudtrail-s3-bucket-public-access-denied",
        ),
        _closed,
        "aws.s3.BucketPublicAccessBlock(name, bucket=bucket.bucket, …)  # all four True",
    ),
    _rule(
        "bucket-owner-enforced",
        "A bucket has no ACL",
        Severity.MEDIUM,
        clauses.ACCESS,
        ("CKV2_AWS_65", "SH:S3.12", "PRW:s3_bucket_acl_prohibited"),
        _owned,
        "object_ownership='BucketOwnerEnforced',",
    ),
    _rule(
        "bucket-aged",
        "Somebody decided how long a bucket keeps what it holds",
        Severity.LOW,
        clauses.RECORD_KEPT,
        ("CKV2_AWS_61", "SH:S3.13", "PB:s3-bucket-lifecycle", "PRW:s3_bucket_lifecycle_enabled"),
        _aged,
        "lifecycle=Lifecycle(…),",
    ),
)
