"""EventBridge's operations that are ours: what moto does not check, or does otherwise. The rest is moto's.

Sources: https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html, API_PutRule.html,
API_PutTargets.html and API_TestEventPattern.html.
"""

import json
import re
import time
from collections.abc import Callable, Mapping
from typing import Any

from sandbox.aws.errors import AwsError
from sandbox.aws.events.event import Event
from sandbox.aws.events.pattern import PatternError, parse_pattern
from sandbox.aws.events.rules import Rules
from sandbox.aws.exchange import Answer, Call
from sandbox.aws.schedules.expression import ExpressionError, parse_expression
from sandbox.aws.wire import answered, refused

_MOST_ENTRIES = 10
_MOST_BYTES = 256 * 1024
_MOST_TARGETS = 5
_TIME_BYTES = 14
_ENVELOPE = ("id", "account", "source", "time", "region", "resources", "detail-type")
_ROLE_NEEDED = ("states", "kinesis", "ecs", "batch", "codebuild", "codepipeline", "ssm")
_ARN = re.compile(r"arn:aws[a-z-]*:[a-z0-9-]+:[a-z0-9-]*:[0-9]*:.+")

Result = dict[str, Any]


class EventsService:
    """Answers for EventBridge, in every region of the account."""

    def __init__(self, *, account: str, rules: Rules, publish: Callable[[Event], None]) -> None:
        """`publish` is the bus's."""
        self._account = account
        self._rules = rules
        self._publish = publish

    def answer(self, call: Call) -> Answer | None:
        """The answer, or None for moto to give, once what it would not have checked is checked."""
        given = call.parameters
        try:
            if call.operation == "PutEvents":
                return answered(call, self._put_events(call, given.get("Entries") or []))
            if call.operation == "TestEventPattern":
                return answered(call, _test_pattern(given))
            if call.operation == "PutRule":
                _check_rule(given)
            if call.operation == "PutTargets":
                _check_targets(given.get("Targets") or [])
        except AwsError as error:
            return refused(call, error)
        return None

    def _put_events(self, call: Call, entries: list[Mapping[str, Any]]) -> Result:
        if not 1 <= len(entries) <= _MOST_ENTRIES:
            raise AwsError(
                "ValidationException",
                "1 validation error detected: Value at 'entries' failed to satisfy constraint: Member must have "
                f"length between 1 and {_MOST_ENTRIES}; {len(entries)} were given",
            )
        if sum(_size(entry) for entry in entries) > _MOST_BYTES:
            raise AwsError("ValidationException", f"Total size of the entries in the request is over {_MOST_BYTES}")
        results = [self._put_event(call, entry) for entry in entries]
        return {"FailedEntryCount": sum("ErrorCode" in result for result in results), "Entries": results}

    def _put_event(self, call: Call, entry: Mapping[str, Any]) -> Result:
        for name in ("Source", "DetailType", "Detail"):
            if not entry.get(name):
                return _failed(
                    "InvalidArgument", f"Parameter {name} is not valid. Reason: {name} is a required argument."
                )
        if str(entry["Source"]).startswith("aws."):
            return _failed("NotAuthorizedForSourceException", "Not authorized for the source.")
        try:
            detail = json.loads(entry["Detail"])
        except ValueError:
            detail = None
        if not isinstance(detail, dict):
            return _failed("MalformedDetail", "Detail is malformed.")
        bus = str(entry.get("EventBusName") or "default").rpartition("/")[2]
        event = Event(
            source=entry["Source"],
            detail_type=entry["DetailType"],
            detail=detail,
            account=self._account,
            region=call.region,
            time=float(entry["Time"]) if entry.get("Time") is not None else time.time(),
            resources=tuple(entry.get("Resources") or ()),
            bus=bus,
        )
        # An event for a bus that does not exist is accepted and lost: the answer does not tell (unverified).
        if self._rules.has_bus(call.region, bus):
            self._publish(event)
        return {"EventId": event.id}


def _test_pattern(given: Mapping[str, Any]) -> Result:
    try:
        pattern = parse_pattern(given.get("EventPattern") or "")
    except PatternError as exc:
        raise _bad_pattern(exc) from exc
    try:
        event = json.loads(given.get("Event") or "")
    except ValueError as exc:
        raise AwsError("ValidationException", "Parameter Event is not valid. Reason: it is not JSON.") from exc
    missing = [name for name in _ENVELOPE if not isinstance(event, dict) or name not in event]
    if missing:
        raise AwsError("ValidationException", f"Parameter Event is not valid. Reason: {missing[0]} is missing.")
    return {"Result": pattern.matches(event)}


def _check_rule(given: Mapping[str, Any]) -> None:
    text, schedule = given.get("EventPattern"), given.get("ScheduleExpression")
    if text:
        try:
            parse_pattern(text)
        except PatternError as exc:
            raise _bad_pattern(exc) from exc
    if schedule:
        try:
            parse_expression(schedule)
        except ExpressionError as exc:
            raise AwsError("ValidationException", "Parameter ScheduleExpression is not valid.") from exc


def _check_targets(targets: list[Mapping[str, Any]]) -> None:
    for target in targets:
        arn, name = str(target.get("Arn", "")), target.get("Id", "")
        if not _ARN.fullmatch(arn):
            raise AwsError(
                "ValidationException", f"Parameter {arn} is not valid. Reason: Provided Arn is not in correct format."
            )
        inputs = [key for key in ("Input", "InputPath", "InputTransformer") if target.get(key) is not None]
        if len(inputs) > 1:
            raise AwsError(
                "ValidationException",
                f"Only one of Input, InputPath, or InputTransformer must be provided for target {name}.",
            )
        if target.get("Input") is not None:
            try:
                json.loads(target["Input"])
            except ValueError as exc:
                raise AwsError("ValidationException", f"Parameter Input of target {name} is not valid JSON.") from exc
        if arn.split(":")[2] in _ROLE_NEEDED and not target.get("RoleArn"):
            raise AwsError("ValidationException", f"RoleArn is required for target {arn}.")
        policy = target.get("RetryPolicy") or {}
        if not 0 <= int(policy.get("MaximumRetryAttempts", 0)) <= 185:
            raise AwsError("ValidationException", "MaximumRetryAttempts must be between 0 and 185.")
        if not 60 <= int(policy.get("MaximumEventAgeInSeconds", 60)) <= 86400:
            raise AwsError("ValidationException", "MaximumEventAgeInSeconds must be between 60 and 86400.")


def _size(entry: Mapping[str, Any]) -> int:
    """As https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevents.html reckons it."""
    texts = [str(entry.get(name) or "") for name in ("Source", "DetailType", "Detail")]
    texts += [str(resource) for resource in entry.get("Resources") or ()]
    return sum(len(text.encode()) for text in texts) + (_TIME_BYTES if entry.get("Time") is not None else 0)


def _failed(code: str, message: str) -> Result:
    return {"ErrorCode": code, "ErrorMessage": message}


def _bad_pattern(problem: PatternError) -> AwsError:
    return AwsError("InvalidEventPatternException", f"Event pattern is not valid. Reason: {problem}")
