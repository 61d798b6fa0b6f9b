"""The end of an old credential, planned before the new one is published: one schedule that fires once."""

import hashlib
import json
import math
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from rotation.errors import RotationError, ServiceError
from rotation.settings import RetirementSettings
from rotation.versions import Secret

if TYPE_CHECKING:
    from mypy_boto3_scheduler import EventBridgeSchedulerClient

LONGEST_NAME = 64 - len(
    "-ffffffff"
)  # 64 with the time of a plan made again: docs.aws.amazon.com/scheduler/latest/APIReference/API_CreateSchedule.html
SLOT_SECONDS = 300
_DIGEST = 12


class Retirements(Protocol):
    """Where the protocol has a retirement planned."""

    def plan(self, secret: Secret, token: str, at: datetime) -> None:
        """Have AWSPREVIOUS retired at `at`, if the version `token` is AWSCURRENT then.

        A plan replaces the one before it.
        """

    def again(self, secret: Secret, token: str, at: datetime) -> None:
        """Have a retirement that could not be done tried again, beside whatever is planned already."""

    def planned(self, secret: Secret) -> datetime | None:
        """When the retirement that the last rotation planned will be; None when there is none, or it was tried.

        It is the record of when a version was published, so a plan made again is none of it.
        """


class ScheduledRetirements:
    """Plans with EventBridge Scheduler: a schedule a secret, which invokes the function `retire` and deletes itself.

    Made before AWSCURRENT moves, so a crash between the two leaves a schedule that finds nothing to do, and never an
    old credential that nobody ends. Sources: docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html
    (one-time schedules) and managing-schedule-delete.html there (ActionAfterCompletion).
    """

    def __init__(self, client: "EventBridgeSchedulerClient", settings: RetirementSettings) -> None:
        self._client = client
        self._settings = settings

    def plan(self, secret: Secret, token: str, at: datetime) -> None:
        """Make the secret's schedule, or move the one that is there."""
        wanted = self._wanted(secret, token, at)
        try:
            self._client.create_schedule(**wanted)
        except ClientError as error:
            if _code(error) != "ConflictException":
                raise ServiceError("CreateSchedule", secret.name, _code(error)) from None
            self._move(secret, wanted)
        except BotoCoreError as error:
            raise _no_answer(secret, error) from None

    def _wanted(self, secret: Secret, token: str, at: datetime) -> dict[str, Any]:
        return {
            "Name": schedule_name(secret.name),
            "ScheduleExpression": f"at({at.astimezone(UTC):%Y-%m-%dT%H:%M:%S})",
            "ScheduleExpressionTimezone": "UTC",
            "FlexibleTimeWindow": {"Mode": "OFF"},
            "ActionAfterCompletion": "DELETE",
            "Target": {
                "Arn": self._settings.function,
                "RoleArn": self._settings.role,
                "Input": json.dumps({"secret": secret.name, "version": token}),
                "DeadLetterConfig": {"Arn": self._settings.dead_letters},
            },
        }

    def again(self, secret: Secret, token: str, at: datetime) -> None:
        """Make one more schedule, named by its time: several at about one time are one.

        Not the secret's own, which would lose its time, and which EventBridge is about to delete if it has just fired.
        """
        slot = math.ceil(at.timestamp() / SLOT_SECONDS)
        wanted = self._wanted(secret, token, datetime.fromtimestamp(slot * SLOT_SECONDS, UTC))
        wanted["Name"] += f"-{slot:x}"
        try:
            self._client.create_schedule(**wanted)
        except ClientError as error:
            if _code(error) != "ConflictException":
                raise ServiceError("CreateSchedule", secret.name, _code(error)) from None
        except BotoCoreError as error:
            raise _no_answer(secret, error) from None

    def planned(self, secret: Secret) -> datetime | None:
        """The time of the secret's own schedule. It is gone soon after it fired."""
        try:
            answer = self._client.get_schedule(Name=schedule_name(secret.name))
        except ClientError as error:
            if _code(error) == "ResourceNotFoundException":
                return None
            raise ServiceError("GetSchedule", secret.name, _code(error)) from None
        except BotoCoreError as error:
            raise _no_answer(secret, error) from None
        moment = answer["ScheduleExpression"].removeprefix("at(").removesuffix(")")
        return datetime.fromisoformat(moment).replace(tzinfo=UTC)

    def _move(self, secret: Secret, wanted: dict[str, Any]) -> None:
        try:
            self._client.update_schedule(**wanted)
        except ClientError as error:
            # It fired and went between the two calls: the step is tried again, and then makes it.
            raise ServiceError("UpdateSchedule", secret.name, _code(error)) from None
        except BotoCoreError as error:
            raise _no_answer(secret, error) from None


def schedule_name(secret_name: str) -> str:
    """`llm-observatory-prod-retire-db-app-password`; a name that is too long ends in a digest of itself."""
    service, environment, name = secret_name.split("/", 2)
    whole = f"{service}-{environment}-retire-{name}"
    if len(whole) <= LONGEST_NAME:
        return whole
    return f"{whole[: LONGEST_NAME - _DIGEST - 1]}-{hashlib.sha256(whole.encode()).hexdigest()[:_DIGEST]}"


def _code(error: ClientError) -> str:
    return error.response.get("Error", {}).get("Code", "Unknown")


def _no_answer(secret: Secret, error: BotoCoreError) -> RotationError:
    return RotationError(
        f"secret '{secret.name}': EventBridge Scheduler gave no answer ({type(error).__name__}); "
        f"check the function's network path to it"
    )
