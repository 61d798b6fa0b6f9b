"""The record of every call: a trail of all regions, into a locked bucket and into a log that alarms look at."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from catalog import derive, names
from catalog.access.audit import trail_delivery, trail_log_policy, trail_log_trust
from catalog.access.bucket import log_delivery
from catalog.environment import Environment
from components.aws.bucket import Lifecycle, ManagedBucket, ManagedBucketArgs
from components.aws.role import BoundedRole, BoundedRoleArgs

LOGGED_BUCKETS = ("audit-logs", "audit-queries", "backups", "code")
"""The buckets whose requests S3 logs into `audit-access`."""


@dataclass(frozen=True, kw_only=True)
class AuditTrailArgs:
    """`log_key_arn` is the key that everything on record is encrypted with."""

    environment: Environment
    log_key_arn: pulumi.Input[str]
    boundary_arn: pulumi.Input[str]


class AuditTrail(pulumi.ComponentResource):
    """Two buckets, a log group and the trail; `log_group` and both buckets are what alarms and queries read.

    `access_bucket` is where every other bucket sends its access logs.
    """

    access_bucket: pulumi.Output[str]
    log_bucket: pulumi.Output[str]
    log_group: pulumi.Output[str]
    trail_arn: pulumi.Output[str]

    def __init__(self, name: str, args: AuditTrailArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("llmobs:audit:AuditTrail", name, None, opts)
        environment = args.environment
        child = pulumi.ResourceOptions(parent=self)
        access = ManagedBucket("audit-access", _access_logs(environment), child)
        logs = ManagedBucket("audit-logs", _log_files(args, access), child)
        group = aws.cloudwatch.LogGroup(
            name,
            name=names.TRAIL_LOG,
            retention_in_days=environment.log_retention_days,
            kms_key_id=args.log_key_arn,
            tags=derive.environment_tags(environment),
            opts=child,
        )
        writer = BoundedRole("trail", _writer(args), child)
        trail = aws.cloudtrail.Trail(
            name,
            name=names.TRAIL,
            s3_bucket_name=logs.name,
            kms_key_id=args.log_key_arn,
            is_multi_region_trail=True,
            include_global_service_events=True,
            enable_log_file_validation=True,
            enable_logging=True,
            # CloudTrail wants all the streams of the group named:
            # docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_CreateTrail.html
            cloud_watch_logs_group_arn=group.arn.apply(lambda arn: f"{arn.removesuffix(':*')}:*"),
            cloud_watch_logs_role_arn=writer.arn,
            advanced_event_selectors=_selectors(environment),
            insight_selectors=[
                aws.cloudtrail.TrailInsightSelectorArgs(insight_type=kind)
                for kind in ("ApiCallRateInsight", "ApiErrorRateInsight")
            ],
            tags=derive.environment_tags(environment),
            opts=pulumi.ResourceOptions(parent=self, protect=environment.protect, depends_on=[writer.policy]),
        )
        self.access_bucket, self.log_bucket = access.name, logs.name
        self.log_group, self.trail_arn = group.name, trail.arn
        self.register_outputs(
            {
                "access_bucket": self.access_bucket,
                "log_bucket": self.log_bucket,
                "log_group": self.log_group,
                "trail_arn": self.trail_arn,
            }
        )


def _access_logs(environment: Environment) -> ManagedBucketArgs:
    """Kept as long as other logs; without a lock, which S3 does not deliver into (object-lock-managing.html)."""
    return ManagedBucketArgs(
        environment=environment,
        what="audit-access",
        key_arn=None,
        log_bucket=None,
        lifecycle=Lifecycle(expire_after=environment.log_retention_days),
        policy_statements=log_delivery(environment, "audit-access", LOGGED_BUCKETS),
        retain=True,
    )


def _log_files(args: AuditTrailArgs, access: ManagedBucket) -> ManagedBucketArgs:
    audit = args.environment.audit
    return ManagedBucketArgs(
        environment=args.environment,
        what="audit-logs",
        key_arn=args.log_key_arn,
        log_bucket=access.name,
        lifecycle=Lifecycle(archive_after=audit.archive_after_days, noncurrent_expire_after=audit.lock_days),
        policy_statements=trail_delivery(args.environment),
        lock_days=audit.lock_days,
        retain=True,
    )


def _writer(args: AuditTrailArgs) -> BoundedRoleArgs:
    return BoundedRoleArgs(
        environment=args.environment,
        what="trail",
        description="Writes the events of the trail to CloudWatch Logs",
        trust=trail_log_trust(args.environment),
        policy=trail_log_policy(args.environment),
        boundary_arn=args.boundary_arn,
    )


def _selectors(environment: Environment) -> list[aws.cloudtrail.TrailAdvancedEventSelectorArgs]:
    """All management events, and what happens to the objects of the record and of the backups.

    Not the writing of log files: each delivery would be an event of the next one, for ever. Who tries to put one there
    himself is refused, and in the access logs.
    docs.aws.amazon.com/awscloudtrail/latest/userguide/logging-data-events-with-cloudtrail.html
    """
    record, backups = names.bucket_arn(environment, "audit-logs"), names.bucket_arn(environment, "backups")
    return [
        _selector("Every management event", _field("eventCategory", "Management")),
        _selector(
            "What happens to log files once they are written",
            *_objects_of(record),
            aws.cloudtrail.TrailAdvancedEventSelectorFieldSelectorArgs(field="eventName", not_equals=["PutObject"]),
        ),
        _selector("What happens to backups", *_objects_of(backups)),
    ]


def _selector(
    name: str, *fields: aws.cloudtrail.TrailAdvancedEventSelectorFieldSelectorArgs
) -> aws.cloudtrail.TrailAdvancedEventSelectorArgs:
    return aws.cloudtrail.TrailAdvancedEventSelectorArgs(name=name, field_selectors=list(fields))


def _objects_of(bucket_arn: str) -> tuple[aws.cloudtrail.TrailAdvancedEventSelectorFieldSelectorArgs, ...]:
    within = aws.cloudtrail.TrailAdvancedEventSelectorFieldSelectorArgs(
        field="resources.ARN", starts_withs=[f"{bucket_arn}/"]
    )
    return (_field("eventCategory", "Data"), _field("resources.type", "AWS::S3::Object"), within)


def _field(field: str, value: str) -> aws.cloudtrail.TrailAdvancedEventSelectorFieldSelectorArgs:
    return aws.cloudtrail.TrailAdvancedEventSelectorFieldSelectorArgs(field=field, equals=[value])
