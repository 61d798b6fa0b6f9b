"""EventBridge Scheduler's operations, as far as moto does not check or drops something; the rest is moto's.

Sources: https://docs.aws.amazon.com/scheduler/latest/APIReference/API_CreateSchedule.html and API_UpdateSchedule.html.
"""

from collections.abc import Callable, Mapping
from typing import Any

from moto.scheduler.responses import EventBridgeSchedulerResponse

from sandbox.aws.errors import AwsError
from sandbox.aws.exchange import Answer, Call
from sandbox.aws.functions.deployed import Credentials
from sandbox.aws.schedules.expression import ExpressionError, parse_expression
from sandbox.aws.schedules.group import DEFAULT, group_arn
from sandbox.aws.wire import refused

PRINCIPAL = "scheduler.amazonaws.com"
_WRITES = ("CreateSchedule", "UpdateSchedule")
_LONGEST_WINDOW = 1440


class SchedulerService:
    """Checks schedules before moto stores them."""

    def __init__(self, *, account: str, role_session: Callable[..., Credentials]) -> None:
        """`role_session` judges whether a role lets Scheduler assume it."""
        self._account = account
        self._role_session = role_session

    def answer(self, call: Call) -> Answer | None:
        """The refusal, or None for moto's answer."""
        if call.operation not in _WRITES:
            return None
        try:
            self._check(call.parameters, call.region)
        except AwsError as error:
            return refused(call, error)
        return None

    def _check(self, given: Mapping[str, Any], region: str) -> None:
        text = str(given.get("ScheduleExpression") or "")
        zone = str(given.get("ScheduleExpressionTimezone") or "UTC")
        try:
            parse_expression(text, zone=zone, once=True)
        except ExpressionError as exc:
            raise AwsError("ValidationException", f"Invalid Schedule Expression {text}: {exc}.") from exc
        _check_window(given.get("FlexibleTimeWindow") or {})
        target = given.get("Target") or {}
        service = str(target.get("Arn", "")).split(":")[2:3]
        if service == ["events"] and not target.get("EventBridgeParameters"):
            raise AwsError("ValidationException", "EventBridgeParameters must be specified for this target.")
        role, group = str(target.get("RoleArn") or ""), str(given.get("GroupName") or DEFAULT)
        source = group_arn(region=region, account=self._account, name=group)
        try:
            self._role_session(role, service=PRINCIPAL, session_name="check", source_arn=source)
        except AwsError as exc:
            raise AwsError(
                "ValidationException",
                "The execution role you provide must allow AWS EventBridge Scheduler to assume the role.",
            ) from exc


def _check_window(window: Mapping[str, Any]) -> None:
    mode, minutes = window.get("Mode"), window.get("MaximumWindowInMinutes")
    if mode == "FLEXIBLE" and (minutes is None or not 1 <= int(minutes) <= _LONGEST_WINDOW):
        raise AwsError(
            "ValidationException", f"MaximumWindowInMinutes must be between 1 and {_LONGEST_WINDOW} in FLEXIBLE mode."
        )
    if mode == "OFF" and minutes is not None:
        raise AwsError("ValidationException", "MaximumWindowInMinutes is not allowed when the mode is OFF.")


def install_scheduler_patches() -> None:
    """Make moto's UpdateSchedule keep ActionAfterCompletion, which it drops; for the life of the process."""
    original = EventBridgeSchedulerResponse.update_schedule

    def update(response: Any) -> str:
        answer = original(response)
        name = response.uri.split("?")[0].split("/")[-1]
        stored = response.scheduler_backend.get_schedule(response._get_param("GroupName"), name)
        stored.action_after_completion = response._get_param("ActionAfterCompletion")
        return answer

    EventBridgeSchedulerResponse.update_schedule = update  # type: ignore[method-assign, assignment]
