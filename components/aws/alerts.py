"""Everything that raises an alert: rules, filters with alarms, and the function that turns events into messages."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from catalog import names
from catalog.access.topic import alert_policy
from catalog.alerts.alert import OnEvent, OnRecord
from catalog.alerts.alerts import FUNCTION, alerts, readers_table
from catalog.environment import Environment
from catalog.model import Catalog
from components.aws import package
from components.aws.alert_rule import AlertRule, AlertRuleArgs
from components.aws.function import ManagedFunction, ManagedFunctionArgs
from components.aws.record_alarm import RecordAlarm, RecordAlarmArgs
from components.aws.surroundings import Surroundings


@dataclass(frozen=True, kw_only=True)
class AlertsArgs:
    """`log_group` is the name of the trail's log, which metric filters look at; rules tell nothing before `after`.

    Else a first deployment would tell of the policy of every secret. The one permission waits for them: as many
    dependencies on every rule would slow a preview of many secrets.
    """

    surroundings: Surroundings
    catalog: Catalog
    log_group: pulumi.Input[str]
    after: Sequence[pulumi.Resource]


class Alerts(pulumi.ComponentResource):
    """Each alert of the catalogue, by the route that it takes.

    That the function is down is not told through it: its errors, throttles and dead letters are alarms, which go to the
    topic by themselves.
    """

    def __init__(self, name: str, args: AlertsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("llmobs:alerts:Alerts", name, None, opts)
        surroundings, child = args.surroundings, pulumi.ResourceOptions(parent=self)
        environment = surroundings.environment
        function = ManagedFunction(FUNCTION, _telling(surroundings, args.catalog), child)
        aws.lambda_.Permission(
            name,
            function=function.name,
            action="lambda:InvokeFunction",
            principal="events.amazonaws.com",
            source_account=environment.account,
            source_arn=rules_arn(environment),
            opts=pulumi.ResourceOptions(parent=self, depends_on=list(args.after)),
        )
        for alert in alerts(environment, args.catalog):
            match alert.detection:
                case OnEvent() as detection:
                    rule = AlertRuleArgs(
                        environment=environment, alert=alert, detection=detection, function_arn=function.arn
                    )
                    AlertRule(alert.name, rule, child)
                case OnRecord() as detection:
                    recorded = RecordAlarmArgs(
                        environment=environment,
                        alert=alert,
                        detection=detection,
                        log_group=args.log_group,
                        topic_arn=surroundings.topic_arn,
                    )
                    RecordAlarm(alert.name, recorded, child)
        self.register_outputs({})


def rules_arn(environment: Environment) -> str:
    """Every rule of the environment: one permission for all, as a function's policy has room for 20 KB
    (docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html)."""
    return f"arn:aws:events:{environment.region}:{environment.account}:rule/{names.named(environment, '*')}"


def variables(environment: Environment, catalog: Catalog) -> Mapping[str, str]:
    """What the function knows of its place. Nothing secret."""
    return {
        "ENVIRONMENT": environment.name,
        "TOPIC_ARN": names.topic_arn(environment),
        "READERS": json.dumps(readers_table(environment, catalog), separators=(",", ":")),
    }


def _telling(surroundings: Surroundings, catalog: Catalog) -> ManagedFunctionArgs:
    environment = surroundings.environment
    return ManagedFunctionArgs(
        surroundings=surroundings,
        what=FUNCTION,
        description="Turns events into messages of alert",
        handler="alert.handler.handle",
        package=package.build(FUNCTION),
        policy=alert_policy(environment),
        variables=variables(environment, catalog),
        timeout_seconds=30,
        concurrency=5,  # it is asked about every read of a value
    )
