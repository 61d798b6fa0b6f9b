"""S3: locks, access logs and public policies of buckets.

Sources: https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock.html, enable-server-access-logging.html and
access-control-block-public-access.html.
"""

import contextlib
import json
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.contract.aws.harness import PREFIX, ContractAws, error_of

LOCK = {"ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 1}}}
BLOCK = dict.fromkeys(("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"), True)


@pytest.fixture
def s3(aws: ContractAws) -> Any:
    return aws.client("s3")


@pytest.fixture
def locked(s3: Any) -> Iterator[str]:
    """A bucket with object lock, in governance mode so that a real account can be cleaned up."""
    name = f"{PREFIX}-{uuid.uuid4()}"
    s3.create_bucket(Bucket=name, ObjectLockEnabledForBucket=True)
    yield name
    removed(s3, name, BypassGovernanceRetention=True)


@pytest.fixture
def plain(s3: Any) -> Iterator[str]:
    name = f"{PREFIX}-{uuid.uuid4()}"
    s3.create_bucket(Bucket=name)
    yield name
    removed(s3, name)


def removed(s3: Any, bucket: str, **arguments: Any) -> None:
    for item in s3.list_object_versions(Bucket=bucket).get("Versions", []):
        s3.delete_object(Bucket=bucket, Key=item["Key"], VersionId=item["VersionId"], **arguments)
    with contextlib.suppress(ClientError):  # a delete marker is left
        s3.delete_bucket(Bucket=bucket)


def policy(bucket: str, principal: Any, **conditions: Any) -> str:
    statement = {
        "Effect": "Allow",
        "Principal": principal,
        "Action": ["s3:PutObject"],
        "Resource": [f"arn:aws:s3:::{bucket}/*"],
        **({"Condition": conditions} if conditions else {}),
    }
    tls = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": ["s3:*"],
        "Resource": [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [tls, statement]})


def logged(s3: Any, source: str, target: str) -> None:
    s3.put_bucket_logging(
        Bucket=source, BucketLoggingStatus={"LoggingEnabled": {"TargetBucket": target, "TargetPrefix": "source/"}}
    )


def test_a_version_cannot_be_deleted_before_its_lock_is_over(s3: Any, locked: str) -> None:
    """Source: object-lock.html, "Retention modes"."""
    s3.put_object_lock_configuration(Bucket=locked, ObjectLockConfiguration=LOCK)
    version = s3.put_object(Bucket=locked, Key="a", Body=b"a", ChecksumAlgorithm="SHA256")["VersionId"]
    with pytest.raises(ClientError) as refused:
        s3.delete_object(Bucket=locked, Key="a", VersionId=version)
    assert error_of(refused.value)[0] == "AccessDenied"


@pytest.mark.diverges
def test_the_default_lock_of_a_filled_bucket_can_be_changed(s3: Any, locked: str) -> None:
    """Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObjectLockConfiguration.html."""
    s3.put_object(Bucket=locked, Key="a", Body=b"a", ChecksumAlgorithm="SHA256")
    s3.put_object_lock_configuration(Bucket=locked, ObjectLockConfiguration=LOCK)
    assert s3.get_object_lock_configuration(Bucket=locked)["ObjectLockConfiguration"]["ObjectLockEnabled"] == "Enabled"


@pytest.mark.diverges
@pytest.mark.parametrize("principal", ["*", {"AWS": "*"}])
def test_a_public_policy_is_refused_where_those_are_blocked(s3: Any, plain: str, principal: Any) -> None:
    """Source: access-control-block-public-access.html, BlockPublicPolicy."""
    s3.put_public_access_block(Bucket=plain, PublicAccessBlockConfiguration=BLOCK)
    with pytest.raises(ClientError) as refused:
        s3.put_bucket_policy(Bucket=plain, Policy=policy(plain, principal))
    assert error_of(refused.value)[0] == "AccessDenied"
    s3.put_bucket_policy(Bucket=plain, Policy=policy(plain, {"Service": "logging.s3.amazonaws.com"}))


@pytest.mark.diverges
def test_access_logs_go_to_a_bucket_whose_policy_lets_s3_write_for_the_source(
    aws: ContractAws, s3: Any, plain: str, locked: str
) -> None:
    """Source: enable-server-access-logging.html, "Permissions for log delivery"."""
    condition = {
        "ArnLike": {"aws:SourceArn": [f"arn:aws:s3:::{locked}"]},
        "StringEquals": {"aws:SourceAccount": aws.account},
    }
    s3.put_bucket_policy(Bucket=plain, Policy=policy(plain, {"Service": "logging.s3.amazonaws.com"}, **condition))
    logged(s3, locked, plain)
    assert s3.get_bucket_logging(Bucket=locked)["LoggingEnabled"]["TargetBucket"] == plain
    with pytest.raises(ClientError) as refused:
        logged(s3, plain, plain)  # which the policy does not name
    assert error_of(refused.value)[0] == "InvalidTargetBucketForLogging"


@pytest.mark.diverges
def test_a_bucket_with_object_lock_keeps_versions_for_ever(s3: Any, locked: str) -> None:
    """Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock-managing.html."""
    with pytest.raises(ClientError) as refused:
        s3.put_bucket_versioning(Bucket=locked, VersioningConfiguration={"Status": "Suspended"})
    assert error_of(refused.value)[0] == "InvalidBucketState"
    assert s3.get_bucket_versioning(Bucket=locked)["Status"] == "Enabled"
