"""Metric filters count, alarms change state, topics tell: the chain from a log line to a message.

Sources: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/MonitoringLogData.html and
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/AlarmThatSendsEmail.html. A real account evaluates once a
period: `_soon` waits longer there.
"""

import json
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.contract.aws.harness import ContractAws, Result, error_of, eventually
from tests.contract.aws.hearing import let_in, metric_total, new_queue, received

NAMESPACE = "llmobs-contract"
DENIED = json.dumps({"eventName": "GetSecretValue", "errorCode": "AccessDenied", "size": 7})


def _soon(aws: ContractAws, check: Callable[[], Result | None]) -> Result:
    return eventually(check, seconds=300 if aws.kind == "real" else 5)


def _group(aws: ContractAws) -> str:
    name = f"{NAMESPACE}-{uuid.uuid4()}"
    logs = aws.client("logs")
    logs.create_log_group(logGroupName=name)
    logs.create_log_stream(logGroupName=name, logStreamName="s")
    return name


def _log(aws: ContractAws, group: str, *messages: str) -> None:
    now = int(time.time() * 1000)
    events = [{"timestamp": now, "message": message} for message in messages]
    aws.client("logs").put_log_events(logGroupName=group, logStreamName="s", logEvents=events)


def _filter(aws: ContractAws, group: str, pattern: str, **transformation: Any) -> str:
    """A metric filter on the group; its metric's name."""
    metric = f"m-{uuid.uuid4()}"
    given = {"metricName": metric, "metricNamespace": NAMESPACE, "metricValue": "1", **transformation}
    aws.client("logs").put_metric_filter(
        logGroupName=group, filterName=metric, filterPattern=pattern, metricTransformations=[given]
    )
    return metric


def _sum(aws: ContractAws, metric: str) -> float | None:
    return metric_total(aws, NAMESPACE, metric)


def _told(aws: ContractAws) -> tuple[str, str]:
    """A topic's ARN, and the URL of the only queue that hears it."""
    sns = aws.client("sns")
    topic = sns.create_topic(Name=f"{NAMESPACE}-{uuid.uuid4()}")["TopicArn"]
    url, queue = new_queue(aws)
    let_in(aws, url, queue, service="sns", source=topic)
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue)
    return topic, url


def _alarm(aws: ContractAws, metric: str, **arguments: Any) -> str:
    settings = {
        "Namespace": NAMESPACE,
        "MetricName": metric,
        "Statistic": "Sum",
        "Period": 60,
        "EvaluationPeriods": 1,
        "Threshold": 1,
        "ComparisonOperator": "GreaterThanOrEqualToThreshold",
        "TreatMissingData": "notBreaching",
        **arguments,
    }
    aws.client("cloudwatch").put_metric_alarm(AlarmName=metric, **settings)
    return metric


def _state(aws: ContractAws, alarm: str) -> str:
    state: str = aws.client("cloudwatch").describe_alarms(AlarmNames=[alarm])["MetricAlarms"][0]["StateValue"]
    return state


@pytest.mark.diverges
@pytest.mark.parametrize(
    ("pattern", "counted"),
    [
        ('{ $.errorCode = "AccessDenied*" }', 1.0),
        ('{ ($.errorCode = "AccessDenied") && ($.size > 5) && ($.eventName = GetSecretValue) }', 1.0),
        ("AccessDenied", 2.0),
        ("AccessDenied -size", 1.0),
        ("{ $.errorCode NOT EXISTS }", 1.0),
    ],
)
def test_a_metric_filter_counts_the_log_events_that_its_pattern_matches(
    aws: ContractAws, pattern: str, counted: float
) -> None:
    """https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntaxForMetricFilters.html."""
    group = _group(aws)
    metric = _filter(aws, group, pattern)
    _log(aws, group, DENIED, '{"eventName": "GetSecretValue"}', "AccessDenied in plain text")
    assert _soon(aws, lambda: _sum(aws, metric)) == counted


@pytest.mark.diverges
def test_a_metric_filter_takes_its_value_from_a_field(aws: ContractAws) -> None:
    """https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_MetricTransformation.html."""
    group = _group(aws)
    metric = _filter(aws, group, "{ $.size = * }", metricValue="$.size")
    _log(aws, group, DENIED, DENIED)
    assert _soon(aws, lambda: _sum(aws, metric)) == 14.0


@pytest.mark.diverges
@pytest.mark.parametrize("pattern", ["{ $.errorCode = }", "{ errorCode = x }", '{ $.errorCode = "x"'])
def test_a_pattern_that_is_none_is_refused(aws: ContractAws, pattern: str) -> None:
    """InvalidParameterException of PutMetricFilter: moto stores it, and it never counts."""
    group = _group(aws)
    with pytest.raises(ClientError) as caught:
        _filter(aws, group, pattern)
    assert error_of(caught.value)[0] == "InvalidParameterException"


@pytest.mark.diverges
def test_a_new_alarm_has_no_data_yet(aws: ContractAws) -> None:
    """ "INSUFFICIENT_DATA: The alarm has just started" (AlarmThatSendsEmail.html)."""
    assert _state(aws, _alarm(aws, f"m-{uuid.uuid4()}", TreatMissingData="missing")) == "INSUFFICIENT_DATA"


@pytest.mark.diverges
def test_a_metric_over_the_threshold_puts_its_alarm_in_alarm_and_the_topic_tells(aws: ContractAws) -> None:
    topic, queue = _told(aws)
    group = _group(aws)
    metric = _filter(aws, group, '{ $.errorCode = "AccessDenied*" }')
    _alarm(aws, metric, AlarmActions=[topic], AlarmDescription="denied reads")
    _log(aws, group, DENIED)
    _soon(aws, lambda: _state(aws, metric) == "ALARM")
    [told] = _soon(aws, lambda: received(aws, queue))
    message = json.loads(told["Message"])
    assert message["AlarmName"] == metric
    assert message["NewStateValue"] == "ALARM"
    assert message["AlarmDescription"] == "denied reads"
    assert message["Trigger"]["MetricName"] == metric
    assert message["AWSAccountId"] == aws.account


@pytest.mark.diverges
def test_an_alarm_whose_actions_are_disabled_changes_state_and_tells_nobody(aws: ContractAws) -> None:
    topic, queue = _told(aws)
    metric = f"m-{uuid.uuid4()}"
    _alarm(aws, metric, AlarmActions=[topic], ActionsEnabled=False)
    aws.client("cloudwatch").put_metric_data(Namespace=NAMESPACE, MetricData=[{"MetricName": metric, "Value": 2.0}])
    _soon(aws, lambda: _state(aws, metric) == "ALARM")
    assert received(aws, queue) == []


@pytest.mark.diverges
def test_a_value_under_the_threshold_is_no_alarm_and_the_history_says_what_changed(aws: ContractAws) -> None:
    """https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarmHistory.html."""
    metric = f"m-{uuid.uuid4()}"
    cloudwatch = aws.client("cloudwatch")
    cloudwatch.put_metric_data(Namespace=NAMESPACE, MetricData=[{"MetricName": metric, "Value": 0.0}])
    _alarm(aws, metric)
    _soon(aws, lambda: _state(aws, metric) == "OK")
    cloudwatch.put_metric_data(Namespace=NAMESPACE, MetricData=[{"MetricName": metric, "Value": 3.0}])
    _soon(aws, lambda: _state(aws, metric) == "ALARM")
    items = cloudwatch.describe_alarm_history(AlarmName=metric, HistoryItemType="StateUpdate")["AlarmHistoryItems"]
    assert [item["HistorySummary"] for item in items] == [
        "Alarm updated from OK to ALARM",
        "Alarm updated from INSUFFICIENT_DATA to OK",
    ]


@pytest.mark.diverges
@pytest.mark.executes
def test_a_function_that_fails_is_counted_in_its_metrics(aws: ContractAws) -> None:
    """https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html."""
    arn = aws.function("def handle(event, context):\n    raise ValueError('no')")
    aws.client("lambda").invoke(FunctionName=arn, Payload=b"{}")
    name = arn.rsplit(":", 1)[-1]

    def total(metric: str) -> float | None:
        return metric_total(aws, "AWS/Lambda", metric, FunctionName=name)

    assert _soon(aws, lambda: total("Errors")) == 1.0
    assert total("Invocations") == 1.0


def test_metric_data_is_read_back_by_period_with_every_statistic(aws: ContractAws) -> None:
    """https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html."""
    metric = f"m-{uuid.uuid4()}"
    cloudwatch = aws.client("cloudwatch")
    # A minute that is over, so that all samples fall into it.
    at = datetime.now(UTC).replace(second=0, microsecond=0) - timedelta(minutes=2)
    for seconds, value in ((1, 1.0), (20, 2.0), (40, 6.0)):
        datum = {"MetricName": metric, "Value": value, "Timestamp": at + timedelta(seconds=seconds)}
        cloudwatch.put_metric_data(Namespace=NAMESPACE, MetricData=[datum])

    def read(statistic: str) -> list[float]:
        stat = {"Metric": {"Namespace": NAMESPACE, "MetricName": metric}, "Period": 60, "Stat": statistic}
        found: list[float] = cloudwatch.get_metric_data(
            MetricDataQueries=[{"Id": "q", "MetricStat": stat}], StartTime=at, EndTime=at + timedelta(minutes=1)
        )["MetricDataResults"][0]["Values"]
        return found

    _soon(aws, lambda: read("Sum"))
    wanted = {"Sum": [9.0], "Average": [3.0], "Minimum": [1.0], "Maximum": [6.0], "SampleCount": [3.0]}
    assert {statistic: read(statistic) for statistic in wanted} == wanted
