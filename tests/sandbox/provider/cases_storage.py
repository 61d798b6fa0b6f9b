"""The lifecycles of what a bucket can have beside itself. `drift` changes it by hand and names what then differs."""

import json
from typing import Any

from sandbox.provider.values import Asset
from tests.sandbox.provider.case import Case

_LOCKED = {"objectLockEnabled": True, "forceDestroy": True}


def _policy(bucket: str, action: str) -> str:
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "cloudtrail.amazonaws.com"},
        "Action": action,
        "Resource": f"arn:aws:s3:::{bucket}",
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def _logged(s: Any) -> str:
    """A bucket that the service which writes access logs may write to."""
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "logging.s3.amazonaws.com"},
        "Action": "s3:PutObject",
        "Resource": f"arn:aws:s3:::{s.other_bucket}/*",
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    s.driver.create("aws:s3/bucketPolicy:BucketPolicy", {"bucket": s.other_bucket, "policy": policy})
    return str(s.other_bucket)


def _suspended(aws: Any, made: Any) -> str:
    aws("s3").put_bucket_versioning(Bucket=made.id, VersioningConfiguration={"Status": "Suspended"})
    return "versioningConfiguration"


def _shortened(aws: Any, made: Any) -> str:
    rule = {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 1}}
    configuration = {"ObjectLockEnabled": "Enabled", "Rule": rule}
    aws("s3").put_object_lock_configuration(Bucket=made.id, ObjectLockConfiguration=configuration)
    return "rule"


def _plain(aws: Any, made: Any) -> str:
    rules = [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]
    aws("s3").put_bucket_encryption(Bucket=made.id, ServerSideEncryptionConfiguration={"Rules": rules})
    return "rules"


def _opened(aws: Any, made: Any) -> str:
    kept = dict.fromkeys(("BlockPublicAcls", "IgnorePublicAcls", "RestrictPublicBuckets"), True)
    opened = {**kept, "BlockPublicPolicy": False}
    aws("s3").put_public_access_block(Bucket=made.id, PublicAccessBlockConfiguration=opened)
    return "blockPublicPolicy"


def _granted(aws: Any, made: Any) -> str:
    aws("s3").put_bucket_policy(Bucket=made.id, Policy=_policy(made.id, "s3:*"))
    return "policy"


def _written(aws: Any, made: Any) -> str:
    rules = [{"ObjectOwnership": "ObjectWriter"}]
    aws("s3").put_bucket_ownership_controls(Bucket=made.id, OwnershipControls={"Rules": rules})
    return "rule"


def _moved(aws: Any, made: Any) -> str:
    enabled = {"TargetBucket": made.outputs["targetBucket"], "TargetPrefix": "elsewhere/"}
    aws("s3").put_bucket_logging(Bucket=made.id, BucketLoggingStatus={"LoggingEnabled": enabled})
    return "targetPrefix"


def _sooner(aws: Any, made: Any) -> str:
    rules = [{"ID": "old", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 1}}]
    aws("s3").put_bucket_lifecycle_configuration(Bucket=made.id, LifecycleConfiguration={"Rules": rules})
    return "rules"


def _untold(aws: Any, made: Any) -> str:
    aws("s3").put_bucket_notification_configuration(Bucket=made.id, NotificationConfiguration={})
    return "queues"


def _told(s: Any) -> dict[str, Any]:
    events = ["s3:ObjectRemoved:*", "s3:ObjectCreated:*"]
    return {"bucket": s.bucket, "queues": [{"queueArn": s.queue_arn, "events": events, "filterPrefix": "AWSLogs/"}]}


def _relabelled(aws: Any, made: Any) -> str:
    place = {"Bucket": made.outputs["bucket"], "Key": made.outputs["key"]}
    aws("s3").put_object_tagging(**place, Tagging={"TagSet": [{"Key": "a", "Value": "by hand"}]})
    return "tags"


def _content(said: str) -> dict[str, Any]:
    """A text, with the digest that the engine would give it."""
    return {"source": Asset(archive=False, fields={"text": said, "hash": said}), "sourceHash": said}


STORAGE_CASES: dict[str, Case] = {
    "aws:s3/bucketObjectv2:BucketObjectv2": Case(
        create=lambda s: {
            "bucket": s.versioned_bucket,
            "key": "unsigned/code.zip",
            "serverSideEncryption": "aws:kms",
            "kmsKeyId": s.key,
            "tags": {"a": "1"},
            **_content("one"),
        },
        change={**_content("two"), "tags": {"a": "2", "b": "3"}},
        replace={"key": "other"},
        adopted=lambda deployed: f"{deployed.outputs['bucket']}/{deployed.outputs['key']}",
        drift=_relabelled,
    ),
    "aws:s3/bucketVersioning:BucketVersioning": Case(
        create=lambda s: {"bucket": s.bucket, "versioningConfiguration": {"status": "Enabled"}},
        change={"versioningConfiguration": {"status": "Suspended"}},
        replace={"bucket": "other"},
        arn_output=False,
        outlives=True,
        drift=_suspended,
    ),
    "aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration": Case(
        create=lambda s: {
            "bucket": s.locked_bucket,
            "rule": {"defaultRetention": {"mode": "COMPLIANCE", "days": 365}},
        },
        change={"rule": {"defaultRetention": {"mode": "COMPLIANCE", "years": 7}}},
        replace={"bucket": "other"},
        arn_output=False,
        outlives=True,
        drift=_shortened,
    ),
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": Case(
        create=lambda s: {
            "bucket": s.bucket,
            "rules": [
                {
                    "applyServerSideEncryptionByDefault": {"sseAlgorithm": "aws:kms", "kmsMasterKeyId": s.key},
                    "bucketKeyEnabled": True,
                }
            ],
        },
        change={"rules": [{"applyServerSideEncryptionByDefault": {"sseAlgorithm": "AES256"}}]},
        replace={"bucket": "other"},
        arn_output=False,
        drift=_plain,
    ),
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": Case(
        create=lambda s: {
            "bucket": s.bucket,
            "blockPublicAcls": True,
            "blockPublicPolicy": True,
            "ignorePublicAcls": True,
            "restrictPublicBuckets": True,
        },
        change={"blockPublicAcls": False},
        replace={"bucket": "other"},
        arn_output=False,
        drift=_opened,
    ),
    "aws:s3/bucketPolicy:BucketPolicy": Case(
        create=lambda s: {"bucket": s.bucket, "policy": _policy(s.bucket, "s3:GetBucketAcl")},
        change=lambda s: {"policy": _policy(s.bucket, "s3:ListBucket")},
        replace={"bucket": "other"},
        arn_output=False,
        drift=_granted,
    ),
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": Case(
        create=lambda s: {"bucket": s.bucket, "rule": {"objectOwnership": "BucketOwnerEnforced"}},
        change={"rule": {"objectOwnership": "BucketOwnerPreferred"}},
        replace={"bucket": "other"},
        arn_output=False,
        drift=_written,
    ),
    "aws:s3/bucketLogging:BucketLogging": Case(
        create=lambda s: {"bucket": s.bucket, "targetBucket": _logged(s), "targetPrefix": "access/"},
        change={"targetPrefix": ""},
        replace={"bucket": "other"},
        arn_output=False,
        drift=_moved,
    ),
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": Case(
        create=lambda s: {
            "bucket": s.bucket,
            "rules": [
                {
                    "id": "old",
                    "status": "Enabled",
                    "filter": {"and": {"prefix": "AWSLogs/", "tags": {"a": "1", "b": "2"}}},
                    "expiration": {"days": 2555},
                    "transitions": [{"days": 90, "storageClass": "GLACIER"}],
                    "noncurrentVersionExpiration": {"noncurrentDays": 30},
                },
                {
                    "id": "parts",
                    "status": "Enabled",
                    "filter": {},
                    "abortIncompleteMultipartUpload": {"daysAfterInitiation": 7},
                },
            ],
        },
        change={"rules": [{"id": "old", "status": "Disabled", "expiration": {"date": "2040-01-01T00:00:00Z"}}]},
        replace={"bucket": "other"},
        arn_output=False,
        drift=_sooner,
    ),
    "aws:s3/bucketNotification:BucketNotification": Case(
        create=_told,
        change=lambda s: {"queues": [{"queueArn": s.queue_arn, "events": ["s3:ObjectCreated:Put"]}]},
        replace={"bucket": "other"},
        arn_output=False,
        outlives=True,
        drift=_untold,
    ),
}
