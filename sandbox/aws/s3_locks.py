"""moto's object lock, changed where it is stricter or laxer than AWS.

The lock of a filled bucket can be set and changed ("You can enable Object Lock for new or existing buckets":
https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObjectLockConfiguration.html), and a bucket that has it keeps
versions for ever ("you can't disable Object Lock or suspend versioning for that bucket": userguide/
object-lock-managing.html).
"""

from __future__ import annotations

from typing import Any

from moto.s3.exceptions import InvalidBucketState
from moto.s3.models import FakeBucket, S3Backend

_ENABLED = "Enabled"


def install_lock_patches() -> None:
    """Change moto for the life of the process."""
    put_versioning = S3Backend.put_bucket_versioning

    def put_bucket_versioning(backend: S3Backend, bucket_name: str, status: str) -> None:
        if status != _ENABLED and backend.get_bucket(bucket_name).object_lock_enabled:
            raise InvalidBucketState(
                "An Object Lock configuration is present on this bucket, so the versioning state cannot be changed."
            )
        put_versioning(backend, bucket_name, status)

    S3Backend.put_bucket_versioning = put_bucket_versioning  # type: ignore[method-assign, assignment]
    S3Backend.put_object_lock_configuration = _put_lock  # type: ignore[method-assign, assignment]


def default_lock(bucket: FakeBucket) -> dict[str, Any]:
    """The lock that a new object gets when its writer asks for none, as the arguments of `put_object`."""
    if not (bucket.object_lock_enabled and bucket.has_default_lock):
        return {}
    return {"lock_mode": bucket.default_lock_mode, "lock_until": bucket.default_retention()}


def _put_lock(
    backend: S3Backend,
    bucket_name: str,
    lock_enabled: bool,
    mode: str | None = None,
    days: int | None = None,
    years: int | None = None,
) -> None:
    bucket = backend.get_bucket(bucket_name)
    if not bucket.is_versioned:
        raise InvalidBucketState("Versioning must be 'Enabled' on the bucket to apply a Object Lock configuration")
    if lock_enabled:
        bucket.object_lock_enabled = True
    bucket.default_lock_mode, bucket.default_lock_days, bucket.default_lock_years = mode, days, years
