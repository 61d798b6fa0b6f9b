"""AWS Lambda: queues and streams that a function reads from. Brokers (Kafka, MQ, DocumentDB) are not among them."""

from typing import Any

from sandbox.provider import faults
from sandbox.provider.naming import tag_changes
from sandbox.provider.resource import (
    TAGS,
    Call,
    ResourceType,
    block,
    blocks,
    flag,
    number,
    strings,
    text,
)
from sandbox.provider.values import Props

_PLAIN = {
    "BatchSize": "batchSize",
    "BisectBatchOnFunctionError": "bisectBatchOnFunctionError",
    "Enabled": "enabled",
    "FunctionName": "functionName",
    "FunctionResponseTypes": "functionResponseTypes",
    "MaximumBatchingWindowInSeconds": "maximumBatchingWindowInSeconds",
    "MaximumRecordAgeInSeconds": "maximumRecordAgeInSeconds",
    "MaximumRetryAttempts": "maximumRetryAttempts",
    "ParallelizationFactor": "parallelizationFactor",
    "TumblingWindowInSeconds": "tumblingWindowInSeconds",
}


def _settings(call: Call) -> Props:
    settings: Props = call.given(**_PLAIN)
    filters = (call.new.get("filterCriteria") or {}).get("filters")
    if filters or call.old.get("filterCriteria"):
        settings["FilterCriteria"] = {"Filters": [{"Pattern": item["pattern"]} for item in filters or []]}
    failed = ((call.new.get("destinationConfig") or {}).get("onFailure") or {}).get("destinationArn")
    if failed or call.old.get("destinationConfig"):
        settings["DestinationConfig"] = {"OnFailure": {"Destination": failed or ""}}
    most = (call.new.get("scalingConfig") or {}).get("maximumConcurrency")
    if most or call.old.get("scalingConfig"):
        settings["ScalingConfig"] = {"MaximumConcurrency": most} if most else {}
    if call.old.get("functionResponseTypes") and not call.new.get("functionResponseTypes"):
        settings["FunctionResponseTypes"] = []
    return settings


def _create(call: Call) -> str:
    answer = call.client("lambda").create_event_source_mapping(
        EventSourceArn=call.new["eventSourceArn"],
        **_settings(call),
        **call.given(
            StartingPosition="startingPosition", StartingPositionTimestamp="startingPositionTimestamp", Tags="tags"
        ),
    )
    return str(answer["UUID"])


def _read(call: Call) -> Props | None:
    mapping = call.client("lambda").get_event_source_mapping(UUID=call.id)
    function = mapping["FunctionArn"]
    given = str(call.new.get("functionName") or call.state.get("functionName") or "")
    filters = [{"pattern": item["Pattern"]} for item in (mapping.get("FilterCriteria") or {}).get("Filters") or []]
    failed = ((mapping.get("DestinationConfig") or {}).get("OnFailure") or {}).get("Destination")
    most = (mapping.get("ScalingConfig") or {}).get("MaximumConcurrency")
    modified: Any = mapping.get("LastModified")
    return {
        **{name: mapping.get(aws) for aws, name in _PLAIN.items()},
        "arn": mapping.get("EventSourceMappingArn"),
        "uuid": mapping["UUID"],
        "enabled": mapping["State"] not in {"Disabled", "Disabling"},
        "eventSourceArn": mapping["EventSourceArn"],
        "functionArn": function,
        # A function may be given by name or by ARN; both name the same one.
        "functionName": given if given == function else function.split(":")[6],
        "filterCriteria": {"filters": filters} if filters else None,
        "destinationConfig": {"onFailure": {"destinationArn": failed}} if failed else None,
        "scalingConfig": {"maximumConcurrency": most} if most else None,
        "lastModified": modified.strftime("%Y-%m-%dT%H:%M:%SZ") if modified else "",
        "lastProcessingResult": mapping.get("LastProcessingResult") or "",
        "startingPosition": mapping.get("StartingPosition"),
        "state": mapping["State"],
        "stateTransitionReason": mapping.get("StateTransitionReason") or "",
        "tags": mapping.get("Tags") or _tags(call, mapping.get("EventSourceMappingArn")),
    }


def _tags(call: Call, arn: str | None) -> Props:
    """Lambda keeps the tags of a mapping apart from it; moto shows them in it."""
    try:
        return dict(call.client("lambda").list_tags(Resource=arn).get("Tags") or {}) if arn else {}
    except Exception as exc:
        if faults.gone(exc):
            return {}
        raise


def _update(call: Call) -> None:
    client = call.client("lambda")
    client.update_event_source_mapping(UUID=call.id, **_settings(call))
    removed, added = tag_changes(call)
    if removed:
        client.untag_resource(Resource=call.state["arn"], TagKeys=removed)
    if added:
        client.tag_resource(Resource=call.state["arn"], Tags=added)


def _delete(call: Call) -> None:
    call.client("lambda").delete_event_source_mapping(UUID=call.id)


EVENT_SOURCE_MAPPING = ResourceType(
    type_name="aws:lambda/eventSourceMapping:EventSourceMapping",
    inputs={
        "batchSize": number(computed=True),
        "bisectBatchOnFunctionError": flag(computed=True),
        "destinationConfig": block({"onFailure": block({"destinationArn": text(required=True)})}),
        "enabled": flag(default=True),
        "eventSourceArn": text(required=True, replaces=True),
        "filterCriteria": block({"filters": blocks({"pattern": text()})}),
        "functionName": text(required=True),
        "functionResponseTypes": strings(),
        "maximumBatchingWindowInSeconds": number(computed=True),
        "maximumRecordAgeInSeconds": number(computed=True),
        "maximumRetryAttempts": number(computed=True),
        "parallelizationFactor": number(computed=True),
        "scalingConfig": block({"maximumConcurrency": number()}),
        "startingPosition": text(computed=True, replaces=True),
        "startingPositionTimestamp": text(replaces=True, unreadable=True),
        "tags": TAGS,
        "tumblingWindowInSeconds": number(computed=True),
    },
    outputs=(
        *("arn", "functionArn", "lastModified", "lastProcessingResult", "state"),
        *("stateTransitionReason", "uuid"),
    ),
    create=_create,
    read=_read,
    update=_update,
    delete=_delete,
    volatile=("functionArn", "lastModified", "state", "stateTransitionReason"),
    verified=True,
)

TYPES = (EVENT_SOURCE_MAPPING,)
