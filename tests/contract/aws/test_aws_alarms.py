"""Alarms: what a person can set, alarms that look at alarms, dead-letter queues, and what is told.

Sources: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/ with API_SetAlarmState.html,
API_PutMetricAlarm.html and API_PutCompositeAlarm.html; alarms-and-actions-Lambda.html and
cloudwatch-and-eventbridge.html of the user guide. A real account evaluates once a minute: `_soon` waits longer there.
"""

import json
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.contract.aws.harness import PREFIX, ContractAws, Result, error_of, eventually
from tests.contract.aws.hearing import let_in, new_queue, received


def _soon(aws: ContractAws, check: Callable[[], Result | None]) -> Result:
    return eventually(check, seconds=400 if aws.kind == "real" else 8)


def _alarm(aws: ContractAws, **changed: Any) -> str:
    """A new alarm on a metric of the same name; its name."""
    name = f"{PREFIX}-{uuid.uuid4()}"
    settings = {
        "Namespace": PREFIX,
        "MetricName": name,
        "Statistic": "Sum",
        "Period": 60,
        "EvaluationPeriods": 1,
        "Threshold": 1,
        "ComparisonOperator": "GreaterThanOrEqualToThreshold",
        "TreatMissingData": "ignore",
        **changed,
    }
    aws.client("cloudwatch").put_metric_alarm(AlarmName=name, **settings)
    return name


def _set(aws: ContractAws, name: str, state: str) -> None:
    aws.client("cloudwatch").set_alarm_state(AlarmName=name, StateValue=state, StateReason="a person said so")


def _described(aws: ContractAws, name: str, kind: str = "MetricAlarm") -> dict[str, Any]:
    found = aws.client("cloudwatch").describe_alarms(AlarmNames=[name], AlarmTypes=[kind])
    [alarm] = found[f"{kind}s"]
    return dict(alarm)


def _told(aws: ContractAws) -> tuple[str, Callable[[], list[dict[str, Any]]]]:
    """A topic's ARN, and the messages that reached its only queue, taken off it."""
    sns = aws.client("sns")
    topic = sns.create_topic(Name=f"{PREFIX}-{uuid.uuid4()}")["TopicArn"]
    url, queue = new_queue(aws)
    let_in(aws, url, queue, service="sns", source=topic)
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue)
    return topic, lambda: [json.loads(message["Message"]) for message in received(aws, url)]


@pytest.mark.diverges
def test_a_state_that_a_person_sets_is_told_like_any_other(aws: ContractAws) -> None:
    topic, messages = _told(aws)
    name = _alarm(aws, AlarmActions=[topic])
    _set(aws, name, "ALARM")
    [message] = _soon(aws, messages)
    assert (message["NewStateValue"], message["OldStateValue"]) == ("ALARM", "INSUFFICIENT_DATA")
    assert message["NewStateReason"] == "a person said so"
    assert message["AlarmArn"].endswith(f":alarm:{name}")
    assert message["Trigger"]["Statistic"] == "SUM"


@pytest.mark.diverges
def test_setting_the_state_that_an_alarm_has_tells_nobody(aws: ContractAws) -> None:
    topic, messages = _told(aws)
    name = _alarm(aws, AlarmActions=[topic])
    _set(aws, name, "ALARM")
    _soon(aws, messages)
    _set(aws, name, "ALARM")
    _set(aws, name, "OK")
    assert messages() == []


def test_the_state_of_an_alarm_that_is_not_there_cannot_be_set(aws: ContractAws) -> None:
    with pytest.raises(ClientError) as caught:
        _set(aws, f"{PREFIX}-{uuid.uuid4()}", "ALARM")
    assert error_of(caught.value)[0] in {"ResourceNotFound", "ResourceNotFoundException"}


@pytest.mark.diverges
def test_a_changed_alarm_keeps_its_state_and_history(aws: ContractAws) -> None:
    """ "When you update an existing alarm, its state is left unchanged"."""
    cloudwatch = aws.client("cloudwatch")
    name = _alarm(aws)
    _set(aws, name, "ALARM")
    cloudwatch.put_metric_alarm(
        AlarmName=name,
        AlarmDescription="changed",
        Namespace=PREFIX,
        MetricName=name,
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=5,
        ComparisonOperator="GreaterThanThreshold",
        TreatMissingData="ignore",
    )
    described = _described(aws, name)
    assert (described["StateValue"], described["AlarmDescription"]) == ("ALARM", "changed")
    items = cloudwatch.describe_alarm_history(AlarmName=name, HistoryItemType="StateUpdate")["AlarmHistoryItems"]
    assert [item["HistorySummary"] for item in items] == ["Alarm updated from INSUFFICIENT_DATA to ALARM"]


@pytest.mark.diverges
def test_a_message_in_a_dead_letter_queue_is_an_alarm(aws: ContractAws) -> None:
    """AWS/SQS ApproximateNumberOfMessagesVisible (sqs-available-cloudwatch-metrics.html)."""
    url, _ = new_queue(aws)
    name = _alarm(
        aws,
        Namespace="AWS/SQS",
        MetricName="ApproximateNumberOfMessagesVisible",
        Dimensions=[{"Name": "QueueName", "Value": url.rsplit("/", 1)[-1]}],
        Statistic="Maximum",
    )
    _soon(aws, lambda: _described(aws, name)["StateValue"] == "OK")
    aws.client("sqs").send_message(QueueUrl=url, MessageBody="dead")
    _soon(aws, lambda: _described(aws, name)["StateValue"] == "ALARM")
    aws.client("sqs").purge_queue(QueueUrl=url)
    _soon(aws, lambda: _described(aws, name)["StateValue"] == "OK")


@pytest.mark.diverges
def test_the_reason_of_a_state_names_the_datapoints(aws: ContractAws) -> None:
    name = _alarm(aws)
    aws.client("cloudwatch").put_metric_data(Namespace=PREFIX, MetricData=[{"MetricName": name, "Value": 7.0}])
    _soon(aws, lambda: _described(aws, name)["StateValue"] == "ALARM")
    described = _described(aws, name)
    assert "7.0" in described["StateReason"]
    data = json.loads(described["StateReasonData"])
    assert (data["recentDatapoints"], data["threshold"], data["statistic"]) == ([7.0], 1.0, "Sum")


@pytest.mark.diverges
def test_a_composite_alarm_follows_the_alarms_that_its_rule_names(aws: ContractAws) -> None:
    topic, messages = _told(aws)
    first, second = _alarm(aws), _alarm(aws)
    name = f"{PREFIX}-{uuid.uuid4()}"
    cloudwatch = aws.client("cloudwatch")
    rule = f'ALARM("{first}") AND NOT (OK({second}) OR FALSE)'
    cloudwatch.put_composite_alarm(AlarmName=name, AlarmRule=rule, AlarmActions=[topic])
    try:
        _set(aws, second, "OK")
        _soon(aws, lambda: _described(aws, name, "CompositeAlarm")["StateValue"] == "OK")
        _set(aws, first, "ALARM")
        _set(aws, second, "ALARM")
        _soon(aws, lambda: _described(aws, name, "CompositeAlarm")["StateValue"] == "ALARM")
        assert _described(aws, name, "CompositeAlarm")["AlarmRule"] == rule
        [message] = _soon(aws, messages)
        assert (message["AlarmName"], message["NewStateValue"]) == (name, "ALARM")
    finally:
        cloudwatch.delete_alarms(AlarmNames=[name])


@pytest.mark.diverges
@pytest.mark.parametrize("rule", ["ALARM(gone)", "ALARM(", "SOMETIMES(x)", "TRUE TRUE"])
def test_a_composite_alarm_whose_rule_is_none_is_refused(aws: ContractAws, rule: str) -> None:
    with pytest.raises(ClientError) as caught:
        aws.client("cloudwatch").put_composite_alarm(AlarmName=f"{PREFIX}-{uuid.uuid4()}", AlarmRule=rule)
    assert error_of(caught.value)[0] in {"ValidationError", "ValidationException"}


@pytest.mark.executes
@pytest.mark.diverges
def test_an_alarm_invokes_the_function_that_lets_it(aws: ContractAws) -> None:
    code = "def handle(event, context):\n    print('heard', event['alarmData']['alarmName'], event['source'])"
    opened, closed = aws.function(code, invocable=False), aws.function(code, invocable=False)
    name = _alarm(aws, AlarmActions=[opened, closed])
    aws.client("lambda").add_permission(
        FunctionName=opened,
        StatementId="alarms",
        Action="lambda:InvokeFunction",
        Principal="lambda.alarms.cloudwatch.amazonaws.com",
        SourceAccount=aws.account,
    )
    _set(aws, name, "ALARM")
    _soon(aws, lambda: [line for line in aws.log_of(opened) if line.startswith(f"heard {name} aws.cloudwatch")])
    assert aws.log_of(closed) == []


@pytest.mark.diverges
def test_eventbridge_is_told_of_an_alarm(aws: ContractAws) -> None:
    events, name = aws.client("events"), _alarm(aws)
    url, queue = new_queue(aws)
    arn = events.put_rule(
        Name=name, EventPattern=json.dumps({"source": ["aws.cloudwatch"], "detail": {"alarmName": [name]}})
    )["RuleArn"]
    let_in(aws, url, queue, service="events", source=arn)
    events.put_targets(Rule=name, Targets=[{"Id": "q", "Arn": queue}])
    try:
        _set(aws, name, "ALARM")
        [told] = _soon(aws, lambda: received(aws, url))
        assert told["detail-type"] == "CloudWatch Alarm State Change"
        assert told["detail"]["state"]["value"] == "ALARM"
        assert told["detail"]["previousState"]["value"] == "INSUFFICIENT_DATA"
        assert told["detail"]["configuration"]["metrics"][0]["metricStat"]["metric"]["name"] == name
    finally:
        events.remove_targets(Rule=name, Ids=["q"])
        events.delete_rule(Name=name)
