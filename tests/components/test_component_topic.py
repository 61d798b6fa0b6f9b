"""The topic is encrypted, told to by few, and heard by the addresses that the environment declares."""

from __future__ import annotations

import json
from typing import Any

import pytest

from catalog import load, names
from catalog.access.topic import UNDELIVERED, topic_policy, undelivered_policy
from components.aws.topic import AlertTopic, AlertTopicArgs
from tests.components.recording import RecordingMocks, record

ENVIRONMENTS = {name: load.environment(name) for name in ("staging", "prod")}
TOPIC, POLICY = "aws:sns/topic:Topic", "aws:sns/topicPolicy:TopicPolicy"
SUBSCRIPTION = "aws:sns/topicSubscription:TopicSubscription"
QUEUE = "aws:sqs/queue:Queue"


@pytest.fixture(scope="module", params=["staging", "prod"])
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def declared(name: str) -> RecordingMocks:
    args = AlertTopicArgs(environment=ENVIRONMENTS[name], log_key_arn="arn:the-log-key")
    return record(lambda: AlertTopic("alert-topic", args), stack=name)


def test_the_topic_has_its_name_and_the_key_of_what_is_told(name: str, declared: RecordingMocks) -> None:
    (topic,) = declared.of(TOPIC).values()
    assert topic["name"] == "secrets-access-alerts"
    assert topic["kmsMasterKeyId"] == "arn:the-log-key"
    assert topic["tags"] == {"Environment": name, "Service": "llm-observatory"}


def test_mail_and_pager_of_the_environment_are_subscribed_and_nobody_else(name: str, declared: RecordingMocks) -> None:
    alerts = ENVIRONMENTS[name].alerts
    found = {(entry["protocol"], entry["endpoint"]) for entry in declared.of(SUBSCRIPTION).values()}
    wanted = {("email", email) for email in alerts.emails}
    assert found == wanted | ({("https", alerts.webhook)} if alerts.webhook else set())


def test_what_the_pager_does_not_take_is_kept_and_an_alarm_says_so(declared: RecordingMocks) -> None:
    pagers = [entry for entry in declared.of(SUBSCRIPTION).values() if entry["protocol"] == "https"]
    queues, alarms = declared.of(QUEUE), declared.of("aws:cloudwatch/metricAlarm:MetricAlarm")
    assert len(pagers) == len(queues) == len(alarms)  # none in an environment without a pager
    for pager in pagers:
        assert json.loads(pager["redrivePolicy"]) == {"deadLetterTargetArn": f"arn:mock:{QUEUE}:{UNDELIVERED}"}
        assert queues[UNDELIVERED]["kmsMasterKeyId"] == "arn:the-log-key"
        assert alarms[UNDELIVERED]["dimensions"] == {"QueueName": queues[UNDELIVERED]["name"]}


def test_the_policies_are_those_of_the_catalogue(name: str, declared: RecordingMocks) -> None:
    environment = ENVIRONMENTS[name]
    (policy,) = declared.of(POLICY).values()
    assert json.loads(policy["policy"]) == topic_policy(environment)
    for entry in declared.of("aws:sqs/queuePolicy:QueuePolicy").values():
        assert json.loads(entry["policy"]) == undelivered_policy(environment)


def statements(name: str) -> dict[str, Any]:
    found: Any = topic_policy(ENVIRONMENTS[name])["Statement"]
    return {statement["Sid"]: statement for statement in found}


def test_only_alarms_of_this_environment_and_account_are_let_in_by_the_policy(name: str) -> None:
    environment = ENVIRONMENTS[name]
    allowed = [statement for statement in statements(name).values() if statement["Effect"] == "Allow"]
    assert [statement["Principal"] for statement in allowed] == [{"Service": "cloudwatch.amazonaws.com"}]
    account = environment.account
    alarms = f"arn:aws:cloudwatch:{environment.region}:{account}:alarm:llm-observatory-{name}-*"
    condition = {"StringEquals": {"aws:SourceAccount": account}, "ArnLike": {"aws:SourceArn": alarms}}
    assert allowed[0]["Condition"] == condition


def test_whoever_is_no_service_and_none_of_the_telling_roles_publishes_nothing(name: str) -> None:
    denied = statements(name)["NobodyElseTells"]
    assert denied["Effect"] == "Deny"
    assert denied["Condition"]["ArnNotEquals"]["aws:PrincipalArn"] == [
        names.role_arn(ENVIRONMENTS[name], what) for what in ("alert", "emergency", "retire")
    ]


def test_nothing_is_subscribed_that_is_not_declared_and_nothing_without_tls(name: str) -> None:
    alerts = ENVIRONMENTS[name].alerts
    found = statements(name)
    declared = [*alerts.emails, *([alerts.webhook] if alerts.webhook else [])]
    assert found["NobodyElseHears"]["Condition"] == {"StringNotEquals": {"sns:Endpoint": declared}}
    assert found["TlsOnly"]["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
