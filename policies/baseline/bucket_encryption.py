"""Encryption of buckets: with a key of the stack, and where S3 delivers access logs, as S3 asks."""

from __future__ import annotations

from collections.abc import Iterator

from policies.baseline import clauses, encryption, resource_types
from policies.baseline.bucket_logging import log_buckets
from policies.baseline.bucket_setting import Place, dig, missing, of_place, wrong
from policies.intent import Intent
from policies.rule import Finding, Severity, StackRule
from policies.view import UNKNOWN, Resource, Stack, Value

_ENCRYPTION = Place(
    types=resource_types.BUCKET_ENCRYPTION,
    inline=("serverSideEncryptionConfiguration", "serverSideEncryptionConfigurations"),
)
_BY_KEY = ("aws:kms", "aws:kms:dsse")


def _encrypted(stack: Stack, intent: Intent) -> Iterator[Finding]:
    of_logs = log_buckets(stack, intent)
    for settings in of_place(stack, intent, _ENCRYPTION):
        takes_logs = settings.bucket.urn in of_logs
        required = (
            "AES256: S3 delivers access logs under no other" if takes_logs else "aws:kms with a key of this stack"
        )
        fix = "sse_algorithm='AES256'," if takes_logs else "sse_algorithm='aws:kms', kms_master_key_id=key.arn,"
        if not settings.found:
            yield missing(settings, "encryption", required, fix)
        for found in settings.found:
            default = dig(found.value, "rule", "applyServerSideEncryptionByDefault")
            algorithm, key = dig(default, "sseAlgorithm"), dig(default, "kmsMasterKeyId")
            if algorithm not in (("AES256",) if takes_logs else _BY_KEY):
                yield wrong(found, "rules.sseAlgorithm", algorithm, required, fix)
            elif not takes_logs and not _is_ours(stack, found.resource, key):
                yield wrong(found, "rules.kmsMasterKeyId", _unless_led(stack, found.resource, key), required, fix)


def _is_ours(stack: Stack, resource: Resource, key: Value) -> bool:
    ends = [stack.by_urn.get(urn) for urn in resource.edges.get("rules", ())]
    led = any(end is not None and end.type in encryption.KEYS for end in ends)
    if key is UNKNOWN:
        return led
    return (
        isinstance(key, str)
        and not encryption.by_aws(key)
        and any(
            key in (each.value(name) for name in ("arn", "id", "keyId", "name"))
            for token in encryption.KEYS
            for each in stack.of(token)
        )
    )


def _unless_led(stack: Stack, resource: Resource, key: Value) -> Value:
    """UNKNOWN stays so only where no dependency tells what it is."""
    ends = [stack.by_urn.get(urn) for urn in resource.edges.get("rules", ())]
    return "another" if key is UNKNOWN and any(end is not None for end in ends) else key


RULES = (
    StackRule(
        id="baseline/bucket-encrypted",
        title="A bucket encrypts with a key of the account, and one of access logs as S3 asks",
        severity=Severity.HIGH,
        clauses=clauses.ENCRYPTION,
        remediation="sse_algorithm='aws:kms', kms_master_key_id=key.arn,",
        parity=(
            "CKV_AWS_19",
            "CKV_AWS_145",
            "SH:S3.17",
            "PRW:s3_bucket_kms_encryption",
            "PRW:s3_bucket_default_encryption",
        ),
        check=_encrypted,
    ),
)
