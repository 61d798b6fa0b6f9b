"""The backup of secrets: a bucket that nobody can empty, a weekly function, and alarms when there is none."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

import pulumi

from catalog import names
from catalog.access.backup import ARCHIVE_KEY, FUNCTION, MANIFEST_KEY, backed_up, backup_policy
from catalog.access.metric import NAMESPACE
from catalog.environment import Environment
from catalog.model import Catalog
from components.aws import package
from components.aws.alarm import alarm
from components.aws.bucket import Lifecycle, ManagedBucket, ManagedBucketArgs
from components.aws.function import ManagedFunction, ManagedFunctionArgs
from components.aws.function_alarm import RUNBOOK
from components.aws.schedule import FunctionSchedule, FunctionScheduleArgs
from components.aws.surroundings import Surroundings

EVERY_WEEK = "cron(30 3 ? * SUN *)"
KEPT = 10
MOST_HOURS = 7 * 24
DAY_SECONDS = 24 * 3600
ALARMS = ("backup-overdue", "backup-incomplete", "schedule-backup-secrets-dead-letters")


@dataclass(frozen=True, kw_only=True)
class SecretsBackupArgs:
    """`key_arn` is the backup key; `log_bucket` is the name of the bucket that takes the access logs."""

    surroundings: Surroundings
    catalog: Catalog
    key_arn: pulumi.Input[str]
    log_bucket: pulumi.Input[str]


class SecretsBackup(pulumi.ComponentResource):
    """Ten archives, one a week, in Glacier Instant Retrieval, each locked for `backup.lock_days`.

    The lock and the rule that keeps ten do not conflict: S3 deletes no version before its lock is over
    (docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock-managing.html, "Managing Object Lock with lifecycle
    policies"), so an archive that came too often only makes more of them for a while. The function writes archives in
    their class: a rule would leave them where they are, as it moves no object under 128 KB unless told to
    (lifecycle-transition-general-considerations.html there).
    """

    bucket: pulumi.Output[str]

    def __init__(self, name: str, args: SecretsBackupArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("llmobs:backup:SecretsBackup", name, None, opts)
        environment = args.surroundings.environment
        child = pulumi.ResourceOptions(parent=self)
        bucket = ManagedBucket(
            "backups",
            ManagedBucketArgs(
                environment=environment,
                what="backups",
                key_arn=args.key_arn,
                log_bucket=args.log_bucket,
                lifecycle=Lifecycle(
                    archive_after=0,
                    archive_class="GLACIER_IR",
                    noncurrent_expire_after=1,
                    keep_noncurrent=KEPT - 1,
                ),
                retain=True,
                lock_days=environment.backup.lock_days,
            ),
            child,
        )
        function = ManagedFunction(
            FUNCTION,
            ManagedFunctionArgs(
                surroundings=args.surroundings,
                what=FUNCTION,
                description="Copies the value of every secret into the encrypted backup",
                handler="backup.handler.handle",
                package=package.build("backup"),
                policy=backup_policy(environment, args.catalog),
                variables=backup_variables(environment, args.catalog, args.key_arn),
                timeout_seconds=300,
                concurrency=1,
            ),
            pulumi.ResourceOptions(parent=self, depends_on=[bucket]),
        )
        FunctionSchedule(
            FUNCTION,
            FunctionScheduleArgs(
                surroundings=args.surroundings,
                what=FUNCTION,
                description="The weekly backup of secrets",
                expression=EVERY_WEEK,
                function=function,
            ),
            child,
        )
        self._watch(args.surroundings, child)
        self.bucket = bucket.name
        self.register_outputs({"bucket": bucket.name, "function": function.arn})

    def _watch(self, around: Surroundings, opts: pulumi.ResourceOptions) -> None:
        """An alarm cannot look back more than seven days (API_PutMetricAlarm.html, Period), which would be no margin
        for a weekly event. So the daily watch publishes the age of the newest manifest, and that is compared."""
        dimensions = {"Environment": around.environment.name}
        alarm(
            "backup-overdue",
            around.environment,
            description=f"There has been no backup of the secrets for {MOST_HOURS // 24} days. Read the log of the "
            f"function {FUNCTION}, mend the cause and invoke it: {RUNBOOK}#backup-overdue",
            namespace=NAMESPACE,
            metric="BackupAgeHours",
            dimensions=dimensions,
            statistic="Maximum",
            threshold=MOST_HOURS,
            comparison="GreaterThanThreshold",
            seconds=DAY_SECONDS,
            missing="ignore",
            topic_arn=around.topic_arn,
            opts=opts,
        )
        alarm(
            "backup-incomplete",
            around.environment,
            description="The last backup lacks a secret that had a value before; the log of the function "
            f"{FUNCTION} names it. Mend the secret and back up again; older archives still hold it: "
            f"{RUNBOOK}#backup-incomplete",
            namespace=NAMESPACE,
            metric="BackupIncomplete",
            dimensions=dimensions,
            statistic="Maximum",
            seconds=DAY_SECONDS,
            missing="ignore",
            topic_arn=around.topic_arn,
            opts=opts,
        )


def backup_variables(
    environment: Environment, catalog: Catalog, key_arn: pulumi.Input[str]
) -> Mapping[str, pulumi.Input[str]]:
    """What the function is told: the secrets with their kinds, and where to write with which key."""
    return {
        "ENVIRONMENT": environment.name,
        "SERVICE": names.SERVICE,
        "DECLARED": json.dumps({secret.name: secret.kind.value for secret in backed_up(catalog)}),
        "BUCKET": names.bucket(environment, "backups"),
        "ARCHIVE_KEY": ARCHIVE_KEY,
        "MANIFEST_KEY": MANIFEST_KEY,
        "KEY_ARN": key_arn,
        "LOCK_DAYS": str(environment.backup.lock_days),
    }
