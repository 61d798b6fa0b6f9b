"""A bucket as every one of the programme is: private, encrypted, versioned, logged, and locked where it is evidence."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from catalog import derive, names
from catalog.access.bucket import bucket_policy
from catalog.access.statement import Statement
from catalog.environment import Environment


@dataclass(frozen=True, kw_only=True)
class Lifecycle:
    """What becomes of objects; each number is in days, and None means never.

    `archive_class` is a storage class such as GLACIER or GLACIER_IR. The newest `keep_noncurrent` versions that an
    object had (100 at most) stay, whatever their age. A locked version outlives every rule:
    docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock-managing.html
    """

    archive_after: int | None = None
    archive_class: str = "GLACIER"
    expire_after: int | None = None
    noncurrent_expire_after: int = 30
    keep_noncurrent: int | None = None
    abort_uploads_after: int = 7


@dataclass(frozen=True, kw_only=True)
class ManagedBucketArgs:
    """`what` names the bucket (`names.bucket`); `policy_statements` are added to its policy.

    `key_arn`: None for the bucket of access logs alone, as S3 delivers only where its own key, SSE-S3, is the default:
    docs.aws.amazon.com/AmazonS3/latest/userguide/enable-server-access-logging.html.
    `is_key_named`: a writer has to name the key; not where a service writes for a caller and cannot be told to.
    `lock_days`: how long nobody can delete a version. `log_bucket`: the name of the bucket of access logs, None for
    itself. `retain`: `pulumi destroy` leaves the bucket as it is, since one that is filled cannot be deleted.
    """

    environment: Environment
    what: str
    key_arn: pulumi.Input[str] | None
    log_bucket: pulumi.Input[str] | None
    lifecycle: Lifecycle
    retain: bool
    policy_statements: Sequence[Statement] = ()
    is_key_named: bool = True
    lock_days: int | None = None


class ManagedBucket(pulumi.ComponentResource):
    """One bucket with all its settings; `name` and `arn` are known once its policy is in force."""

    name: pulumi.Output[str]
    arn: pulumi.Output[str]

    def __init__(self, name: str, args: ManagedBucketArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("llmobs:bucket:ManagedBucket", name, None, opts)
        self._args = args
        self._child = pulumi.ResourceOptions(parent=self, retain_on_delete=args.retain)
        environment = args.environment
        bucket = aws.s3.Bucket(
            name,
            bucket=names.bucket(environment, args.what),
            object_lock_enabled=args.lock_days is not None,
            force_destroy=False,
            tags=derive.environment_tags(environment),
            opts=pulumi.ResourceOptions(parent=self, retain_on_delete=args.retain, protect=environment.protect),
        )
        blocked = self._close(bucket)
        versioning = self._keep_versions(bucket)
        self._encrypt(bucket)
        self._age(versioning)
        # S3 refuses two changes of who may reach a bucket at once (OperationAborted), so the policy comes second.
        policy = aws.s3.BucketPolicy(
            name,
            bucket=bucket.bucket,
            policy=self._policy(),
            opts=pulumi.ResourceOptions(parent=self, retain_on_delete=args.retain, depends_on=[blocked]),
        )
        if args.log_bucket is not None:
            aws.s3.BucketLogging(
                name,
                bucket=bucket.bucket,
                target_bucket=args.log_bucket,
                target_prefix=f"{args.what}/",
                opts=self._child,
            )
        self.name = policy.bucket
        self.arn = pulumi.Output.all(bucket.arn, policy.bucket).apply(lambda known: str(known[0]))
        self.register_outputs({"name": self.name, "arn": self.arn})

    def _close(self, bucket: aws.s3.Bucket) -> aws.s3.BucketPublicAccessBlock:
        """Nobody outside, and no ACL: docs.aws.amazon.com/AmazonS3/latest/userguide/about-object-ownership.html."""
        aws.s3.BucketOwnershipControls(
            self._args.what,
            bucket=bucket.bucket,
            rule=aws.s3.BucketOwnershipControlsRuleArgs(object_ownership="BucketOwnerEnforced"),
            opts=self._child,
        )
        return aws.s3.BucketPublicAccessBlock(
            self._args.what,
            bucket=bucket.bucket,
            block_public_acls=True,
            block_public_policy=True,
            ignore_public_acls=True,
            restrict_public_buckets=True,
            opts=self._child,
        )

    def _keep_versions(self, bucket: aws.s3.Bucket) -> aws.s3.BucketVersioning:
        versioning = aws.s3.BucketVersioning(
            self._args.what,
            bucket=bucket.bucket,
            versioning_configuration=aws.s3.BucketVersioningVersioningConfigurationArgs(status="Enabled"),
            opts=self._child,
        )
        if self._args.lock_days is not None:
            # COMPLIANCE: nobody can shorten it, the account's root neither.
            # docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock.html
            retention = aws.s3.BucketObjectLockConfigurationRuleDefaultRetentionArgs(
                mode="COMPLIANCE", days=self._args.lock_days
            )
            aws.s3.BucketObjectLockConfiguration(
                self._args.what,
                bucket=versioning.bucket,
                rule=aws.s3.BucketObjectLockConfigurationRuleArgs(default_retention=retention),
                opts=self._child,
            )
        return versioning

    def _encrypt(self, bucket: aws.s3.Bucket) -> None:
        key = self._args.key_arn
        default = aws.s3.BucketServerSideEncryptionConfigurationRuleApplyServerSideEncryptionByDefaultArgs(
            sse_algorithm="AES256" if key is None else "aws:kms", kms_master_key_id=key
        )
        aws.s3.BucketServerSideEncryptionConfiguration(
            self._args.what,
            bucket=bucket.bucket,
            rules=[
                aws.s3.BucketServerSideEncryptionConfigurationRuleArgs(
                    apply_server_side_encryption_by_default=default, bucket_key_enabled=key is not None
                )
            ],
            opts=self._child,
        )

    def _age(self, versioning: aws.s3.BucketVersioning) -> None:
        """Rules for what is no longer current need the versioning first (aws.s3.BucketLifecycleConfiguration)."""
        chosen = self._args.lifecycle
        archive = [
            aws.s3.BucketLifecycleConfigurationRuleTransitionArgs(
                days=chosen.archive_after, storage_class=chosen.archive_class
            )
        ]
        # One of both: API_LifecycleExpiration takes the marker's clean-up neither beside days nor beside a date.
        expiration = (
            aws.s3.BucketLifecycleConfigurationRuleExpirationArgs(expired_object_delete_marker=True)
            if chosen.expire_after is None
            else aws.s3.BucketLifecycleConfigurationRuleExpirationArgs(days=chosen.expire_after)
        )
        aws.s3.BucketLifecycleConfiguration(
            self._args.what,
            bucket=versioning.bucket,
            rules=[
                aws.s3.BucketLifecycleConfigurationRuleArgs(
                    id="age",
                    status="Enabled",
                    filter=aws.s3.BucketLifecycleConfigurationRuleFilterArgs(prefix=""),
                    transitions=archive if chosen.archive_after is not None else None,
                    expiration=expiration,
                    noncurrent_version_expiration=aws.s3.BucketLifecycleConfigurationRuleNoncurrentVersionExpirationArgs(
                        noncurrent_days=chosen.noncurrent_expire_after,
                        newer_noncurrent_versions=chosen.keep_noncurrent,
                    ),
                    abort_incomplete_multipart_upload=aws.s3.BucketLifecycleConfigurationRuleAbortIncompleteMultipartUploadArgs(
                        days_after_initiation=chosen.abort_uploads_after
                    ),
                )
            ],
            opts=self._child,
        )

    def _policy(self) -> pulumi.Output[str]:
        args = self._args

        def written(key_arn: str | None) -> str:
            return json.dumps(
                bucket_policy(
                    args.environment,
                    args.what,
                    args.policy_statements,
                    key_arn=key_arn,
                    is_key_named=args.is_key_named,
                )
            )

        return pulumi.Output.from_input(args.key_arn).apply(written)
