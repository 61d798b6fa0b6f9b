# ruff: noqa: N803 - boto3 spells its arguments so
"""The function `retire`: it asks the secret's own rotation function, and tells who is in the way."""

from __future__ import annotations

import io
import json
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from retire.errors import RetireError
from retire.handler import Clients, retire
from retire.settings import Settings

SECRET = "llm-observatory/staging/db-app-password"
ROTATOR = "arn:aws:lambda:us-east-1:222233334444:function:llm-observatory-staging-rotate-postgres"
TOPIC = "arn:aws:sns:us-east-1:222233334444:secrets-access-alerts"
PLACE = Settings(environment="staging", topic_arn=TOPIC)
DONE: dict[str, object] = {"outcome": "retired", "stragglers": [], "until": None}
STRAGGLING = {
    "outcome": "straggling",
    "stragglers": ["role 'app', application 'cron', from 10.20.0.7"],
    "until": "2026-01-01T00:10:00+00:00",
}


class Cloud:
    """What the function calls, each with boto3's names; answers and records."""

    def __init__(self, answer: object, *, failed: bool = False) -> None:
        self.answer, self.failed = answer, failed
        self.described: dict[str, Any] = {"RotationLambdaARN": ROTATOR, "VersionIdsToStages": {"v2": ["AWSCURRENT"]}}
        self.invoked: list[tuple[str, Any]] = []
        self.messages: list[dict[str, Any]] = []
        self.numbers: list[float] = []
        self.refusal: Exception | None = None

    def describe_secret(self, *, SecretId: str) -> Any:
        return self.described

    def invoke(self, *, FunctionName: str, InvocationType: str, Payload: bytes) -> Any:
        assert InvocationType == "RequestResponse"
        self.invoked.append((FunctionName, json.loads(Payload)))
        if self.refusal:
            raise self.refusal
        error = {"FunctionError": "Unhandled"} if self.failed else {}
        return {"Payload": io.BytesIO(json.dumps(self.answer).encode()), **error}

    def publish(self, **message: Any) -> object:
        self.messages.append(message)
        return {}

    def put_metric_data(self, *, Namespace: str, MetricData: Any) -> object:
        self.numbers += [datum["Value"] for datum in MetricData]
        return {}


def run(cloud: Cloud, event: dict[str, object] | None = None) -> dict[str, object]:
    services = Clients(secretsmanager=cloud, functions=cast("Any", cloud), sns=cloud, cloudwatch=cloud)
    return dict(retire(event or {"secret": SECRET, "version": "v2"}, PLACE, services))


def test_it_asks_the_rotation_function_of_the_secret_and_answers_what_that_said() -> None:
    cloud = Cloud(DONE)
    assert run(cloud) == DONE
    assert cloud.invoked == [(ROTATOR, {"SecretId": SECRET, "ClientRequestToken": "v2", "Step": "retireSecret"})]
    assert cloud.messages == []
    assert cloud.numbers == [0]


def test_without_a_version_it_is_about_the_current_one() -> None:
    cloud = Cloud(DONE)
    run(cloud, {"secret": SECRET})
    assert cloud.invoked[0][1]["ClientRequestToken"] == "v2"


def test_the_label_can_be_left_for_later() -> None:
    cloud = Cloud(DONE)
    run(cloud, {"secret": SECRET, "version": "v2", "label": "later"})
    assert cloud.invoked[0][1]["Label"] == "later"


def test_a_straggler_is_named_with_what_to_do_and_counted(capsys: pytest.CaptureFixture[str]) -> None:
    cloud = Cloud(STRAGGLING)
    assert run(cloud)["outcome"] == "straggling"
    (message,) = cloud.messages
    assert message["TopicArn"] == TOPIC
    for words in ("role 'app', application 'cron', from 10.20.0.7", "secretsctl emergency db-app-password", "00:10:00"):
        assert words in message["Message"]
    assert cloud.numbers == [1]
    assert json.loads(capsys.readouterr().out)["level"] == "WARNING"


def test_many_stragglers_make_no_message_without_end() -> None:
    cloud = Cloud({**STRAGGLING, "stragglers": [f"client {number}" for number in range(5000)]})
    run(cloud)
    assert "and 4980 more" in cloud.messages[0]["Message"]


def test_a_rotation_function_that_fails_is_an_error_with_its_own_words(capsys: pytest.CaptureFixture[str]) -> None:
    cloud = Cloud(
        {"errorMessage": "PostgreSQL at db:5432 cannot be reached", "errorType": "RotationError"}, failed=True
    )
    with pytest.raises(RetireError, match="was not retired: PostgreSQL at db:5432 cannot be reached"):
        run(cloud)
    assert json.loads(capsys.readouterr().out)["level"] == "ERROR"


@pytest.mark.parametrize("answer", [None, [], {"other": 1}])
def test_an_answer_that_says_nothing_is_no_success(answer: object) -> None:
    with pytest.raises(RetireError, match="its rotation function gave no answer"):
        run(Cloud(answer))


@pytest.mark.parametrize(
    ("refusal", "match"),
    [
        (ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "Invoke"), "AccessDeniedException"),
        (EndpointConnectionError(endpoint_url="https://lambda"), "network path"),
    ],
)
def test_a_refused_call_is_an_error(refusal: Exception, match: str) -> None:
    cloud = Cloud(DONE)
    cloud.refusal = refusal
    with pytest.raises(RetireError, match=match):
        run(cloud)


@pytest.mark.parametrize(
    "event", [{}, {"secret": 1}, {"secret": "llm-observatory/prod/db-password"}, {"secret": SECRET, "version": 2}]
)
def test_an_event_of_another_environment_or_form_is_refused(event: dict[str, object]) -> None:
    cloud = Cloud(DONE)
    with pytest.raises(RetireError, match="a secret of another environment is never touched"):
        run(cloud, event or {"version": "v2"})
    assert cloud.invoked == []


@pytest.mark.parametrize("lacking", ["RotationLambdaARN", "VersionIdsToStages"])
def test_a_secret_that_cannot_be_rotated_is_named(lacking: str) -> None:
    cloud = Cloud(DONE)
    del cloud.described[lacking]
    with pytest.raises(RetireError, match=r"has no (rotation function|current version); run `pulumi up`"):
        run(cloud)


@pytest.mark.parametrize("name", ["ENVIRONMENT", "TOPIC_ARN"])
def test_a_missing_variable_of_retire_is_named(name: str) -> None:
    with pytest.raises(RetireError, match=f"variable {name} is missing"):
        Settings.read(dict.fromkeys({"ENVIRONMENT", "TOPIC_ARN"} - {name}, "x"))
