"""EventBridge, its Scheduler and Step Functions.

Pages list_amazoneventbridge.html, list_amazoneventbridgescheduler.html and list_awsstepfunctions.html of the Service
Authorization Reference.
"""

from collections.abc import Iterator, Mapping

from iam.context import ContextValue
from sandbox.aws.access.need import Asked, Need, Rule, anything, both, each, on, passing

_DEFAULT_BUS = "default"


def _rule(asked: Asked) -> str:
    if arn := asked.text("ResourceARN"):
        return arn
    bus = asked.text("EventBusName").rpartition("/")[2] or _DEFAULT_BUS
    name = asked.text("Name", "Rule")
    return asked.arn("events", f"rule/{name}" if bus == _DEFAULT_BUS else f"rule/{bus}/{name}")


def _bus(asked: Asked) -> str:
    name = asked.text("EventBusName", "Name") or _DEFAULT_BUS
    return name if name.startswith("arn:") else asked.arn("events", f"event-bus/{name}")


def _archive(asked: Asked) -> str:
    return asked.arn("events", f"archive/{asked.text('ArchiveName')}")


def _targets(asked: Asked) -> Mapping[str, ContextValue]:
    arns = [str(one.get("Arn")) for one in asked.get("Targets") or [] if isinstance(one, Mapping)]
    return {"events:TargetArn": arns} if arns else {}


def _put_events(asked: Asked) -> Iterator[Need]:
    for entry in asked.get("Entries") or [{}]:
        bus = str(entry.get("EventBusName") or _DEFAULT_BUS)
        arn = bus if bus.startswith("arn:") else asked.arn("events", f"event-bus/{bus}")
        named = {"Source": "events:source", "DetailType": "events:detail-type"}
        given: dict[str, ContextValue] = {key: entry[name] for name, key in named.items() if entry.get(name)}
        yield Need(action="events:PutEvents", resource=arn, given=given)


EVENTS_RULES: dict[str, Rule] = {
    **each(
        "events",
        _rule,
        "DeleteRule DescribeRule DisableRule EnableRule ListTagsForResource ListTargetsByRule RemoveTargets "
        "TagResource UntagResource",
    ),
    **each(
        "events", _bus, "CreateEventBus DeleteEventBus DescribeEventBus PutPermission RemovePermission UpdateEventBus"
    ),
    **each("events", _archive, "CreateArchive DeleteArchive DescribeArchive UpdateArchive"),
    **each("events", anything, "ListArchives ListEventBuses ListRuleNamesByTarget ListRules TestEventPattern"),
    "PutEvents": _put_events,
    "PutRule": both(on("events:PutRule", _rule), passing("events.amazonaws.com", "RoleArn")),
    "PutTargets": both(on("events:PutTargets", _rule, _targets), passing("events.amazonaws.com", "Targets", "RoleArn")),
}


def _schedule(asked: Asked) -> str:
    name = asked.text("ResourceArn")
    return name or asked.arn("scheduler", f"schedule/{asked.text('GroupName') or 'default'}/{asked.text('Name')}")


def _schedule_group(asked: Asked) -> str:
    return asked.arn("scheduler", f"schedule-group/{asked.text('Name')}")


_PASS_TO_SCHEDULER = passing("scheduler.amazonaws.com", "Target", "RoleArn")

SCHEDULER_RULES: dict[str, Rule] = {
    **each("scheduler", _schedule, "DeleteSchedule GetSchedule ListTagsForResource TagResource UntagResource"),
    **each("scheduler", _schedule_group, "CreateScheduleGroup DeleteScheduleGroup GetScheduleGroup"),
    **each("scheduler", anything, "ListScheduleGroups ListSchedules"),
    "CreateSchedule": both(on("scheduler:CreateSchedule", _schedule), _PASS_TO_SCHEDULER),
    "UpdateSchedule": both(on("scheduler:UpdateSchedule", _schedule), _PASS_TO_SCHEDULER),
}


def _machine(asked: Asked) -> str:
    arn = asked.text("stateMachineArn", "resourceArn", "executionArn", "activityArn", "mapRunArn")
    return arn or asked.arn("states", f"stateMachine:{asked.text('name')}")


def _activity(asked: Asked) -> str:
    return asked.text("activityArn") or asked.arn("states", f"activity:{asked.text('name')}")


_PASS_TO_STATES = passing("states.amazonaws.com", "roleArn")

STATES_RULES: dict[str, Rule] = {
    **each(
        "states",
        _machine,
        "DeleteStateMachine DescribeExecution DescribeMapRun DescribeStateMachine DescribeStateMachineForExecution "
        "GetExecutionHistory ListExecutions ListMapRuns ListStateMachineAliases ListStateMachineVersions "
        "ListTagsForResource PublishStateMachineVersion RedriveExecution StartExecution StartSyncExecution "
        "StopExecution TagResource UntagResource UpdateMapRun",
    ),
    **each("states", _activity, "CreateActivity DeleteActivity DescribeActivity GetActivityTask"),
    **each(
        "states",
        anything,
        "ListActivities ListStateMachines SendTaskFailure SendTaskHeartbeat SendTaskSuccess TestState "
        "ValidateStateMachineDefinition",
    ),
    "CreateStateMachine": both(on("states:CreateStateMachine", _machine), _PASS_TO_STATES),
    "UpdateStateMachine": both(on("states:UpdateStateMachine", _machine), _PASS_TO_STATES),
}
