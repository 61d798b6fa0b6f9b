"""AWS CloudTrail: trails."""

from collections.abc import Iterator
from typing import Any

from sandbox.provider import faults
from sandbox.provider.naming import tag_changes, tag_list, tag_map
from sandbox.provider.resource import TAGS, AutoName, Call, Failure, ResourceType, blocks, flag, strings, text
from sandbox.provider.values import Props
from sandbox.provider.wire import from_aws, spelled, to_aws

_TRAIL = {
    "cloudWatchLogsGroupArn": text(aws="CloudWatchLogsLogGroupArn"),
    "cloudWatchLogsRoleArn": text(),
    "enableLogFileValidation": flag(default=False),
    "includeGlobalServiceEvents": flag(default=True),
    "isMultiRegionTrail": flag(default=False),
    "isOrganizationTrail": flag(default=False),
    "kmsKeyId": text(),
    "s3BucketName": text(required=True),
    "s3KeyPrefix": text(),
    "snsTopicName": text(),
}
_DATA = {"type": text(required=True), "values": strings(required=True)}
_EVENTS = {
    "dataResources": blocks(_DATA),
    "excludeManagementEventSources": strings(),
    "includeManagementEvents": flag(default=True),
    "readWriteType": text(default="All"),
}
_FIELDS = {
    "field": text(required=True),
    **{f"{name}s": strings(aws=f"{name[:1].upper()}{name[1:]}") for name in ("endsWith", "notEndsWith")},
    **{f"{name}s": strings(aws=f"{name[:1].upper()}{name[1:]}") for name in ("startsWith", "notStartsWith")},
    "equals": strings(),
    "notEquals": strings(),
}
_ADVANCED = {"fieldSelectors": blocks(_FIELDS, required=True), "name": text()}
_INSIGHT = {"insightType": text(required=True)}
# What a trail that was told nothing selects: every management event (API_GetEventSelectors).
_DEFAULT = {"includeManagementEvents": True, "readWriteType": "All"}


def _create(call: Call) -> str:
    trails, new = call.client("cloudtrail"), call.new
    answer = trails.create_trail(Name=new["name"], TagsList=tag_list(new.get("tags")), **to_aws(_TRAIL, new))
    arn = call.created(answer["TrailARN"])
    _select(call, arn)
    if new["enableLogging"]:
        trails.start_logging(Name=arn)
    return arn


def _select(call: Call, arn: str) -> None:
    """Write the selectors that changed; none at all is the default one."""
    trails, new = call.client("cloudtrail"), call.new
    if call.changed("advancedEventSelectors", "eventSelectors"):
        if new.get("advancedEventSelectors"):
            chosen = [to_aws(_ADVANCED, item) for item in new["advancedEventSelectors"]]
            trails.put_event_selectors(TrailName=arn, AdvancedEventSelectors=chosen)
        else:
            chosen = [to_aws(_EVENTS, item) for item in new.get("eventSelectors") or [_DEFAULT]]
            trails.put_event_selectors(TrailName=arn, EventSelectors=chosen)
    if call.changed("insightSelectors"):
        chosen = [to_aws(_INSIGHT, item) for item in new.get("insightSelectors") or []]
        trails.put_insight_selectors(TrailName=arn, InsightSelectors=chosen)


def _read(call: Call) -> Props | None:
    trails, given = call.client("cloudtrail"), call.new
    trail = trails.get_trail(Name=call.id)["Trail"]
    tags = trails.list_tags(ResourceIdList=[trail["TrailARN"]])["ResourceTagList"]
    arn = trail["TrailARN"]
    live = from_aws({name: prop for name, prop in _TRAIL.items() if name != "enableLogFileValidation"}, trail)
    topic = trail.get("SnsTopicARN") or ""
    return {
        **live,
        **_selected(call, trails),
        "arn": arn,
        "name": trail["Name"],
        "enableLogging": trails.get_trail_status(Name=arn)["IsLogging"],
        "enableLogFileValidation": trail.get("LogFileValidationEnabled", False),
        "homeRegion": trail.get("HomeRegion") or arn.split(":")[3],
        "insightSelectors": _insights(trails, arn),
        # A key may be given by its id, and a topic by its ARN.
        "kmsKeyId": spelled(given.get("kmsKeyId"), live.get("kmsKeyId")),
        "snsTopicName": topic if topic == given.get("snsTopicName") else live.get("snsTopicName"),
        "snsTopicArn": topic,
        "tags": tag_map(tags[0]["TagsList"]) if tags else {},
    }


def _selected(call: Call, trails: Any) -> Props:
    answer = trails.get_event_selectors(TrailName=call.id)
    basic = [from_aws(_EVENTS, item) for item in answer.get("EventSelectors") or []]
    advanced = [from_aws(_ADVANCED, item) for item in answer.get("AdvancedEventSelectors") or []]
    if basic == [_DEFAULT] and not call.new.get("eventSelectors"):
        basic = []
    return {"eventSelectors": basic, "advancedEventSelectors": advanced}


def _insights(trails: Any, arn: str) -> list[Props]:
    try:
        answer = trails.get_insight_selectors(TrailName=arn)
    except Exception as exc:
        if faults.code(exc) == "InsightNotEnabledException":
            return []
        raise
    return [from_aws(_INSIGHT, item) for item in answer.get("InsightSelectors") or []]


def _update(call: Call) -> None:
    trails, new = call.client("cloudtrail"), call.new
    if changed := [name for name in _TRAIL if call.changed(name)]:
        # What is no longer wanted is told to be empty; left out it would stay.
        asked = {name: "" if new.get(name) is None else new[name] for name in changed}
        trails.update_trail(Name=call.id, **to_aws({name: _TRAIL[name] for name in changed}, asked))
    _select(call, call.id)
    if call.changed("enableLogging"):
        (trails.start_logging if new["enableLogging"] else trails.stop_logging)(Name=call.id)
    removed, added = tag_changes(call)
    if removed:
        gone = {key: call.old["tags"][key] for key in removed}
        trails.remove_tags(ResourceId=call.id, TagsList=tag_list(gone))
    if added:
        trails.add_tags(ResourceId=call.id, TagsList=tag_list(added))


def _delete(call: Call) -> None:
    call.client("cloudtrail").delete_trail(Name=call.id.rsplit("/", 1)[-1])


def _rules(inputs: Props) -> Iterator[Failure]:
    if inputs.get("eventSelectors") and inputs.get("advancedEventSelectors"):
        yield "eventSelectors", "'eventSelectors' and 'advancedEventSelectors' exclude each other; give one"
    if inputs.get("cloudWatchLogsGroupArn") and not inputs.get("cloudWatchLogsRoleArn"):
        yield "cloudWatchLogsRoleArn", "'cloudWatchLogsGroupArn' needs the role to write with, 'cloudWatchLogsRoleArn'"


TRAIL = ResourceType(
    type_name="aws:cloudtrail/trail:Trail",
    inputs={
        **_TRAIL,
        "advancedEventSelectors": blocks(_ADVANCED),
        "enableLogging": flag(default=True),
        "eventSelectors": blocks(_EVENTS),
        "insightSelectors": blocks(_INSIGHT),
        "name": text(replaces=True, computed=True),
        "tags": TAGS,
    },
    outputs=("arn", "homeRegion", "snsTopicArn"),
    create=_create,
    read=_read,
    update=_update,
    delete=_delete,
    rules=_rules,
    identity=("name",),
    autoname=AutoName(prefix=None, max_length=128),
    verified=True,
)

TYPES = (TRAIL,)
