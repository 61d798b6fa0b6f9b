"""moto's S3, changed where it judges by itself: where access logs may go, and which policies are public.

Sources: https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-server-access-logging.html (the policy of the
target decides, as IAM reads it) and access-control-block-public-access.html (BlockPublicPolicy).
"""

from __future__ import annotations

from typing import Any

from moto.s3.exceptions import (
    CrossLocationLoggingProhibited,
    InvalidTargetBucketForLogging,
    S3AccessDeniedError,
)
from moto.s3.models import FakeBucket, S3Backend

from sandbox.aws.secretsmanager.policy import is_public
from sandbox.aws.service_may import ServiceMay

_DELIVERY = "logging.s3.amazonaws.com"


def install_s3_patches(service_may: ServiceMay) -> None:
    """Change moto for the life of the process."""
    put_policy = S3Backend.put_bucket_policy

    def put_bucket_policy(backend: S3Backend, bucket_name: str, policy: bytes) -> None:
        blocked = backend.get_bucket(bucket_name).public_access_block
        if blocked is not None and blocked.block_public_policy and is_public(policy.decode()):
            raise S3AccessDeniedError
        put_policy(backend, bucket_name, policy)

    def set_logging(source: FakeBucket, config: dict[str, Any] | None, backend: S3Backend) -> None:
        if config:
            _check_target(service_may, source, config, backend)
        source.logging = config or {}

    S3Backend.put_bucket_policy = put_bucket_policy  # type: ignore[method-assign, assignment]
    FakeBucket.set_logging = set_logging  # type: ignore[method-assign, assignment]


def _check_target(service_may: ServiceMay, source: FakeBucket, config: dict[str, Any], backend: S3Backend) -> None:
    target = backend.buckets.get(config["TargetBucket"])
    if target is None:
        raise InvalidTargetBucketForLogging("The target bucket for logging does not exist.")
    log = f"arn:aws:s3:::{target.name}/{config.get('TargetPrefix') or ''}probe"
    by_policy = service_may(_DELIVERY, "s3:PutObject", log, source_arn=f"arn:aws:s3:::{source.name}")
    if not by_policy and not FakeBucket._log_permissions_enabled_acl(target):
        raise InvalidTargetBucketForLogging(
            "You must either provide the necessary permissions to the logging service using a bucket policy or give "
            "the log-delivery group WRITE and READ_ACP permissions to the target bucket"
        )
    if target.region_name != source.region_name:
        raise CrossLocationLoggingProhibited
