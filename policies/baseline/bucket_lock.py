"""Locks: nobody, not the account's root either, deletes the record before a year is over."""

from __future__ import annotations

from collections.abc import Iterator

from policies.baseline import clauses, resource_types
from policies.baseline.attached import reached
from policies.baseline.bucket_setting import Found, Place, dig, missing, of_place, wrong
from policies.baseline.setting import NOT_KNOWN
from policies.intent import Intent
from policies.rule import Finding, Severity, StackRule
from policies.view import UNKNOWN, Resource, Stack, Unknown

_PLACE = Place(types=resource_types.BUCKET_LOCK, inline=("objectLockConfiguration",))
_YEAR = 365
_REQUIRED = "COMPLIANCE for at least {days} days, by default for every version"
_FIX = "lock_days=environment.audit.lock_days,"


def _locked(stack: Stack, intent: Intent) -> Iterator[Finding]:
    records = _records(stack, intent)
    for settings in of_place(stack, intent, _PLACE):
        bucket = settings.bucket
        least = _YEAR if bucket.urn in records else 1
        required = _REQUIRED.format(days=least)
        enabled = bucket.value("objectLockEnabled")
        asked = bucket.urn in records or enabled is True or bool(settings.found)
        if asked and enabled is not True and not settings.found:
            yield Finding(
                urn=bucket.urn,
                property="objectLockEnabled",
                seen=NOT_KNOWN if enabled is UNKNOWN else "no lock",
                required=required,
                undecided=enabled is UNKNOWN,
            )
        elif asked and not settings.found:
            yield missing(settings, "lock by default", required, _FIX)
        for found in settings.found:
            yield from _retention(found, least, required)


def _retention(found: Found, least: int, required: str) -> Iterator[Finding]:
    retention = dig(found.value, "rule", "defaultRetention")
    mode, days, years = (dig(retention, name) for name in ("mode", "days", "years"))
    if mode != "COMPLIANCE":
        yield wrong(found, "rule.defaultRetention.mode", mode, required, _FIX)
        return
    kept = days if isinstance(days, (int, float)) else years * _YEAR if isinstance(years, (int, float)) else None
    if kept is None or kept < least:
        value = UNKNOWN if kept is None and UNKNOWN in (days, years) else kept
        yield wrong(found, "rule.defaultRetention.days", value, required, _FIX)


def _records(stack: Stack, intent: Intent) -> frozenset[str]:
    """The buckets that trails write into."""
    found: set[str] = set()
    for trail in stack.of(resource_types.TRAIL):
        ends = _of_trail(stack, intent, trail)
        found |= {end.urn for end in (ends if isinstance(ends, tuple) else ())}
    return frozenset(found)


def _of_trail(stack: Stack, intent: Intent, trail: Resource) -> tuple[Resource, ...] | Unknown:
    """The bucket that a trail writes into, which it may know by the bucket's policy, to come after that."""
    ends = reached(stack, intent, trail, "s3BucketName", resource_types.BUCKET)
    if ends is not UNKNOWN:
        return ends
    policies = reached(stack, intent, trail, "s3BucketName", resource_types.BUCKET_POLICY)
    if policies is UNKNOWN:
        return UNKNOWN
    behind = [reached(stack, intent, each, "bucket", resource_types.BUCKET) for each in policies]
    return tuple(end for ends in behind if isinstance(ends, tuple) for end in ends) or UNKNOWN


def _recorded(stack: Stack, intent: Intent) -> Iterator[Finding]:
    for trail in stack.of(resource_types.TRAIL):
        ends = _of_trail(stack, intent, trail)
        if ends is UNKNOWN or not ends:
            yield Finding(
                urn=trail.urn,
                property="s3BucketName",
                seen=NOT_KNOWN if ends is UNKNOWN else "a bucket that is not in this stack",
                required="a bucket of this stack, whose lock was judged too",
                fix="s3_bucket_name=logs.name,",
                undecided=ends is UNKNOWN,
            )


RULES = (
    StackRule(
        id="baseline/bucket-locked",
        title="The record is locked for a year, and what has a lock has one that nobody opens",
        severity=Severity.HIGH,
        clauses=clauses.RECORD_KEPT,
        remediation=_FIX,
        parity=("CKV_AWS_143", "SH:S3.15", "PRW:s3_bucket_object_lock", "PB:s3-bucket-object-lock-enabled"),
        check=_locked,
    ),
    StackRule(
        id="baseline/record-in-the-stack",
        title="A trail writes into a bucket of the stack",
        severity=Severity.HIGH,
        clauses=clauses.RECORD_KEPT,
        remediation="s3_bucket_name=logs.name,",
        check=_recorded,
    ),
)
