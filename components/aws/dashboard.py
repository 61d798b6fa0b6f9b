"""The dashboard of an environment's secrets."""

from __future__ import annotations

import json
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from catalog import names
from catalog.access.schedule import SCHEDULED
from catalog.access.topic import UNDELIVERED
from catalog.alerts.alert import OnRecord
from catalog.alerts.alerts import FUNCTION as ALERT
from catalog.alerts.alerts import alerts
from catalog.dashboard import dashboard_body, dashboard_name
from catalog.environment import Environment
from catalog.model import Catalog
from components.aws import backup, emergency, retirement, watch
from components.aws.function_alarm import SUFFIXES


@dataclass(frozen=True, kw_only=True)
class SecretsDashboardArgs:
    """Whose secrets."""

    environment: Environment
    catalog: Catalog


class SecretsDashboard(pulumi.ComponentResource):
    """Where to look first: `catalog.dashboard` says what is on it. CloudWatch takes no tags on dashboards."""

    def __init__(self, name: str, args: SecretsDashboardArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("llmobs:dashboard:SecretsDashboard", name, None, opts)
        environment, shown = args.environment, alarms(args.environment, args.catalog)
        dashboard = aws.cloudwatch.Dashboard(
            name,
            dashboard_name=dashboard_name(environment),
            dashboard_body=json.dumps(dashboard_body(environment, args.catalog, shown)),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs({"name": dashboard.dashboard_name})


def alarms(environment: Environment, catalog: Catalog) -> list[str]:
    """The short names of every alarm of the programme, those on the secrets themselves first."""
    functions = (*map(names.rotator, catalog.targets), ALERT, *SCHEDULED)
    return [
        *watch.ALARMS,
        *backup.ALARMS,
        *emergency.ALARMS,
        *retirement.ALARMS,
        *((UNDELIVERED,) if environment.alerts.webhook else ()),
        *(alert.name for alert in alerts(environment, catalog) if isinstance(alert.detection, OnRecord)),
        *(f"{function}-{suffix}" for function in functions for suffix in SUFFIXES),
    ]
