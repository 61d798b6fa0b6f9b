"""Monitoring inside: metrics and alarms outlive a kill, gauges, the rules of composite alarms, and what is told."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sandbox.aws import process
from sandbox.aws.monitoring.alarm import State
from sandbox.aws.monitoring.composite import CompositeError, composite
from sandbox.aws.monitoring.metrics import KEPT_SECONDS, Metric, Metrics
from sandbox.aws.monitoring.notifications import dead_letter_queue
from tests.contract.aws.harness import eventually
from tests.sandbox.aws.clocked import Clocked

STATES = {"a": State.ALARM, "o": State.OK, "i": State.INSUFFICIENT_DATA}
METRIC = Metric(region="us-east-1", namespace="N", name="m", dimensions={"b": "2", "a": "1"})


@pytest.mark.parametrize(
    ("rule", "holds"),
    [
        ("ALARM(a)", True),
        ('ALARM("a")', True),
        ("ALARM(arn:aws:cloudwatch:us-east-1:222233334444:alarm:a)", True),
        ("OK(a)", False),
        ("ALARM(a) AND OK(o)", True),
        ("ALARM(o) OR INSUFFICIENT_DATA(i)", True),
        ("NOT ALARM(a)", False),
        ("TRUE AND NOT FALSE", True),
        ("ALARM(o) AND ALARM(o) OR ALARM(a)", True),
        ("ALARM(o) AND (ALARM(o) OR ALARM(a))", False),
        ("NOT (ALARM(a) AND OK(a))", True),
        ("ALARM(gone)", False),
    ],
)
def test_a_rule_joins_the_states_of_alarms(rule: str, holds: bool) -> None:
    assert composite(rule).holds(STATES.get) is holds


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("", "1 to 10240"),
        ("ALARM(a", "ends too early"),
        ("ALARM a", "expected"),
        ("NEVER(a)", "is no state"),
        ("ALARM(a) OK(o)", "did not expect"),
        ("ALARM(a) AND", "ends too early"),
    ],
)
def test_what_is_no_rule_says_where(rule: str, said: str) -> None:
    with pytest.raises(CompositeError, match=said):
        composite(rule)


def test_a_rule_knows_the_alarms_that_it_looks_at() -> None:
    assert composite('ALARM("with space") OR NOT OK(o)').names == {"with space", "o"}


@pytest.fixture
def metrics(tmp_path: Path) -> Iterator[Metrics]:
    """Metrics of their own."""
    subject = Metrics(tmp_path)
    yield subject
    subject.close()


def test_a_gauge_holds_the_last_sample_of_its_minute_and_tells_nobody(metrics: Metrics) -> None:
    told: list[Metric] = []
    metrics.listen(told.append)
    for at, value in ((0.0, 5.0), (59.0, 2.0), (60.0, 7.0)):
        metrics.gauge(METRIC, value, at=at)
    found = metrics.query(METRIC, 0, 120, 60)
    assert [(one.count, one.sum, one.max) for one in found] == [(1, 2.0, 2.0), (1, 7.0, 7.0)]
    assert told == []


def test_a_metric_is_the_same_whatever_the_order_of_its_dimensions(metrics: Metrics) -> None:
    metrics.put(METRIC, 1.0, at=0.0)
    other = Metric(region="us-east-1", namespace="N", name="m", dimensions={"a": "1", "b": "2"})
    assert metrics.query(other, 0, 60, 60)[0].sum == 1.0
    assert metrics.query(Metric(region="us-east-1", namespace="N", name="m", dimensions={}), 0, 60, 60) == []


def test_what_is_older_than_fifteen_days_is_forgotten(metrics: Metrics) -> None:
    metrics.put(METRIC, 1.0, at=0.0)
    metrics.put(METRIC, 1.0, at=KEPT_SECONDS)
    metrics.prune(KEPT_SECONDS + 60)
    assert [one.start for one in metrics.query(METRIC, 0, KEPT_SECONDS + 60, 60)] == [KEPT_SECONDS]


@pytest.mark.parametrize(
    ("given", "queue"), [(None, None), ("{}", None), ('{"deadLetterTargetArn": "arn:q"}', "arn:q")]
)
def test_a_subscription_names_its_dead_letter_queue(given: str | None, queue: str | None) -> None:
    assert dead_letter_queue(given) == queue


@pytest.fixture(scope="module")
def clocked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clocked]:
    """One local AWS of this module's own."""
    subject = Clocked(tmp_path_factory.mktemp("monitoring"))
    yield subject
    process.stop(subject.state)


def _alarm(clocked: Clocked, name: str, **changed: Any) -> None:
    settings = {
        "Namespace": "N",
        "MetricName": name,
        "Statistic": "Sum",
        "Period": 60,
        "EvaluationPeriods": 1,
        "Threshold": 1,
        "ComparisonOperator": "GreaterThanOrEqualToThreshold",
        **changed,
    }
    clocked.aws.client("cloudwatch").put_metric_alarm(AlarmName=name, **settings)


def _state(clocked: Clocked, name: str) -> str:
    found = clocked.aws.client("cloudwatch").describe_alarms(AlarmNames=[name])["MetricAlarms"]
    return str(found[0]["StateValue"])


def test_metrics_states_and_history_outlive_a_kill(clocked: Clocked) -> None:
    _alarm(clocked, "kept", TreatMissingData="ignore")
    clocked.aws.client("cloudwatch").put_metric_data(Namespace="N", MetricData=[{"MetricName": "kept", "Value": 3.0}])
    eventually(lambda: _state(clocked, "kept") == "ALARM")
    clocked.kill()
    clocked.start()
    assert _state(clocked, "kept") == "ALARM"
    cloudwatch = clocked.aws.client("cloudwatch")
    assert [metric["MetricName"] for metric in cloudwatch.list_metrics(Namespace="N")["Metrics"]] == ["kept"]
    [item] = cloudwatch.describe_alarm_history(AlarmName="kept")["AlarmHistoryItems"]
    assert item["HistorySummary"] == "Alarm updated from INSUFFICIENT_DATA to ALARM"


def test_an_advance_of_the_clock_lets_an_alarm_run_out_of_data(clocked: Clocked) -> None:
    _alarm(clocked, "quiet", TreatMissingData="missing")
    clocked.aws.client("cloudwatch").put_metric_data(Namespace="N", MetricData=[{"MetricName": "quiet", "Value": 3.0}])
    eventually(lambda: _state(clocked, "quiet") == "ALARM")
    ran = clocked.advance(300)
    assert [(item["name"], item["outcome"]) for item in ran if item["kind"] == "alarm"] == [
        ("quiet", "INSUFFICIENT_DATA")
    ]
    assert _state(clocked, "quiet") == "INSUFFICIENT_DATA"


def test_mail_is_kept_in_the_outbox_and_nothing_is_sent_beyond_this_machine(clocked: Clocked) -> None:
    sns = clocked.aws.client("sns")
    topic = sns.create_topic(Name="people")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="someone@example.com")
    sns.subscribe(TopicArn=topic, Protocol="https", Endpoint="https://pager.example.com/hook")
    sns.publish(TopicArn=topic, Message=json.dumps({"said": "hello"}), Subject="s")
    mail = clocked.local.ask("GET", "mail")["mail"]
    states = {item["protocol"]: item["state"] for item in mail if item["topic"] == topic}
    assert states["email"] == "kept"
    assert states["https"].startswith("failed: the local AWS sends nothing to pager.example.com")
    assert {item["subject"] for item in mail if item["topic"] == topic} == {"s"}
