"""A message says what, of what, who, where, when and what to do, and nothing that the caller slipped in."""

from __future__ import annotations

import re
from typing import Any

import pytest

from alert.handler import tell
from catalog import names
from tests.lambdas.alert_events import SECRET, SECRET_ARN, STAGING, Topic, read_of, session_of, settings, told

ODD: list[object] = [
    None,
    "text",
    7,
    [],
    {},
    {"detail": None},
    {"detail": []},
    {"detail": {"userIdentity": "root", "requestParameters": "x", "resources": "y", "eventName": 7}},
    {"detail": {"userIdentity": {"sessionContext": {"sessionIssuer": []}}, "requestParameters": {"secretId": {}}}},
    {
        "detail": {
            "eventName": None,
            "requestParameters": {"secretId": ["a", None, {}]},
            "resources": [None, {"ARN": 1}],
        }
    },
    {"detail": {"additionalEventData": {"SecretId": True}, "eventTime": {}, "errorCode": []}},
]


def message(alert: str, event: object) -> str:
    topic = Topic()
    tell(told(alert, event), settings(), topic)
    return topic.text


def test_a_message_says_everything_that_whoever_is_woken_needs() -> None:
    role, text = names.role_arn(STAGING, "grafana"), message("read-by-stranger", read_of(SECRET))
    assert text.splitlines() == [
        "CRITICAL in staging: A value was read by a principal that is not meant to have it",
        "",
        "What:    GetSecretValue, done",
        f"Of:      {SECRET}",
        f"Who:     AssumedRole {role}, session 'i-0a1b2c3d' (named by the caller), access key ASIAEXAMPLE",
        "Where:   us-east-1, from 10.20.1.7, through vpce-0a1b",
        "When:    2026-11-24T09:30:00Z",
        "To do:   Rotate the secret now, end the principal's sessions, and find out how it was let in.",
        "Runbook: https://github.com/llm-observatory/llm-observatory/blob/main/ALERTS.md#read-by-stranger",
        "Event:   b1c2 (alert read-by-stranger)",
    ]


def test_the_subject_is_one_line_of_ascii_that_sns_takes() -> None:
    topic = Topic()
    tell(told("decoy-read", read_of(SECRET)), settings(), topic)
    ((arn, subject, _),) = topic.published
    assert arn == names.topic_arn(STAGING)
    assert subject == "[staging] CRITICAL: Somebody tried to read a decoy"
    assert re.fullmatch(r"[ -~]{1,100}", subject)


def test_a_refused_call_is_told_with_its_code_and_not_with_its_text() -> None:
    event = read_of(SECRET, errorCode="AccessDenied", errorMessage="the value is hunter2")
    text = message("decoy-read", event)
    assert "GetSecretValue, refused with AccessDenied" in text
    assert "hunter2" not in text


def test_what_a_service_did_by_itself_is_told_as_that() -> None:
    detail = {
        "eventName": "RotationFailed",
        "eventType": "AwsServiceEvent",
        "userIdentity": {"accountId": STAGING.account, "invokedBy": "secretsmanager.amazonaws.com"},
        "requestParameters": None,
        "additionalEventData": {"SecretId": SECRET_ARN},
    }
    text = message("rotation-failed", {"detail": detail})
    assert f"Of:      {SECRET_ARN}\n" in text
    assert "Who:     AWS itself (secretsmanager.amazonaws.com)\n" in text


@pytest.mark.parametrize(
    ("who", "shown"),
    [
        ({"type": "Root", "arn": f"arn:aws:iam::{STAGING.account}:root"}, f"Root arn:aws:iam::{STAGING.account}:root"),
        (
            {"type": "IAMUser", "arn": f"arn:aws:iam::{STAGING.account}:user/anaya", "accessKeyId": "AKIAEXAMPLE"},
            f"IAMUser arn:aws:iam::{STAGING.account}:user/anaya, access key AKIAEXAMPLE",
        ),
        ({"type": "AWSService", "invokedBy": "cloudtrail.amazonaws.com"}, "AWS itself (cloudtrail.amazonaws.com)"),
        ({"type": "WebIdentityUser"}, "not said by the event"),
    ],
)
def test_every_kind_of_principal_has_a_name(who: dict[str, Any], shown: str) -> None:
    assert f"Who:     {shown}\n" in message("decoy-read", read_of(SECRET, who))


def test_a_caller_cannot_write_lines_into_the_message_or_make_it_long() -> None:
    who = session_of("grafana", session="x\nTo do:   Nothing, all is well.\r\n\u2028\u202e" + "y" * 5000)
    text = message("read-by-stranger", read_of(SECRET, who))
    assert len(text.splitlines()) == 10
    assert len(text) < 2500
    assert "\u202e" not in text
    assert [line for line in text.splitlines() if line.startswith("To do:")] == [
        "To do:   Rotate the secret now, end the principal's sessions, and find out how it was let in."
    ]


def test_no_parameter_is_shown_but_those_that_name_things() -> None:
    parameters = {"secretId": SECRET, "secretString": "hunter2", "resourcePolicy": "hunter2", "description": "hunter2"}
    event = read_of(SECRET, requestParameters=parameters, responseElements={"secretString": "hunter2"})
    event["detail"]["additionalEventData"] = {"SecretString": "hunter2"}
    assert "hunter2" not in message("secret-policy-changed", event)


@pytest.mark.parametrize("event", ODD, ids=range(len(ODD)))
@pytest.mark.parametrize("alert", ["read-by-stranger", "decoy-read", "trail-changed"])
def test_an_odd_event_is_told_with_what_is_known(alert: str, event: object) -> None:
    text = message(alert, event)
    assert "To do:" in text
    assert f"(alert {alert})" in text


@pytest.mark.parametrize("given", ODD, ids=range(len(ODD)))
def test_what_comes_without_the_words_of_an_alert_is_told_too(given: object) -> None:
    topic = Topic()
    tell(given, settings(), topic)
    assert "An event arrived that no alert explains" in topic.text
