"""Access logs of buckets: S3 delivers them into one bucket, which logs itself nowhere."""

from __future__ import annotations

from collections.abc import Iterator

from policies.baseline import clauses, resource_types
from policies.baseline.attached import reached
from policies.baseline.bucket_setting import Place, missing, of_place
from policies.intent import Intent
from policies.rule import Finding, Severity, StackRule
from policies.view import UNKNOWN, Resource, Stack

_LOGGING = Place(types=resource_types.BUCKET_LOGGING, inline=("logging", "loggings"))


def log_buckets(stack: Stack, intent: Intent) -> frozenset[str]:
    """The buckets that S3 delivers access logs into."""
    found: set[str] = set()
    for settings in of_place(stack, intent, _LOGGING):
        for each in settings.found:
            path = "targetBucket" if each.resource is not settings.bucket else f"{each.property}.targetBucket"
            ends = reached(stack, intent, each.resource, path, resource_types.BUCKET)
            found |= {end.urn for end in (ends if isinstance(ends, tuple) else ())}
            if not ends or ends is UNKNOWN:
                found |= set(_through_policy(stack, each.resource))
    return frozenset(found)


def _through_policy(stack: Stack, resource: Resource) -> Iterator[str]:
    """A bucket's name may come from its policy, to be known when that is in force."""
    for urn in resource.edges.get("targetBucket", ()):
        end = stack.by_urn.get(urn)
        yield from end.edges.get("bucket", ()) if end else ()


def _logged(stack: Stack, intent: Intent) -> Iterator[Finding]:
    of_logs = log_buckets(stack, intent)
    for settings in of_place(stack, intent, _LOGGING):
        if not settings.found and settings.bucket.urn not in of_logs:
            fix = "aws.s3.BucketLogging(name, bucket=bucket.bucket, target_bucket=access.name, target_prefix=…)"
            yield missing(settings, "access logging", "a bucket of this stack that takes its access logs", fix)


RULES = (
    StackRule(
        id="baseline/bucket-logged",
        title="Who reads or writes a bucket is logged",
        severity=Severity.MEDIUM,
        clauses=clauses.RECORD,
        remediation="aws.s3.BucketLogging(name, bucket=bucket.bucket, target_bucket=access.name, target_prefix=…)",
        parity=(
            "CKV_AWS_18",
            "SH:CloudTrail.7",
            "CIS-1.4:3.6",
            "CIS-3.0:3.4",
            "AG:s3-bucket-logging-enabled",
            "PB:s3-bucket-access-logging",
            "PRW:s3_bucket_server_access_logging_enabled",
            "PRW:cloudtrail_logs_s3_bucket_access_logging_enabled",
        ),
        check=_logged,
    ),
)
