"""Amazon EventBridge: buses, and the rules that pick events from them."""

from collections.abc import Iterator

from sandbox.provider.naming import tag_changes, tag_list, tag_map
from sandbox.provider.resource import (
    NAMED,
    TAGS,
    AutoName,
    Call,
    Failure,
    ResourceType,
    block,
    document,
    flag,
    text,
)
from sandbox.provider.values import Props
from sandbox.provider.wire import from_aws, to_aws

DEFAULT_BUS = "default"
_ENABLED, _DISABLED = "ENABLED", "DISABLED"
_STATES = frozenset({_DISABLED, _ENABLED, f"{_ENABLED}_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"})
_RULE = {
    "description": text(),
    "eventPattern": document(ordered=True),
    "roleArn": text(),
    "scheduleExpression": text(),
}


def _put_rule(call: Call) -> str:
    new = call.new
    state = new["state"] if new.get("isEnabled") is None else _ENABLED if new["isEnabled"] else _DISABLED
    answer = call.client("events").put_rule(
        Name=new["name"], EventBusName=new["eventBusName"], State=state, **to_aws(_RULE, new)
    )
    return str(answer["RuleArn"])


def _create_rule(call: Call) -> str:
    name, bus = call.new["name"], call.new["eventBusName"]
    arn = _put_rule(call)
    physical = call.created(name if bus == DEFAULT_BUS else f"{bus}/{name}")
    if call.new.get("tags"):
        call.client("events").tag_resource(ResourceARN=arn, Tags=tag_list(call.new["tags"]))
    return physical


def rule_place(physical: str) -> Props:
    """The rule that an id names, `bus/name` or the name alone, as the calls take it. A bus may be given by its ARN."""
    bus, _, name = physical.rpartition("/")
    return {"Name": name, "EventBusName": bus or DEFAULT_BUS}


def _read_rule(call: Call) -> Props | None:
    events, place = call.client("events"), rule_place(call.id)
    live = events.describe_rule(**place)
    # The older property says only yes or no; where it is given, the newer one is not.
    told = call.new.get("isEnabled") is not None
    return {
        **from_aws(_RULE, live),
        "arn": live["Arn"],
        "name": live["Name"],
        "eventBusName": place["EventBusName"],
        "isEnabled": live["State"] != _DISABLED if told else None,
        "state": call.new["state"] if told else live["State"],
        "tags": tag_map(events.list_tags_for_resource(ResourceARN=live["Arn"]).get("Tags")),
    }


def _update_rule(call: Call) -> None:
    if call.changed(*_RULE, "isEnabled", "state"):
        _put_rule(call)
    _update_tags(call)


def _update_tags(call: Call) -> None:
    events = call.client("events")
    removed, added = tag_changes(call)
    if removed:
        events.untag_resource(ResourceARN=call.state["arn"], TagKeys=removed)
    if added:
        events.tag_resource(ResourceARN=call.state["arn"], Tags=tag_list(added))


def _delete_rule(call: Call) -> None:
    force = {"Force": True} if call.state.get("forceDestroy") else {}
    call.client("events").delete_rule(**rule_place(call.id), **force)


def _rule_rules(inputs: Props) -> Iterator[Failure]:
    if "eventPattern" not in inputs and "scheduleExpression" not in inputs:
        yield "eventPattern", "a rule waits for something; give 'eventPattern' or 'scheduleExpression'"
    if "isEnabled" in inputs and "state" in inputs:
        yield "isEnabled", "'isEnabled' and 'state' exclude each other; give 'state'"
    if "scheduleExpression" in inputs and inputs.get("eventBusName", DEFAULT_BUS) != DEFAULT_BUS:
        yield "scheduleExpression", "'scheduleExpression' works on the default event bus only; leave 'eventBusName' out"


RULE = ResourceType(
    type_name="aws:cloudwatch/eventRule:EventRule",
    inputs={
        **NAMED,
        **_RULE,
        "eventBusName": text(default=DEFAULT_BUS, replaces=True),
        "forceDestroy": flag(default=False, unreadable=True),
        "isEnabled": flag(computed=True),
        "state": text(default=_ENABLED, allowed=_STATES),
        "tags": TAGS,
    },
    create=_create_rule,
    read=_read_rule,
    update=_update_rule,
    delete=_delete_rule,
    rules=_rule_rules,
    identity=("eventBusName", "name"),
    autoname=AutoName(max_length=64),
    verified=True,
)

_BUS = {
    "deadLetterConfig": block({"arn": text()}),
    "description": text(),
    "kmsKeyIdentifier": text(),
    "logConfig": block({"includeDetail": text(computed=True), "level": text(computed=True)}),
}


def _create_bus(call: Call) -> str:
    tags = tag_list(call.new.get("tags"))
    call.client("events").create_event_bus(
        Name=call.new["name"],
        **to_aws(_BUS, call.new),
        **call.given(EventSourceName="eventSourceName"),
        **({"Tags": tags} if tags else {}),
    )
    return str(call.new["name"])


def _read_bus(call: Call) -> Props | None:
    events = call.client("events")
    live = events.describe_event_bus(Name=call.id)
    return {
        **from_aws(_BUS, live),
        "arn": live["Arn"],
        "name": live["Name"],
        # A partner's bus has the name of its source.
        "eventSourceName": live["Name"] if live["Name"].startswith("aws.partner/") else None,
        "tags": tag_map(events.list_tags_for_resource(ResourceARN=live["Arn"]).get("Tags")),
    }


def _update_bus(call: Call) -> None:
    if call.changed(*_BUS):
        call.client("events").update_event_bus(Name=call.id, **to_aws(_BUS, call.new))
    _update_tags(call)


def _delete_bus(call: Call) -> None:
    call.client("events").delete_event_bus(Name=call.id)


BUS = ResourceType(
    type_name="aws:cloudwatch/eventBus:EventBus",
    inputs={
        **_BUS,
        "eventSourceName": text(replaces=True),
        "name": text(replaces=True, computed=True),
        "tags": TAGS,
    },
    create=_create_bus,
    read=_read_bus,
    update=_update_bus,
    delete=_delete_bus,
    identity=("name",),
    autoname=AutoName(prefix=None, max_length=256),
    verified=True,
)

TYPES = (RULE, BUS)
