"""The Lambda's entry: `alert.handler.handle`. Judges the event, writes the message, publishes it.

Whatever an event looks like, a message is sent; only a topic that does not take it is an error, so that Lambda tries
again and keeps the event in the dead-letter queue. What leaves this module as an exception or a log line holds nothing
that the event said.
"""

import json
import os
import sys
import traceback
from collections.abc import Mapping
from functools import cache
from pathlib import PurePath
from typing import Protocol

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from alert.errors import AlertError
from alert.event import Event
from alert.message import Alert, Message, message, unreadable
from alert.settings import Settings
from alert.verdict import is_told

_CLIENT = Config(connect_timeout=3, read_timeout=5, retries={"mode": "standard", "total_max_attempts": 3})


class Topics(Protocol):
    """The one call of SNS that is made, as boto3 has it."""

    def publish(self, *, TopicArn: str, Subject: str, Message: str) -> object:  # noqa: N803 - boto3 spells it so
        """Publish a message."""


def handle(event: object, context: object) -> Mapping[str, object]:
    """Tell the topic of {alert, event}, as rules send it; returns the line that it wrote. Raises AlertError only."""
    del context
    outcome = _attempt(event)
    if isinstance(outcome, AlertError):
        raise outcome
    return outcome


def _attempt(event: object) -> Mapping[str, object] | AlertError:
    try:
        return tell(event, settings(), topics())
    except AlertError as error:
        _write("ERROR", "failed", error=str(error))
        return AlertError(str(error))


def tell(given: object, place: Settings, client: Topics) -> Mapping[str, object]:
    """Publish what is to be told of an event; what is as it should be is left alone.

    Raises:
        AlertError: the topic did not take the message.
    """
    envelope = Event(given=given)
    alert = Alert.of(envelope)
    event = Event(given=envelope.at("event") if envelope.at("alert") is not None else given)
    if not _to_tell(alert, event, place):
        return {"event": "as it should be", "alert": alert.name}
    _publish(client, place.topic_arn, _composed(place.environment, alert, event))
    return _write("INFO", "told", alert=alert.name, id=event.text("detail", "eventID"))


def _to_tell(alert: Alert, event: Event, place: Settings) -> bool:
    try:
        return is_told(alert.name, event, place.readers)
    except Exception as error:  # noqa: BLE001 - an event that breaks the judgement is told, never dropped
        _write("ERROR", "not judged", error=_place_of(error))
        return True


def _composed(environment: str, alert: Alert, event: Event) -> Message:
    try:
        return message(environment, alert, event)
    except Exception as error:  # noqa: BLE001 - an event that breaks the message is told without it
        _write("ERROR", "not read", error=_place_of(error))
        return unreadable(environment, alert)


def _publish(client: Topics, topic_arn: str, told: Message) -> None:
    try:
        client.publish(TopicArn=topic_arn, Subject=told.subject, Message=told.body)
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "Unknown")
        raise AlertError(f"Publish was refused with {code}; check the function's role and the topic's policy") from None
    except BotoCoreError as error:
        raise AlertError(
            f"Publish got no answer ({type(error).__name__}); check the function's network path to SNS"
        ) from None


@cache
def settings() -> Settings:
    """The configuration, read once."""
    return Settings.read(os.environ)


@cache
def topics() -> Topics:
    """The client, made once."""
    client: Topics = boto3.client("sns", config=_CLIENT)
    return client


def _place_of(error: Exception) -> str:
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} in {PurePath(frame.filename).name}:{frame.lineno}; this is a defect of the function"


def _write(level: str, what: str, **more: object) -> Mapping[str, object]:
    line = {"level": level, "event": what, **more}
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()
    return line


if "AWS_LAMBDA_FUNCTION_NAME" in os.environ:
    settings()  # at cold start, where a wrong variable stops the deployment
    topics()
