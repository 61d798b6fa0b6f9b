"""Where a trail delivers to, and whether CloudTrail may: judged by bucket, topic, key and role.

Sources: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-s3-bucket-policy-for-cloudtrail.html,
cloudtrail-permissions-for-sns-notifications.html, create-kms-key-policy-for-cloudtrail.html and
cloudtrail-required-policy-for-cloudwatch-logs.html.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from moto.logs.models import logs_backends
from moto.s3.models import s3_backends

from sandbox.aws.errors import AwsError

_SERVICE = "cloudtrail.amazonaws.com"


class Permissions(Protocol):
    """IAM's judgement."""

    def service_may(
        self,
        service: str,
        action: str,
        resource_arn: str,
        *,
        source_arn: str | None = None,
        given: Mapping[str, Any] | None = None,
    ) -> bool:
        """Whether a service's principal may act by itself."""

    def role_may(self, role_arn: str, action: str, resource_arn: str, *, session_name: str) -> bool:
        """Whether a role's session may act."""


@dataclass(frozen=True, kw_only=True)
class Destination:
    """What a trail's settings say; empty is none. `prefix` ends with a slash when there is one."""

    trail_arn: str
    bucket: str
    prefix: str = ""
    topic_arn: str = ""
    key_id: str = ""
    group_arn: str = ""
    role_arn: str = ""


class Destinations:
    """Whether CloudTrail may deliver to a trail's destinations."""

    def __init__(self, *, account: str, permissions: Permissions) -> None:
        """`permissions` are those of the account's IAM."""
        self._account = account
        self._permissions = permissions

    def check_new(self, wanted: Destination) -> None:
        """Raise what CreateTrail and UpdateTrail answer when CloudTrail could not deliver."""
        probe = f"{wanted.prefix}AWSLogs/{self._account}/CloudTrail/probe"
        bucket = f"arn:aws:s3:::{wanted.bucket}"
        if not self._may("s3:GetBucketAcl", bucket, wanted) or not self.may_put(wanted, probe):
            raise AwsError(
                "InsufficientS3BucketPolicyException",
                f"Incorrect S3 bucket policy is detected for bucket: {wanted.bucket}",
            )
        if wanted.topic_arn and not self.may_notify(wanted):
            raise AwsError(
                "InsufficientSnsTopicPolicyException",
                "SNS Topic does not exist or the topic policy is incorrect!",
            )
        if wanted.key_id and not self.may_encrypt(wanted):
            raise AwsError(
                "InsufficientEncryptionPolicyException",
                f"Insufficient permissions to access S3 bucket {wanted.bucket} or KMS key {wanted.key_id}.",
            )
        if wanted.group_arn and not self.has_group(wanted):
            raise AwsError(
                "InvalidCloudWatchLogsLogGroupArnException", "CloudTrail cannot validate the specified log group ARN."
            )
        if wanted.group_arn and not self.may_log(wanted):
            raise AwsError(
                "InvalidCloudWatchLogsRoleArnException", "Access denied. Check the permissions for your role."
            )

    def may_put(self, destination: Destination, key: str) -> bool:
        """Whether the bucket's policy lets CloudTrail put an object."""
        given = {"s3:x-amz-acl": "bucket-owner-full-control"}
        return self._may("s3:PutObject", f"arn:aws:s3:::{destination.bucket}/{key}", destination, given)

    def may_notify(self, destination: Destination) -> bool:
        """Whether the topic's policy lets CloudTrail publish."""
        return self._may("sns:Publish", destination.topic_arn, destination)

    def may_encrypt(self, destination: Destination) -> bool:
        """Whether the key's policy lets CloudTrail make data keys for the trail; an alias is not looked into."""
        if ":key/" not in destination.key_id:
            return True
        given = {"kms:EncryptionContext:aws:cloudtrail:arn": destination.trail_arn}
        return self._may("kms:GenerateDataKey", destination.key_id, destination, given)

    def has_group(self, destination: Destination) -> bool:
        """Whether the log group exists, in the trail's own region as AWS has it."""
        parts = destination.group_arn.split(":", 6)
        if len(parts) < 7:
            return False
        return parts[6].removesuffix(":*") in logs_backends[self._account][parts[3]].groups

    def has_bucket(self, destination: Destination) -> bool:
        """Whether the bucket exists."""
        return destination.bucket in s3_backends[self._account]["aws"].buckets

    def may_log(self, destination: Destination) -> bool:
        """Whether the trail's role may write to its log group."""
        group = destination.group_arn.removesuffix(":*")
        stream = f"{group}:log-stream:{self._account}_CloudTrail_{destination.trail_arn.split(':')[3]}"
        return all(
            self._permissions.role_may(destination.role_arn, f"logs:{action}", stream, session_name="CloudTrail")
            for action in ("CreateLogStream", "PutLogEvents")
        )

    def _may(
        self, action: str, resource: str, destination: Destination, given: Mapping[str, Any] | None = None
    ) -> bool:
        return self._permissions.service_may(
            _SERVICE, action, resource, source_arn=destination.trail_arn, given=given or {}
        )
