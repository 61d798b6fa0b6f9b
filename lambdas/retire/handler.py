"""The Lambda's entry: `retire.handler.handle`. Asks, tells who is in the way, and writes one line about it.

Schedules of finished rotations invoke it, the emergency's state machine, and an operator's command. It reads no value
and holds no driver: what a retirement does is the rotation function's affair.
"""

import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config

from retire import rotator, straggler
from retire.errors import RetireError
from retire.rotator import Secrets
from retire.settings import Settings
from retire.straggler import Numbers, Topics

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

# A rotation function may take two and a half minutes; an answer that is lost is asked for by Lambda's own retries.
_WAITING = Config(connect_timeout=3, read_timeout=165, retries={"mode": "standard", "total_max_attempts": 1})
_CLIENT = Config(connect_timeout=3, read_timeout=5, retries={"mode": "standard", "total_max_attempts": 4})


@dataclass(frozen=True, kw_only=True)
class Clients:
    """The services that are asked and told."""

    secretsmanager: Secrets
    functions: "LambdaClient"
    sns: Topics
    cloudwatch: Numbers


def handle(event: Mapping[str, object], context: object) -> Mapping[str, object]:
    """Retire for {secret, version}; without a version, for the current one. Answers {outcome, stragglers, until}.

    With {"label": "later"} AWSPREVIOUS keeps its label, though not its power, until the planned retirement.

    Raises:
        RetireError: it could not be asked for or told. Doing nothing, because it is too early or done, is no error.
    """
    del context
    return retire(event, settings(), clients())


def retire(event: Mapping[str, object], place: Settings, services: Clients) -> Mapping[str, object]:
    """As `handle`, with everything passed in."""
    secret, version = event.get("secret"), event.get("version")
    if not isinstance(secret, str) or not secret.startswith(place.prefix) or not isinstance(version, str | None):
        raise RetireError(
            f'the event must be {{"secret": "{place.prefix}…", "version": "…" or null}}; a secret of another '
            f"environment is never touched"
        )
    try:
        later = event.get("label") == "later"
        retirement = rotator.ask(services.secretsmanager, services.functions, secret, version, label_later=later)
        straggler.count(services.cloudwatch, place.environment, secret, len(retirement.stragglers))
        if retirement.stragglers:
            straggler.tell(services.sns, place.topic_arn, place.environment, secret, retirement)
    except RetireError as error:
        _write("ERROR", "failed", secret, version, error=str(error))
        raise
    level = "WARNING" if retirement.stragglers else "INFO"
    _write(level, retirement.outcome, secret, version, stragglers=len(retirement.stragglers), until=retirement.until)
    return {
        "outcome": retirement.outcome,
        "stragglers": list(retirement.stragglers),
        "until": retirement.until,
    }


@cache
def settings() -> Settings:
    """The configuration, read once."""
    return Settings.read(os.environ)


@cache
def clients() -> Clients:
    """The clients, made once."""
    return Clients(
        secretsmanager=boto3.client("secretsmanager", config=_CLIENT),
        functions=boto3.client("lambda", config=_WAITING),
        sns=boto3.client("sns", config=_CLIENT),
        cloudwatch=boto3.client("cloudwatch", config=_CLIENT),
    )


def _write(level: str, what: str, secret: str, version: str | None, **more: object) -> None:
    line = {"level": level, "event": what, "secret": secret, "version": version, **more}
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


if "AWS_LAMBDA_FUNCTION_NAME" in os.environ:
    settings()  # at cold start, where a wrong variable stops the deployment
    clients()
