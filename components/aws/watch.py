"""The overdue watch: every day, every secret's age against its limit, and the age of the newest backup."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

import pulumi

from catalog import derive, names
from catalog.access.backup import MANIFEST_KEY
from catalog.access.metric import NAMESPACE
from catalog.access.watch import FUNCTION, watch_policy
from catalog.environment import Environment
from catalog.model import Catalog
from components.aws import package
from components.aws.alarm import alarm
from components.aws.function import ManagedFunction, ManagedFunctionArgs
from components.aws.function_alarm import RUNBOOK
from components.aws.schedule import FunctionSchedule, FunctionScheduleArgs
from components.aws.surroundings import Surroundings

# After the end of the UTC day on which Secrets Manager should have rotated, and after the weekly backup.
EVERY_DAY = "cron(30 6 * * ? *)"
DAY_SECONDS = 24 * 3600
SILENT_DAYS = 2
ALARMS = (
    "secrets-overdue",
    "secrets-expiring",
    "secrets-missing",
    "secrets-foreign",
    "watch-silent",
    "schedule-watch-dead-letters",
)


@dataclass(frozen=True, kw_only=True)
class OverdueWatchArgs:
    """Whose secrets."""

    surroundings: Surroundings
    catalog: Catalog


class OverdueWatch(pulumi.ComponentResource):
    """A daily function that counts, and the alarms on what it counts and on its silence.

    An alarm on a daily number keeps its state while no number comes, else it would be over before the next one; that
    numbers stop coming is the alarm `watch-silent`. CloudWatch looks a little further back than the periods that it is
    given, so that one may come late. Where two numbers fall into one day, the worse counts: a late all-clear is better
    than a late alarm. Source:
    docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
    """

    def __init__(self, name: str, args: OverdueWatchArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("llmobs:watch:OverdueWatch", name, None, opts)
        self._args = args
        self._child = pulumi.ResourceOptions(parent=self)
        environment = args.surroundings.environment
        function = ManagedFunction(
            FUNCTION,
            ManagedFunctionArgs(
                surroundings=args.surroundings,
                what=FUNCTION,
                description="Compares the age of every secret with its limit",
                handler="watch.handler.handle",
                package=package.build("watch"),
                policy=watch_policy(environment, args.catalog),
                variables=watch_variables(environment, args.catalog),
                timeout_seconds=300,
                concurrency=1,
            ),
            self._child,
        )
        FunctionSchedule(
            FUNCTION,
            FunctionScheduleArgs(
                surroundings=args.surroundings,
                what=FUNCTION,
                description="The daily watch over the ages of secrets",
                expression=EVERY_DAY,
                function=function,
            ),
            self._child,
        )
        self._alarm(
            "secrets-overdue",
            "Overdue",
            "A secret is older than its tier allows, or its rotation is late. The log of the function watch names it. "
            f"Look why its rotation failed and rotate it: {RUNBOOK}#rotation-overdue",
        )
        self._alarm(
            "secrets-expiring",
            "ExpiringSoon",
            "A certificate ends in 30 days or less, so its renewal at two thirds of its life has failed for weeks. The "
            "log of the function watch names it. Look why its rotation fails or its server still presents the old one: "
            f"{RUNBOOK}#certificate-expiring",
        )
        self._alarm(
            "secrets-missing",
            "Missing",
            "A secret of the catalogue is not there, or is about to be deleted. The log of the function watch names "
            f"it. Restore it while its recovery window is open: {RUNBOOK}#secret-missing",
        )
        self._alarm(
            "secrets-foreign",
            "Foreign",
            "There is a secret under our name or with our tags that the catalogue does not know, so nobody rotates or "
            f"watches it. The log of the function watch names it. Declare it or remove it: {RUNBOOK}#secret-foreign",
        )
        alarm(
            "watch-silent",
            environment,
            description=f"The daily watch has not looked at the secrets for {SILENT_DAYS} days: nobody would notice a "
            f"late rotation. Read the log of the function watch, and look at its schedule: {RUNBOOK}#watch-silent",
            namespace=NAMESPACE,
            metric="Watched",
            dimensions={"Environment": environment.name},
            statistic="SampleCount",
            comparison="LessThanThreshold",
            seconds=DAY_SECONDS,
            periods=SILENT_DAYS,
            missing="breaching",
            topic_arn=args.surroundings.topic_arn,
            opts=self._child,
        )
        self.register_outputs({"function": function.arn})

    def _alarm(self, name: str, metric: str, description: str) -> None:
        environment = self._args.surroundings.environment
        alarm(
            name,
            environment,
            description=description,
            namespace=NAMESPACE,
            metric=metric,
            dimensions={"Environment": environment.name},
            statistic="Maximum",
            seconds=DAY_SECONDS,
            missing="ignore",
            topic_arn=self._args.surroundings.topic_arn,
            opts=self._child,
        )


def watch_variables(environment: Environment, catalog: Catalog) -> Mapping[str, str]:
    """What the function is told: every declared secret with its limit in days, how many days a certificate is made
    for, and where the backup is."""
    limits = {secret.name: derive.rotation_days(catalog, secret) for secret in catalog.secrets}
    validity = {secret.name: secret.constants.get("validity_days") for secret in catalog.secrets}
    return {
        "ENVIRONMENT": environment.name,
        "SERVICE": names.SERVICE,
        "DECLARED": json.dumps(limits),
        "VALIDITY": json.dumps({name: days for name, days in validity.items() if days is not None}),
        "BACKUP_BUCKET": names.bucket(environment, "backups"),
        "MANIFEST_KEY": MANIFEST_KEY,
    }
