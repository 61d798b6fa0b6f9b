"""Amazon EventBridge Scheduler: schedules and their groups."""

from collections.abc import Mapping

from sandbox.provider.naming import tag_changes, tag_list, tag_map
from sandbox.provider.resource import (
    NAMED,
    TAGS,
    AutoName,
    Call,
    Property,
    ResourceType,
    block,
    blocks,
    number,
    text,
)
from sandbox.provider.values import Props
from sandbox.provider.wire import from_aws, moment, stamp, to_aws

# What the service does where a target says nothing (API_RetryPolicy of the scheduler).
_RETRY = {"maximumEventAgeInSeconds": 86400, "maximumRetryAttempts": 185}
_PARAMETER = {"name": text(required=True), "value": text(required=True)}
_PIPELINE = {"pipelineParameters": blocks(_PARAMETER, aws="PipelineParameterList")}
_TARGET: Mapping[str, Property] = {
    "arn": text(required=True),
    "deadLetterConfig": block({"arn": text(required=True)}),
    "eventbridgeParameters": block(
        {"detailType": text(required=True), "source": text(required=True)}, aws="EventBridgeParameters"
    ),
    "input": text(),
    "kinesisParameters": block({"partitionKey": text(required=True)}),
    "retryPolicy": block({name: number(default=value) for name, value in _RETRY.items()}, default=_RETRY),
    "roleArn": text(required=True),
    "sagemakerPipelineParameters": block(_PIPELINE, aws="SageMakerPipelineParameters"),
    "sqsParameters": block({"messageGroupId": text()}),
}
_DATES: Mapping[str, Property] = {"endDate": text(), "startDate": text()}
_SCHEDULE: Mapping[str, Property] = {
    "actionAfterCompletion": text(default="NONE", allowed=frozenset({"NONE", "DELETE"})),
    "description": text(),
    "flexibleTimeWindow": block({"maximumWindowInMinutes": number(), "mode": text(required=True)}, required=True),
    "kmsKeyArn": text(),
    "scheduleExpression": text(required=True),
    "scheduleExpressionTimezone": text(default="UTC"),
    "state": text(default="ENABLED", allowed=frozenset({"ENABLED", "DISABLED"})),
    "target": block(_TARGET, required=True),
}


def _asked(call: Call) -> Props:
    dates = {name: moment(value) for name, value in to_aws(_DATES, call.new).items()}
    return {**to_aws(_SCHEDULE, call.new), **dates}


def _create(call: Call) -> str:
    group, name = call.new["groupName"], call.new["name"]
    call.client("scheduler").create_schedule(Name=name, GroupName=group, **_asked(call))
    return f"{group}/{name}"


def _place(call: Call) -> Props:
    group, _, name = call.id.rpartition("/")
    return {"GroupName": group or "default", "Name": name}


def _read(call: Call) -> Props | None:
    live = call.client("scheduler").get_schedule(**_place(call))
    return {
        **from_aws(_SCHEDULE, live),
        **{name: _date(call, name, stamp(live.get(f"{name[:1].upper()}{name[1:]}"))) for name in _DATES},
        "arn": live["Arn"],
        "groupName": live["GroupName"],
        "name": live["Name"],
    }


def _date(call: Call, name: str, live: str | None) -> str | None:
    """The time as the program spelled it, where it is the same."""
    given = call.new.get(name)
    return given if isinstance(given, str) and live and moment(given) == moment(live) else live


def _update(call: Call) -> None:
    # The call replaces the whole: what is left out goes back to what it is on its own (API_UpdateSchedule).
    call.client("scheduler").update_schedule(**_place(call), **_asked(call))


def _delete(call: Call) -> None:
    call.client("scheduler").delete_schedule(**_place(call))


SCHEDULE = ResourceType(
    type_name="aws:scheduler/schedule:Schedule",
    inputs={**NAMED, **_SCHEDULE, **_DATES, "groupName": text(default="default", replaces=True)},
    create=_create,
    read=_read,
    update=_update,
    delete=_delete,
    identity=("groupName", "name"),
    autoname=AutoName(max_length=64),
    verified=True,
)


def _create_group(call: Call) -> str:
    call.client("scheduler").create_schedule_group(Name=call.new["name"], Tags=tag_list(call.new.get("tags")))
    return str(call.new["name"])


def _read_group(call: Call) -> Props | None:
    scheduler = call.client("scheduler")
    live = scheduler.get_schedule_group(Name=call.id)
    # A group goes in the background, after its schedules (API_DeleteScheduleGroup).
    if live["State"] == "DELETING":
        return None
    return {
        "arn": live["Arn"],
        "name": live["Name"],
        "state": live["State"],
        "creationDate": stamp(live.get("CreationDate")) or "",
        "lastModificationDate": stamp(live.get("LastModificationDate")) or "",
        "tags": tag_map(scheduler.list_tags_for_resource(ResourceArn=live["Arn"]).get("Tags")),
    }


def _update_group(call: Call) -> None:
    removed, added = tag_changes(call)
    if removed:
        call.client("scheduler").untag_resource(ResourceArn=call.state["arn"], TagKeys=removed)
    if added:
        call.client("scheduler").tag_resource(ResourceArn=call.state["arn"], Tags=tag_list(added))


def _delete_group(call: Call) -> None:
    # For a group that is gone moto's deletion fails inside; asked for it, moto says so as AWS does.
    call.client("scheduler").get_schedule_group(Name=call.id)
    call.client("scheduler").delete_schedule_group(Name=call.id)


GROUP = ResourceType(
    type_name="aws:scheduler/scheduleGroup:ScheduleGroup",
    inputs={**NAMED, "tags": TAGS},
    outputs=("arn", "creationDate", "lastModificationDate", "state"),
    create=_create_group,
    read=_read_group,
    update=_update_group,
    delete=_delete_group,
    identity=("name",),
    autoname=AutoName(max_length=64),
    volatile=("lastModificationDate",),
    verified=True,
)

TYPES = (SCHEDULE, GROUP)
