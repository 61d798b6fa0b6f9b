"""Each alert of the catalogue is declared by the route that it takes, and told by a function that can do no more."""

from __future__ import annotations

import json
from typing import Any

import pytest

from catalog import load, names
from catalog.access.topic import alert_policy
from catalog.alerts.alert import OnEvent, OnRecord
from catalog.alerts.alerts import FUNCTION, alerts, description, input_template
from components.aws.alerts import Alerts, AlertsArgs
from components.aws.function import REGIONAL_NAMES
from tests.components.recording import RecordingMocks, record
from tests.components.surroundings import surroundings

CATALOG = load.catalog()
ENVIRONMENTS = {name: load.environment(name) for name in ("staging", "prod")}
RULE = "aws:cloudwatch/eventRule:EventRule"
TARGET = "aws:cloudwatch/eventTarget:EventTarget"
FILTER = "aws:cloudwatch/logMetricFilter:LogMetricFilter"
ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"


@pytest.fixture(scope="module", params=["staging", "prod"])
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def declared(name: str) -> RecordingMocks:
    around = surroundings(environment=ENVIRONMENTS[name])
    args = AlertsArgs(surroundings=around, catalog=CATALOG, log_group=names.TRAIL_LOG, after=())
    return record(lambda: Alerts("alerts", args), stack=name)


def test_every_alert_on_an_event_is_a_rule_that_gives_the_event_and_its_words_to_the_function(
    name: str, declared: RecordingMocks
) -> None:
    environment = ENVIRONMENTS[name]
    found = [alert for alert in alerts(environment, CATALOG) if isinstance(alert.detection, OnEvent)]
    rules, targets = declared.of(RULE), declared.of(TARGET)
    assert rules.keys() == targets.keys() == {alert.name for alert in found}
    for alert in found:
        assert isinstance(alert.detection, OnEvent)
        rule, target = rules[alert.name], targets[alert.name]
        assert rule["name"] == target["rule"] == names.named(environment, alert.name)
        assert json.loads(rule["eventPattern"]) == alert.detection.pattern
        assert rule["state"] == alert.detection.state
        assert target["arn"] == f"arn:mock:aws:lambda/function:Function:{FUNCTION}"
        assert target["inputTransformer"] == {"inputTemplate": input_template(environment, alert)}


def test_every_alert_on_the_record_is_a_filter_on_the_trails_log_and_an_alarm_on_its_number(
    name: str, declared: RecordingMocks
) -> None:
    environment = ENVIRONMENTS[name]
    found = [alert for alert in alerts(environment, CATALOG) if isinstance(alert.detection, OnRecord)]
    filters, alarms = declared.of(FILTER), declared.of(ALARM)
    assert filters.keys() == {alert.name for alert in found}
    for alert in found:
        assert isinstance(alert.detection, OnRecord)
        counted, alarm = filters[alert.name], alarms[alert.name]
        assert counted["logGroupName"] == names.TRAIL_LOG
        assert counted["pattern"] == alert.detection.pattern
        metric = counted["metricTransformation"]
        assert (metric["namespace"], metric["name"]) == (alarm["namespace"], alarm["metricName"])
        assert (alarm["threshold"], alarm["period"]) == (alert.detection.threshold, alert.detection.seconds)
        assert alarm["comparisonOperator"] == "GreaterThanOrEqualToThreshold"
        assert alarm["statistic"] == "Sum"
        assert alarm["treatMissingData"] == "notBreaching"
        assert alarm["alarmDescription"] == description(environment, alert)
        assert alarm["alarmActions"] == ["arn:the-topic"]


def test_the_function_may_publish_to_the_topic_and_use_its_key_through_sns_and_nothing_else(
    name: str, declared: RecordingMocks
) -> None:
    environment = ENVIRONMENTS[name]
    own: Any = alert_policy(environment)["Statement"]
    (tell, encrypt) = own
    assert (tell["Action"], tell["Resource"]) == (["sns:Publish"], [names.topic_arn(environment)])
    assert encrypt["Action"] == ["kms:Decrypt", "kms:GenerateDataKey"]
    assert encrypt["Condition"] == {
        "StringEquals": {"kms:ViaService": f"sns.{environment.region}.amazonaws.com"},
        "ForAnyValue:StringEquals": {"kms:ResourceAliases": [f"alias/llm-observatory-{name}-logs"]},
    }
    given = json.loads(declared.of("aws:iam/rolePolicy:RolePolicy")[FUNCTION]["policy"])["Statement"]
    assert given[: len(own)] == own
    allowed = {action for statement in given if statement["Effect"] == "Allow" for action in statement["Action"]}
    assert not {action for action in allowed if action.startswith(("secretsmanager:", "iam:", "s3:", "sts:"))}


def test_only_rules_of_the_environment_invoke_the_function(name: str, declared: RecordingMocks) -> None:
    environment = ENVIRONMENTS[name]
    (permission,) = declared.of("aws:lambda/permission:Permission").values()
    assert permission["principal"] == "events.amazonaws.com"
    assert permission["sourceAccount"] == environment.account
    rules = f"arn:aws:events:{environment.region}:{environment.account}:rule/llm-observatory-{name}-*"
    assert permission["sourceArn"] == rules


def test_the_functions_variables_are_within_four_kilobytes_and_hold_no_value(
    name: str, declared: RecordingMocks
) -> None:
    variables = declared.of("aws:lambda/function:Function")[FUNCTION]["environment"]["variables"]
    # docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
    assert sum(len(key) + len(value) for key, value in variables.items()) < 4096
    assert variables.keys() - REGIONAL_NAMES.keys() == {"ENVIRONMENT", "TOPIC_ARN", "READERS"}
    assert variables["TOPIC_ARN"] == names.topic_arn(ENVIRONMENTS[name])


def test_type_tokens_are_what_the_state_holds(declared: RecordingMocks) -> None:
    ours = {resource.token for resource in declared.recorded if resource.token.startswith("llmobs:")}
    assert {"llmobs:alerts:Alerts", "llmobs:alert_rule:AlertRule", "llmobs:record_alarm:RecordAlarm"} <= ours
