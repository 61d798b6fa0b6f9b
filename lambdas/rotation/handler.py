"""The Lambda's entry: `rotation.handler.handle`. Reads the event, runs the step, writes one line about it.

An exception that leaves this module becomes a log entry and part of Secrets Manager's event, so only a RotationError
does, made anew outside the handler's `except`: no cause, no context and no frame of a driver hangs on it.
"""

import importlib
import os
import traceback
from collections.abc import Mapping
from functools import cache
from pathlib import PurePath

import boto3
from botocore.config import Config

from rotation.errors import RotationError
from rotation.journal import Journal
from rotation.retirements import ScheduledRetirements
from rotation.settings import Settings
from rotation.steps import HEAL, Request, Rotator
from rotation.targets import TARGETS
from rotation.targets.target import Target
from rotation.versions import SecretVersions

# A rotation has seconds, not minutes: fail while there is time left to say why.
_CLIENT = Config(connect_timeout=3, read_timeout=5, retries={"mode": "standard", "total_max_attempts": 4})


def handle(event: Mapping[str, object], context: object) -> Mapping[str, object] | None:
    """Run the step that the event names: {SecretId, ClientRequestToken, Step}. Raises only RotationError.

    The step retireSecret answers with {outcome, stragglers, until}; the others with nothing.
    """
    del context
    answer = _attempt(event)
    if isinstance(answer, RotationError):
        raise answer
    return answer


def _attempt(event: Mapping[str, object]) -> Mapping[str, object] | RotationError | None:
    journal = Journal(
        secret=str(event.get("SecretId")),
        token=str(event.get("ClientRequestToken", "")),
        step=str(event.get("Step")),
        target=os.environ.get("TARGET", ""),
    )
    try:
        request = _request(event)
        retirement = rotator().run(request, journal)
    except RotationError as error:
        text = str(error)
    except Exception as error:  # noqa: BLE001 - whatever a driver raises may quote a value; only its type and place leave
        place = traceback.extract_tb(error.__traceback__)[-1]
        text = (
            f"{type(error).__name__} in {PurePath(place.filename).name}:{place.lineno}; "
            f"this is a defect of the function: report it with this line"
        )
    else:
        return retirement.as_answer() if retirement else None
    journal.error("failed", text)
    return RotationError(text)


def _request(event: Mapping[str, object]) -> Request:
    fields = [event.get("SecretId"), event.get("ClientRequestToken", ""), event.get("Step")]
    secret_id, token, step = (field if isinstance(field, str) else "" for field in fields)
    if not secret_id or not step or not (token or step == HEAL):
        raise RotationError(
            "the event lacks SecretId, ClientRequestToken or Step; call the function through RotateSecret"
        )
    return Request(secret_id=secret_id, token=token, step=step, label_later=event.get("Label") == "later")


@cache
def rotator() -> Rotator:
    """The rotator of this deployment, with its clients, made once a container."""
    settings = Settings.read(os.environ)
    return Rotator(
        settings=settings,
        versions=SecretVersions(boto3.client("secretsmanager", config=_CLIENT)),
        targets={kind: load_target(settings, kind) for kind in settings.kinds},
        retirements=ScheduledRetirements(boto3.client("scheduler", config=_CLIENT), settings.retirement),
    )


def load_target(settings: Settings, kind: str) -> Target:
    """Import the class that rotates a kind, and with it the drivers that this function carries."""
    module, name = TARGETS[settings.target][kind].split(":")
    target: Target = getattr(importlib.import_module(module), name)(settings.ca_of(kind))
    return target


if "AWS_LAMBDA_FUNCTION_NAME" in os.environ:
    rotator()  # at cold start, where imports and clients cost the least and a wrong variable stops the deployment
