"""A CloudWatch alarm that tells the alerts' topic, when it goes off and when it is over."""

from __future__ import annotations

from collections.abc import Mapping

import pulumi
import pulumi_aws as aws

from catalog import derive, names
from catalog.environment import Environment


def alarm(
    name: str,
    environment: Environment,
    *,
    description: str,
    metric: str,
    namespace: str,
    topic_arn: pulumi.Input[str],
    opts: pulumi.ResourceOptions,
    dimensions: Mapping[str, pulumi.Input[str]] | None = None,
    threshold: float = 1,
    seconds: int = 60,
    periods: int = 1,
    statistic: str = "Sum",
    comparison: str = "GreaterThanOrEqualToThreshold",
    missing: str = "notBreaching",
) -> aws.cloudwatch.MetricAlarm:
    """An alarm on one metric over `periods` of `seconds`, seven days in all at most; `description` says what to do.

    Source: docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
    """
    return aws.cloudwatch.MetricAlarm(
        name,
        name=names.named(environment, name),
        alarm_description=description,
        namespace=namespace,
        metric_name=metric,
        dimensions=dict(dimensions or {}),
        statistic=statistic,
        period=seconds,
        evaluation_periods=periods,
        threshold=threshold,
        comparison_operator=comparison,
        treat_missing_data=missing,
        alarm_actions=[topic_arn],
        ok_actions=[topic_arn],
        tags=derive.environment_tags(environment),
        opts=opts,
    )
