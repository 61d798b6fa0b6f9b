"""What is said of an alarm's change of state: to EventBridge, and to topics and functions.

Sources: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html and
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-actions-Lambda.html; the fields of the message
to a topic follow published examples (its order is unverified).
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from moto.cloudwatch.models import Alarm

from sandbox.aws.events.event import Event


def alarm_event(alarm: Alarm, before: str, account: str, now: float) -> Event:
    """The event "CloudWatch Alarm State Change"."""
    configuration: dict[str, Any] = {"description": alarm.description, "actionsEnabled": alarm.actions_enabled}
    if alarm.rule is None:
        stat = {
            "metric": {"namespace": alarm.namespace, "name": alarm.metric_name, "dimensions": _dimensions(alarm)},
            "period": alarm.period,
            "stat": alarm.statistic,
        }
        configuration["metrics"] = [{"id": "m1", "metricStat": stat, "returnData": True}]
    else:
        configuration["alarmRule"] = alarm.rule
    state = {
        "value": alarm.state_value,
        "reason": alarm.state_reason,
        "reasonData": alarm.state_reason_data,
        "timestamp": moment(now),
    }
    return Event(
        source="aws.cloudwatch",
        detail_type="CloudWatch Alarm State Change",
        detail={
            "alarmName": alarm.name,
            "configuration": configuration,
            "previousState": {"value": before},
            "state": state,
        },
        account=account,
        region=alarm.region_name,
        time=now,
        resources=(alarm.alarm_arn,),
    )


def alarm_message(alarm: Alarm, before: str, account: str, now: float) -> str:
    """The message to a topic."""
    told: dict[str, Any] = {
        "AlarmName": alarm.name,
        "AlarmDescription": alarm.description,
        "AWSAccountId": account,
        "AlarmConfigurationUpdatedTimestamp": moment(alarm.configuration_updated_timestamp.timestamp()),
        "NewStateValue": alarm.state_value,
        "NewStateReason": alarm.state_reason,
        "StateChangeTime": moment(now),
        "Region": alarm.region_name,
        "AlarmArn": alarm.alarm_arn,
        "OldStateValue": before,
        "OKActions": alarm.ok_actions,
        "AlarmActions": alarm.alarm_actions,
        "InsufficientDataActions": alarm.insufficient_data_actions,
    }
    if alarm.rule is not None:
        return json.dumps({**told, "AlarmRule": alarm.rule})
    told["Trigger"] = {
        "MetricName": alarm.metric_name,
        "Namespace": alarm.namespace,
        "StatisticType": "Statistic",
        "Statistic": {"SampleCount": "SAMPLE_COUNT"}.get(alarm.statistic, alarm.statistic.upper()),
        "Unit": alarm.unit,
        "Dimensions": [{"name": one.name, "value": one.value} for one in alarm.dimensions],
        "Period": alarm.period,
        "EvaluationPeriods": alarm.evaluation_periods,
        "DatapointsToAlarm": alarm.datapoints_to_alarm or alarm.evaluation_periods,
        "ComparisonOperator": alarm.comparison_operator,
        "Threshold": alarm.threshold,
        "TreatMissingData": alarm.treat_missing_data or "",
        "EvaluateLowSampleCountPercentile": "",
    }
    return json.dumps(told)


def function_event(alarm: Alarm, before: str, account: str, now: float) -> str:
    """The event of a function that an alarm invokes: the same data as EventBridge's, in another envelope."""
    detail = alarm_event(alarm, before, account, now).detail
    data = {
        "alarmName": alarm.name,
        "state": detail["state"],
        "previousState": detail["previousState"],
        "configuration": detail["configuration"],
    }
    return json.dumps(
        {
            "source": "aws.cloudwatch",
            "alarmArn": alarm.alarm_arn,
            "accountId": account,
            "time": moment(now),
            "region": alarm.region_name,
            "alarmData": data,
        }
    )


def moment(at: float) -> str:
    """A time as alarms write it, from seconds since the epoch."""
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%M:%S.%f}"[:-3] + "+0000"


def _dimensions(alarm: Alarm) -> dict[str, str]:
    return {str(one.name): str(one.value) for one in alarm.dimensions}
