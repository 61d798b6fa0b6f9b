"""AWS Step Functions: state machines. Versions (`publish`) are not published here."""

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
    document,
    flag,
    number,
    text,
)
from sandbox.provider.values import Props
from sandbox.provider.wire import camel, from_aws, stamp, to_aws, unless_default

_LOGGING: Mapping[str, Property] = {
    "includeExecutionData": flag(default=False),
    "level": text(default="OFF", allowed=frozenset({"ALL", "ERROR", "FATAL", "OFF"})),
    "logDestination": text(),
}
_SETTINGS: Mapping[str, Property] = {
    "encryptionConfiguration": block(
        {
            "kmsDataKeyReusePeriodSeconds": number(),
            "kmsKeyId": text(),
            "type": text(default="AWS_OWNED_KEY"),
        }
    ),
    "loggingConfiguration": block(_LOGGING),
    "tracingConfiguration": block({"enabled": flag(default=False)}),
}
# What a machine that was told nothing has; an update that takes a setting away writes it.
_DEFAULTS: Mapping[str, Props] = {
    "encryptionConfiguration": {"type": "AWS_OWNED_KEY"},
    "loggingConfiguration": {"includeExecutionData": False, "level": "OFF"},
    "tracingConfiguration": {"enabled": False},
}


def _settings(given: Props) -> Props:
    made = to_aws(_SETTINGS, given, camel)
    logging = made.get("loggingConfiguration")
    if logging and "logDestination" in logging:
        logging["destinations"] = [{"cloudWatchLogsLogGroup": {"logGroupArn": logging.pop("logDestination")}}]
    return made


def _create(call: Call) -> str:
    new = call.new
    answer = call.client("stepfunctions").create_state_machine(
        name=new["name"],
        definition=new["definition"],
        roleArn=new["roleArn"],
        type=new["type"],
        tags=tag_list(new.get("tags"), "key", "value"),
        **_settings(new),
    )
    return str(answer["stateMachineArn"])


def _read(call: Call) -> Props | None:
    states = call.client("stepfunctions")
    live = states.describe_state_machine(stateMachineArn=call.id)
    if live.get("status") == "DELETING":
        return None
    settings = from_aws(_SETTINGS, live, camel)
    for destination in (live.get("loggingConfiguration") or {}).get("destinations") or []:
        settings["loggingConfiguration"]["logDestination"] = destination["cloudWatchLogsLogGroup"]["logGroupArn"]
    whole = {name: {**default, **settings.get(name, {})} for name, default in _DEFAULTS.items()}
    tags = states.list_tags_for_resource(resourceArn=call.id).get("tags")
    return {
        **{name: unless_default(call, name, setting, _DEFAULTS[name]) for name, setting in whole.items()},
        "arn": live["stateMachineArn"],
        "creationDate": stamp(live["creationDate"]),
        "definition": live["definition"],
        "description": live.get("description", ""),
        "name": live["name"],
        "revisionId": live.get("revisionId", ""),
        "roleArn": live["roleArn"],
        "stateMachineVersionArn": "",
        "status": live["status"],
        "tags": tag_map(tags, "key", "value"),
        "type": live["type"],
        "versionDescription": "",
    }


def _update(call: Call) -> None:
    states, new = call.client("stepfunctions"), call.new
    if changed := [name for name in (*_SETTINGS, "definition", "roleArn") if call.changed(name)]:
        settings = {name: new.get(name) or _DEFAULTS[name] for name in changed if name in _DEFAULTS}
        states.update_state_machine(
            stateMachineArn=call.id, definition=new["definition"], roleArn=new["roleArn"], **_settings(settings)
        )
    removed, added = tag_changes(call)
    if removed:
        states.untag_resource(resourceArn=call.id, tagKeys=removed)
    if added:
        states.tag_resource(resourceArn=call.id, tags=tag_list(added, "key", "value"))


def _delete(call: Call) -> None:
    call.client("stepfunctions").delete_state_machine(stateMachineArn=call.id)


STATE_MACHINE = ResourceType(
    type_name="aws:sfn/stateMachine:StateMachine",
    inputs={
        **NAMED,
        **_SETTINGS,
        "definition": document(required=True, ordered=True),
        "roleArn": text(required=True),
        "tags": TAGS,
        "type": text(default="STANDARD", replaces=True, allowed=frozenset({"STANDARD", "EXPRESS"})),
    },
    outputs=(
        *("arn", "creationDate", "description", "revisionId"),
        *("stateMachineVersionArn", "status", "versionDescription"),
    ),
    create=_create,
    read=_read,
    update=_update,
    delete=_delete,
    identity=("name",),
    autoname=AutoName(max_length=80),
    volatile=("description", "revisionId"),
    verified=True,
)

TYPES = (STATE_MACHINE,)
