"""Every alert fits where AWS puts it, is explained, and counts what it is about."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from catalog import derive, load, names
from catalog.access.secret import readers
from catalog.access.topic import hearers
from catalog.alerts.alert import Alert, OnEvent, OnRecord
from catalog.alerts.alerts import BOOK, alerts, description, input_template, readers_table, runbook
from catalog.names import Duty
from catalog.queries import queries
from sandbox.aws.events.pattern import parse_pattern
from sandbox.aws.monitoring.pattern import compiled

CATALOG = load.catalog()
ENVIRONMENTS = [load.environment(name) for name in ("staging", "prod")]
STAGING = ENVIRONMENTS[0]
ALERTS = {alert.name: alert for alert in alerts(STAGING, CATALOG)}
SECRET_ARN = f"arn:aws:secretsmanager:us-east-1:{STAGING.account}:secret:"
JWT = "llm-observatory/staging/jwt-secret"
EVERY = [
    pytest.param(env, alert, id=f"{env.name}-{alert.name}") for env in ENVIRONMENTS for alert in alerts(env, CATALOG)
]


def filter_matches(name: str, **event: Any) -> bool:
    detection = ALERTS[name].detection
    assert isinstance(detection, OnRecord)
    return compiled(detection.pattern)(json.dumps(event))


@pytest.mark.parametrize(("environment", "alert"), EVERY)
def test_it_fits_where_aws_puts_it(environment: Any, alert: Alert) -> None:
    # Quotas: docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html (a pattern: 2,048 characters),
    # AmazonCloudWatchLogs/latest/APIReference/API_PutMetricFilter.html (1,024), AmazonCloudWatch API_PutMetricAlarm.
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", alert.name)
    assert len(names.named(environment, alert.name)) <= 64
    if isinstance(alert.detection, OnEvent):
        assert len(json.dumps(alert.detection.pattern)) <= 2048
        assert len(input_template(environment, alert)) <= 8192
        parse_pattern(json.dumps(alert.detection.pattern))
    else:
        assert len(alert.detection.pattern) <= 1024
        assert len(description(environment, alert)) <= 1024
        compiled(alert.detection.pattern)


def test_names_are_unique_and_each_has_a_heading_that_its_messages_link_to() -> None:
    found = alerts(STAGING, CATALOG)
    assert len(ALERTS) == len(found)
    headings = {line.removeprefix("## ") for line in (load.ROOT / BOOK).read_text(encoding="utf-8").splitlines()}
    for alert in found:
        link, _, anchor = runbook(STAGING, alert).partition("#")
        assert link == f"https://github.com/{STAGING.repository}/blob/main/{BOOK}"
        assert anchor in headings


def test_a_saved_query_that_somebody_is_sent_to_exists() -> None:
    named = {query for alert in ALERTS.values() for query in re.findall(r"saved query `([a-z-]+)`", alert.to_do)}
    assert len(named) == 4
    assert named <= {query.name for query in queries(STAGING, CATALOG)}


def test_every_section_of_cis_that_concerns_secrets_has_its_alert() -> None:
    by_section = {
        control.removeprefix("CIS "): alert.stands_for
        for alert in alerts(STAGING, CATALOG)
        for control in alert.stands_for
        if control.startswith("CIS ") and isinstance(alert.detection, OnRecord)
    }
    assert by_section.keys() == {"4.1", "4.2", "4.3", "4.4", "4.5", "4.6", "4.7", "4.8", "4.10"}
    hub = {section: controls[1] for section, controls in by_section.items()}
    # docs.aws.amazon.com/securityhub/latest/userguide/cloudwatch-controls.html counts the root first.
    assert [hub["4.1"], hub["4.2"], hub["4.3"]] == ["CloudWatch.2", "CloudWatch.3", "CloudWatch.1"]
    assert all(hub[section] == f"CloudWatch.{section[2:]}" for section in hub.keys() - {"4.1", "4.2", "4.3"})


READ = {
    "eventSource": "secretsmanager.amazonaws.com",
    "eventName": "GetSecretValue",
    "awsRegion": "us-east-1",
    "requestParameters": {"secretId": JWT},
}


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"sourceIPAddress": "203.0.113.9"}, True),
        ({"sourceIPAddress": "10.201.4.4"}, True),
        ({"sourceIPAddress": "10.20.4.4"}, False),
        ({"sourceIPAddress": "10.20.4.4", "vpcEndpointId": "vpce-1"}, False),
        ({"sourceIPAddress": "secretsmanager.amazonaws.com"}, False),
        ({"sourceIPAddress": "AWS Internal"}, False),
        ({"sourceIPAddress": "203.0.113.9", "errorCode": "AccessDenied"}, False),
        ({"sourceIPAddress": "203.0.113.9", "requestParameters": {"secretId": "of-another/team"}}, False),
        ({"sourceIPAddress": "203.0.113.9", "requestParameters": {"secretId": f"{SECRET_ARN}{JWT}-Ab12Cd"}}, True),
    ],
)
def test_a_read_from_outside_is_one_that_is_not_from_the_ranges_and_not_by_a_service(
    more: dict[str, Any], told: bool
) -> None:
    assert filter_matches("read-outside-network", **{**READ, **more}) is told


@pytest.mark.parametrize(("region", "told"), [("us-east-1", False), ("eu-west-1", True)])
def test_filters_on_other_regions_leave_out_the_one_that_rules_see(region: str, told: bool) -> None:
    assert filter_matches("used-in-another-region", **{**READ, "awsRegion": region}) is told
    assumed = {
        "eventSource": "sts.amazonaws.com",
        "eventName": "AssumeRole",
        "awsRegion": region,
        "requestParameters": {"roleArn": names.role_arn(STAGING, Duty.BREAK_GLASS)},
    }
    assert filter_matches("break-glass-elsewhere", **assumed) is told


@pytest.mark.parametrize("event", ["GetSecretValue", "BatchGetSecretValue"])
def test_denied_reads_are_counted_whatever_the_call(event: str) -> None:
    assert filter_matches("denied-reads", **{**READ, "eventName": event, "errorCode": "AccessDenied"})
    assert not filter_matches("denied-reads", **{**READ, "eventName": event})


@pytest.mark.parametrize("environment", ENVIRONMENTS, ids=[env.name for env in ENVIRONMENTS])
def test_the_table_of_readers_says_what_the_resource_policies_say(environment: Any) -> None:
    table: dict[str, Any] = dict(readers_table(environment, CATALOG))
    for secret in CATALOG.secrets:
        roles = {*table["of_all"], *table["of"][derive.secret_name(environment, secret)]}
        assert {f"{table['prefix']}{role}" for role in roles} == set(readers(environment, secret))


def test_the_table_of_readers_leaves_room_in_a_functions_variables() -> None:
    # All of them together: 4 KB (docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html).
    for environment in ENVIRONMENTS:
        assert len(json.dumps(readers_table(environment, CATALOG), separators=(",", ":"))) < 3500


def test_who_hears_is_mail_and_pager() -> None:
    prod = ENVIRONMENTS[1]
    assert hearers(STAGING) == ["secrets-alerts@llm-observatory.example"]
    assert hearers(prod)[1:] == [prod.alerts.webhook]
