"""The function always sends, raises only what it may say, and writes no event into its log."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from alert import handler
from alert.errors import AlertError
from alert.settings import Settings
from components.aws.alerts import variables
from tests.lambdas.alert_events import CATALOG, SECRET, STAGING, Topic, read_of, session_of, settings, told

DENIED = ClientError({"Error": {"Code": "AuthorizationError", "Message": "hunter2"}}, "Publish")


@pytest.fixture
def topic(monkeypatch: pytest.MonkeyPatch) -> Iterator[Topic]:
    made = Topic()
    handler.settings.cache_clear()
    for name, value in variables(STAGING, CATALOG).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(handler, "topics", lambda: made)
    yield made
    handler.settings.cache_clear()


def test_the_handler_tells_and_logs_the_alert_and_the_events_id(
    topic: Topic, capsys: pytest.CaptureFixture[str]
) -> None:
    line = handler.handle(told("decoy-read", read_of(SECRET)), None)
    assert len(topic.published) == 1
    assert line == {"level": "INFO", "event": "told", "alert": "decoy-read", "id": "b1c2"}
    assert [json.loads(text) for text in capsys.readouterr().out.splitlines()] == [line]


def test_a_read_as_it_should_be_is_neither_told_nor_logged(topic: Topic, capsys: pytest.CaptureFixture[str]) -> None:
    handler.handle(told("read-by-stranger", read_of(SECRET, session_of("api-server"))), None)
    assert topic.published == []
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (DENIED, "Publish was refused with AuthorizationError; check the function's role"),
        (
            EndpointConnectionError(endpoint_url="https://sns.invalid"),
            "Publish got no answer (EndpointConnectionError)",
        ),
    ],
)
def test_a_topic_that_does_not_take_the_message_is_an_error_so_that_lambda_tries_again(
    topic: Topic, error: Exception, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    topic.error = error
    with pytest.raises(AlertError) as caught:
        handler.handle(told("decoy-read", read_of(SECRET)), None)
    assert str(caught.value).startswith(text)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
    assert "hunter2" not in capsys.readouterr().out


@pytest.mark.parametrize("broken", ["is_told", "message"])
def test_a_defect_of_ours_does_not_swallow_the_alert(
    topic: Topic, broken: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fails(*given: object) -> None:
        raise ValueError("hunter2")

    monkeypatch.setattr(handler, broken, fails)
    handler.handle(told("decoy-read", read_of(SECRET)), None)
    assert "Somebody tried to read a decoy" in topic.text
    assert "To do:" in topic.text
    logged = capsys.readouterr().out
    assert "ValueError in test_alert_handler.py" in logged
    assert "hunter2" not in logged + topic.text


@pytest.mark.parametrize("missing", ["ENVIRONMENT", "TOPIC_ARN", "READERS"])
def test_a_missing_variable_is_named(missing: str) -> None:
    given = {name: value for name, value in variables(STAGING, CATALOG).items() if name != missing}
    with pytest.raises(AlertError, match=f"variable {missing} is missing"):
        Settings.read(given)


@pytest.mark.parametrize("table", ["{", "[]", "{}", '{"prefix": "p", "of_all": [], "of": 7}'])
def test_a_table_of_readers_that_is_none_stops_the_deployment(table: str) -> None:
    with pytest.raises(AlertError, match="READERS is not the table"):
        Settings.read({**variables(STAGING, CATALOG), "READERS": table})


def test_the_settings_of_the_deployed_function_are_read() -> None:
    assert settings().environment == "staging"
    assert settings().readers.may_read(SECRET, "arn:aws:iam::222233334444:role/llm-observatory-staging-api-server")
