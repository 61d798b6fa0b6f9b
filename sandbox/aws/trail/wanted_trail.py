"""What CreateTrail and UpdateTrail ask for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.aws.trail.destinations import Destination


def wanted_destination(
    given: Mapping[str, Any], current: Destination | None, *, region: str, account: str
) -> Destination:
    """Where the trail is to deliver: what the request says, and for the rest what is there already."""
    old = current or Destination(
        trail_arn=f"arn:aws:cloudtrail:{region}:{account}:trail/{given.get('Name', '')}", bucket=""
    )
    prefix, topic = given.get("S3KeyPrefix"), given.get("SnsTopicName")
    home = old.trail_arn.split(":")[3]
    return Destination(
        trail_arn=old.trail_arn,
        bucket=str(given.get("S3BucketName", old.bucket)),
        prefix=old.prefix if prefix is None else f"{prefix.strip('/')}/" if prefix.strip("/") else "",
        topic_arn=old.topic_arn if topic is None else f"arn:aws:sns:{home}:{account}:{topic}" if topic else "",
        key_id=str(given.get("KmsKeyId", old.key_id)),
        group_arn=str(given.get("CloudWatchLogsLogGroupArn", old.group_arn)),
        role_arn=str(given.get("CloudWatchLogsRoleArn", old.role_arn)),
    )
