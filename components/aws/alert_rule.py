"""A rule of EventBridge that gives what CloudTrail recorded to the function that tells."""

from __future__ import annotations

import json
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from catalog import derive, names
from catalog.alerts.alert import Alert, OnEvent
from catalog.alerts.alerts import input_template
from catalog.environment import Environment


@dataclass(frozen=True, kw_only=True)
class AlertRuleArgs:
    """`detection` is that of `alert`."""

    environment: Environment
    alert: Alert
    detection: OnEvent
    function_arn: pulumi.Input[str]


class AlertRule(pulumi.ComponentResource):
    """The rule, and its target with the alert's own words around the event."""

    def __init__(self, name: str, args: AlertRuleArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("llmobs:alert_rule:AlertRule", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        rule = aws.cloudwatch.EventRule(
            name,
            name=names.named(args.environment, args.alert.name),
            description=args.alert.title,
            event_pattern=json.dumps(args.detection.pattern),
            state=args.detection.state,
            tags=derive.environment_tags(args.environment),
            opts=child,
        )
        aws.cloudwatch.EventTarget(
            name,
            rule=rule.name,
            target_id=args.alert.name,
            arn=args.function_arn,
            input_transformer=aws.cloudwatch.EventTargetInputTransformerArgs(
                input_template=input_template(args.environment, args.alert)
            ),
            opts=child,
        )
        self.register_outputs({})
