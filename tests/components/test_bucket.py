"""Every bucket is private, versioned, encrypted with its key, logged, and locked where that is asked."""

import dataclasses
import json
from typing import Any

import pulumi
import pytest

from catalog import load
from catalog.access.bucket import bucket_policy, log_delivery
from components.aws.bucket import Lifecycle, ManagedBucket, ManagedBucketArgs
from tests.components.recording import RecordingMocks, record

STAGING, PROD = load.environment("staging"), load.environment("prod")
NAME = "llm-observatory-audit-logs-222233334444-us-east-1"
KEY = "arn:aws:kms:us-east-1:222233334444:key/0a1b"
LOCKED = ManagedBucketArgs(
    environment=STAGING,
    what="audit-logs",
    key_arn=KEY,
    log_bucket="the-log-bucket",
    lifecycle=Lifecycle(archive_after=90, noncurrent_expire_after=365),
    lock_days=365,
    retain=True,
)


def declared(args: ManagedBucketArgs = LOCKED) -> RecordingMocks:
    return record(lambda: ManagedBucket("b", args))


def the(recorded: RecordingMocks, kind: str) -> dict[str, Any]:
    (inputs,) = recorded.of(f"aws:s3/{kind[:1].lower()}{kind[1:]}:{kind}").values()
    return inputs


def test_the_bucket_has_the_name_that_policies_know_and_is_never_emptied_by_force() -> None:
    bucket = the(declared(), "Bucket")
    assert bucket["bucket"] == NAME
    assert bucket["forceDestroy"] is False
    assert bucket["tags"] == {"Environment": "staging", "Service": "llm-observatory"}


def test_nothing_of_it_can_be_made_public() -> None:
    block = the(declared(), "BucketPublicAccessBlock")
    assert {name: value for name, value in block.items() if name != "bucket"} == {
        "blockPublicAcls": True,
        "blockPublicPolicy": True,
        "ignorePublicAcls": True,
        "restrictPublicBuckets": True,
    }
    assert the(declared(), "BucketOwnershipControls")["rule"] == {"objectOwnership": "BucketOwnerEnforced"}


def test_it_keeps_versions_and_encrypts_with_its_key_through_a_bucket_key() -> None:
    recorded = declared()
    assert the(recorded, "BucketVersioning")["versioningConfiguration"] == {"status": "Enabled"}
    assert the(recorded, "BucketServerSideEncryptionConfiguration")["rules"] == [
        {
            "applyServerSideEncryptionByDefault": {"sseAlgorithm": "aws:kms", "kmsMasterKeyId": KEY},
            "bucketKeyEnabled": True,
        }
    ]


def test_the_bucket_of_access_logs_is_encrypted_with_the_key_of_s3_which_is_all_that_log_delivery_takes() -> None:
    recorded = declared(dataclasses.replace(LOCKED, key_arn=None, log_bucket=None, lock_days=None))
    assert the(recorded, "BucketServerSideEncryptionConfiguration")["rules"] == [
        {"applyServerSideEncryptionByDefault": {"sseAlgorithm": "AES256"}, "bucketKeyEnabled": False}
    ]
    assert not recorded.of("aws:s3/bucketLogging:BucketLogging")


def test_a_lock_is_in_compliance_mode_from_the_buckets_creation() -> None:
    recorded = declared()
    assert the(recorded, "Bucket")["objectLockEnabled"] is True
    assert the(recorded, "BucketObjectLockConfiguration")["rule"] == {
        "defaultRetention": {"mode": "COMPLIANCE", "days": 365}
    }


def test_a_bucket_without_lock_days_has_no_lock() -> None:
    recorded = declared(dataclasses.replace(LOCKED, lock_days=None))
    assert the(recorded, "Bucket")["objectLockEnabled"] is False
    assert not recorded.of("aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration")


def test_requests_are_logged_under_the_buckets_own_prefix() -> None:
    logging = the(declared(), "BucketLogging")
    assert (logging["targetBucket"], logging["targetPrefix"]) == ("the-log-bucket", "audit-logs/")


def test_objects_are_archived_and_old_versions_and_incomplete_uploads_go() -> None:
    (rule,) = the(declared(), "BucketLifecycleConfiguration")["rules"]
    assert rule["status"] == "Enabled"
    assert rule["transitions"] == [{"days": 90, "storageClass": "GLACIER"}]
    assert rule["noncurrentVersionExpiration"] == {"noncurrentDays": 365}
    assert rule["abortIncompleteMultipartUpload"] == {"daysAfterInitiation": 7}
    assert rule["expiration"] == {"expiredObjectDeleteMarker": True}


def test_objects_expire_and_the_newest_old_versions_stay_where_that_is_chosen() -> None:
    chosen = Lifecycle(expire_after=30, noncurrent_expire_after=1, keep_noncurrent=10)
    (rule,) = the(declared(dataclasses.replace(LOCKED, lifecycle=chosen)), "BucketLifecycleConfiguration")["rules"]
    assert rule["expiration"] == {"days": 30}
    assert rule["noncurrentVersionExpiration"] == {"noncurrentDays": 1, "newerNoncurrentVersions": 10}
    assert "transitions" not in rule


def test_the_policy_is_the_one_of_the_catalogue_with_the_keys_arn() -> None:
    statements = log_delivery(STAGING, "audit-logs", ["code"])
    policy = the(declared(dataclasses.replace(LOCKED, policy_statements=statements)), "BucketPolicy")["policy"]
    expected = bucket_policy(STAGING, "audit-logs", statements, key_arn=KEY, is_key_named=True)
    assert json.loads(policy) == expected


@pytest.mark.parametrize(("environment", "expected"), [(STAGING, False), (PROD, True)])
def test_prods_buckets_are_protected_and_a_retained_one_stays_with_every_setting(
    environment: Any, expected: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: dict[str, pulumi.ResourceOptions] = {}
    original = pulumi.CustomResource.__init__

    def watched(self: Any, kind: str, name: str, *rest: Any, **named: Any) -> None:
        given[kind] = next(item for item in (*rest, *named.values()) if isinstance(item, pulumi.ResourceOptions))
        original(self, kind, name, *rest, **named)

    monkeypatch.setattr(pulumi.CustomResource, "__init__", watched)
    declared(dataclasses.replace(LOCKED, environment=environment))
    assert bool(given["aws:s3/bucket:Bucket"].protect) is expected
    assert len(given) == 9
    # A setting that went would leave an open bucket behind.
    assert all(options.retain_on_delete for options in given.values())


def test_the_name_is_known_once_the_policy_is_in_force() -> None:
    names: list[str] = []

    def program() -> None:
        bucket = ManagedBucket("b", LOCKED)
        pulumi.Output.all(bucket.name, bucket.arn).apply(names.extend)

    record(program)
    assert names == [NAME, "arn:mock:aws:s3/bucket:Bucket:b"]
