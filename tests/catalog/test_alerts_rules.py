"""Every rule matches what its alert is about and nothing else, by the records that CloudTrail writes."""

from __future__ import annotations

import json
from typing import Any

import pytest

from catalog import derive, load, names
from catalog.alerts.alert import OnEvent
from catalog.alerts.alerts import alerts
from catalog.names import Duty
from sandbox.aws.events.pattern import parse_pattern

CATALOG = load.catalog()
ENVIRONMENTS = [load.environment(name) for name in ("staging", "prod")]
STAGING = ENVIRONMENTS[0]
ALERTS = {alert.name: alert for alert in alerts(STAGING, CATALOG)}
SECRET_ARN = f"arn:aws:secretsmanager:us-east-1:{STAGING.account}:secret:"
JWT = "llm-observatory/staging/jwt-secret"
DECOY = "llm-observatory/staging/stripe-api-key"


def role_of(what: str, session: str = "s") -> dict[str, Any]:
    """The userIdentity of a session of a role of staging."""
    arn = names.role_arn(STAGING, what)
    return {
        "type": "AssumedRole",
        "arn": f"arn:aws:sts::{STAGING.account}:assumed-role/{names.named(STAGING, what)}/{session}",
        "sessionContext": {"sessionIssuer": {"type": "Role", "arn": arn}},
    }


USER = {"type": "IAMUser", "arn": f"arn:aws:iam::{STAGING.account}:user/anaya"}


def rule_matches(name: str, service: str, event: str, **detail: Any) -> bool:
    detection = ALERTS[name].detection
    assert isinstance(detection, OnEvent)
    envelope = {
        "source": f"aws.{service}",
        "detail-type": "AWS API Call via CloudTrail",
        "detail": {"eventName": event, "userIdentity": USER, **detail},
    }
    return parse_pattern(json.dumps(detection.pattern)).matches(envelope)


@pytest.mark.parametrize("name", ["read-by-stranger", "decoy-read", "break-glass-assumed"])
def test_reads_reach_a_rule_only_in_the_state_that_asks_for_all_management_events(name: str) -> None:
    detection = ALERTS[name].detection
    assert isinstance(detection, OnEvent)
    assert detection.state == "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"


@pytest.mark.parametrize("form", [JWT, SECRET_ARN + JWT, f"{SECRET_ARN}{JWT}-Ab12Cd"])
@pytest.mark.parametrize(
    ("alert", "event"),
    [
        ("secret-deleted", "DeleteSecret"),
        ("secret-policy-changed", "PutResourcePolicy"),
        ("secret-policy-changed", "DeleteResourcePolicy"),
        ("rotation-switched-off", "CancelRotateSecret"),
        ("read-by-stranger", "GetSecretValue"),
    ],
)
def test_a_secret_of_the_environment_is_known_by_each_of_its_names(alert: str, event: str, form: str) -> None:
    assert rule_matches(alert, "secretsmanager", event, requestParameters={"secretId": form})
    other = form.replace("/staging/", "/prod/")
    assert not rule_matches(alert, "secretsmanager", event, requestParameters={"secretId": other})


def test_a_refused_read_is_no_read() -> None:
    parameters = {"secretId": JWT}
    assert not rule_matches(
        "read-by-stranger", "secretsmanager", "GetSecretValue", requestParameters=parameters, errorCode="AccessDenied"
    )


@pytest.mark.parametrize("event", ["RotationFailed", "RotationAbandoned"])
def test_a_rotation_that_ended_badly_is_told_by_the_service_itself(event: str) -> None:
    detection = ALERTS["rotation-failed"].detection
    assert isinstance(detection, OnEvent)
    envelope = {
        "source": "aws.secretsmanager",
        "detail-type": "AWS Service Event via CloudTrail",
        "detail": {"eventName": event, "additionalEventData": {"SecretId": f"{SECRET_ARN}{JWT}-Ab12Cd"}},
    }
    pattern = parse_pattern(json.dumps(detection.pattern))
    assert pattern.matches(envelope)
    assert not pattern.matches({**envelope, "detail": {**envelope["detail"], "eventName": "RotationSucceeded"}})  # type: ignore[dict-item]


@pytest.mark.parametrize(
    ("who", "told"),
    [
        (role_of("rotate-keyring"), False),
        (role_of("rotate-postgres", session="anything"), False),
        (role_of("operator"), True),
        (role_of("operator", session="llm-observatory-staging-rotate-keyring"), True),
        (USER, True),
        ({"type": "Root", "arn": f"arn:aws:iam::{STAGING.account}:root"}, True),
    ],
)
def test_only_a_rotation_function_moves_awscurrent_and_nobody_is_one_by_the_name_of_a_session(
    who: dict[str, Any], told: bool
) -> None:
    parameters = {"secretId": JWT, "versionStage": "AWSCURRENT"}
    assert told is rule_matches(
        "current-moved",
        "secretsmanager",
        "UpdateSecretVersionStage",
        requestParameters=parameters,
        userIdentity=who,
    )


def test_another_label_may_be_moved_by_anybody() -> None:
    parameters = {"secretId": JWT, "versionStage": "AWSPENDING"}
    assert not rule_matches("current-moved", "secretsmanager", "UpdateSecretVersionStage", requestParameters=parameters)


REFUSED = f"User: x is not authorized to perform: secretsmanager:GetSecretValue on resource: {DECOY} because no"


@pytest.mark.parametrize(
    "detail",
    [
        {"requestParameters": {"secretId": DECOY}},
        {"requestParameters": {"secretId": SECRET_ARN + DECOY}},
        {"requestParameters": {"secretId": f"{SECRET_ARN}{DECOY}-Ab12Cd"}},
        {"requestParameters": {"secretIdList": [JWT, DECOY]}},
        {"requestParameters": {"secretId": DECOY}, "errorCode": "AccessDenied"},
        {"requestParameters": None, "errorCode": "AccessDenied", "errorMessage": REFUSED},
    ],
)
def test_a_decoy_is_guarded_by_every_name_and_also_when_the_call_is_refused(detail: dict[str, Any]) -> None:
    assert rule_matches("decoy-read", "secretsmanager", "GetSecretValue", **detail)
    keyring = role_of("rotate-keyring")
    assert not rule_matches("decoy-read", "secretsmanager", "GetSecretValue", **detail, userIdentity=keyring)
    assert not rule_matches("decoy-read", "secretsmanager", "DescribeSecret", **detail)


def test_a_secret_that_is_no_decoy_raises_no_alert_on_decoys() -> None:
    for secret in CATALOG.secrets:
        parameters = {"secretId": derive.secret_name(STAGING, secret)}
        told = rule_matches("decoy-read", "secretsmanager", "GetSecretValue", requestParameters=parameters)
        assert told is secret.decoy


@pytest.mark.parametrize("duty", list(Duty))
def test_of_the_duties_only_break_glass_is_news(duty: Duty) -> None:
    arn = names.role_arn(STAGING, duty)
    told = rule_matches("break-glass-assumed", "sts", "AssumeRole", requestParameters={"roleArn": arn})
    assert told is (duty is Duty.BREAK_GLASS)
    refusal = f"User: x is not authorized to perform: sts:AssumeRole on resource: {arn}"
    told = rule_matches("break-glass-assumed", "sts", "AssumeRole", requestParameters=None, errorMessage=refusal)
    assert told is (duty is Duty.BREAK_GLASS)


@pytest.mark.parametrize(
    ("event", "parameters", "told"),
    [
        ("PutKeyPolicy", {"keyId": "0000"}, True),
        ("DisableKeyRotation", {"keyId": "0000"}, True),
        ("UpdateAlias", {"aliasName": "alias/llm-observatory-staging-tier-1"}, True),
        ("UpdateAlias", {"aliasName": "alias/somebody-else"}, False),
        ("EnableKey", {"keyId": "0000"}, False),
    ],
)
def test_what_changes_who_may_use_a_key_is_told(event: str, parameters: dict[str, str], told: bool) -> None:
    assert rule_matches("key-policy-changed", "kms", event, requestParameters=parameters) is told


@pytest.mark.parametrize(
    ("event", "parameters", "told"),
    [
        ("StopLogging", {"name": names.TRAIL}, True),
        ("StopLogging", {"name": names.trail_arn(STAGING)}, True),
        ("PutEventSelectors", {"trailName": names.TRAIL}, True),
        ("UpdateTrail", {"name": "of-another-team"}, False),
    ],
)
def test_only_our_trail_is_guarded_by_the_rule(event: str, parameters: dict[str, str], told: bool) -> None:
    assert rule_matches("trail-changed", "cloudtrail", event, requestParameters=parameters) is told


@pytest.mark.parametrize(
    ("service", "event", "parameters"),
    [
        ("events", "DisableRule", {"name": names.named(STAGING, "decoy-read")}),
        ("events", "RemoveTargets", {"rule": names.named(STAGING, "decoy-read")}),
        ("monitoring", "DisableAlarmActions", {"alarmNames": [names.named(STAGING, "root-used")]}),
        ("logs", "DeleteMetricFilter", {"logGroupName": names.TRAIL_LOG, "filterName": "x"}),
        ("sns", "Unsubscribe", {"subscriptionArn": f"{names.topic_arn(STAGING)}:0000"}),
        ("sns", "SetTopicAttributes", {"topicArn": names.topic_arn(STAGING)}),
    ],
)
def test_whoever_silences_an_alert_raises_one(service: str, event: str, parameters: dict[str, Any]) -> None:
    assert rule_matches("alerts-silenced", service, event, requestParameters=parameters)
    others = json.loads(json.dumps(parameters).replace("staging", "prod").replace("secrets", "mail").replace("/", "-"))
    assert not rule_matches("alerts-silenced", service, event, requestParameters=others)
