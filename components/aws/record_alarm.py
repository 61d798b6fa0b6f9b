"""A metric filter on the log of the trail, and the alarm on how often it matches."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from catalog import names
from catalog.alerts.alert import Alert, OnRecord
from catalog.alerts.alerts import NAMESPACE, description
from catalog.environment import Environment
from components.aws.alarm import alarm


@dataclass(frozen=True, kw_only=True)
class RecordAlarmArgs:
    """`detection` is that of `alert`; `log_group` is the trail's."""

    environment: Environment
    alert: Alert
    detection: OnRecord
    log_group: pulumi.Input[str]
    topic_arn: pulumi.Input[str]


class RecordAlarm(pulumi.ComponentResource):
    """Counts, and tells the topic. Without a match there is no number, and that is no alarm."""

    def __init__(self, name: str, args: RecordAlarmArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("llmobs:record_alarm:RecordAlarm", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        counted = aws.cloudwatch.LogMetricFilter(
            name,
            name=names.named(args.environment, args.alert.name),
            log_group_name=args.log_group,
            pattern=args.detection.pattern,
            metric_transformation=aws.cloudwatch.LogMetricFilterMetricTransformationArgs(
                name=args.alert.name, namespace=NAMESPACE, value="1"
            ),
            opts=child,
        )
        alarm(
            name,
            args.environment,
            description=description(args.environment, args.alert),
            metric=args.alert.name,
            namespace=NAMESPACE,
            threshold=args.detection.threshold,
            seconds=args.detection.seconds,
            topic_arn=args.topic_arn,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[counted]),
        )
        self.register_outputs({})
