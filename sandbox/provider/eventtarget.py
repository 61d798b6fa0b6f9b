"""Amazon EventBridge: whom a rule tells, and how."""

import uuid
from collections.abc import Iterator, Mapping

from sandbox.provider.eventrule import DEFAULT_BUS
from sandbox.provider.resource import (
    Call,
    Failure,
    Kind,
    Property,
    ProviderError,
    ResourceType,
    block,
    blocks,
    document,
    flag,
    number,
    text,
)
from sandbox.provider.values import Props
from sandbox.provider.wire import from_aws, to_aws

_MAP = Property(kind=Kind.MAP)
# What EventBridge does where a target says nothing (API_RetryPolicy).
_RETRY = {"maximumEventAgeInSeconds": 86400, "maximumRetryAttempts": 185}
_TARGET: Mapping[str, Property] = {
    "arn": text(required=True),
    "deadLetterConfig": block({"arn": text()}),
    "httpTarget": block(
        {
            "headerParameters": _MAP,
            "pathParameterValues": Property(kind=Kind.LIST),
            "queryStringParameters": _MAP,
        },
        aws="HttpParameters",
    ),
    "input": document(ordered=True),
    "inputPath": text(),
    "inputTransformer": block(
        {"inputPaths": Property(kind=Kind.MAP, aws="InputPathsMap"), "inputTemplate": text(required=True)}
    ),
    "kinesisTarget": block({"partitionKeyPath": text()}, aws="KinesisParameters"),
    "retryPolicy": block({name: number(default=value) for name, value in _RETRY.items()}),
    "roleArn": text(),
    "sqsTarget": block({"messageGroupId": text()}, aws="SqsParameters"),
}
_COMMANDS: Mapping[str, Property] = {
    "runCommandTargets": blocks(
        {"key": text(required=True), "values": Property(kind=Kind.LIST, required=True)}, ordered=True
    )
}


def _put(call: Call, target_id: str) -> None:
    new = call.new
    commands = {"RunCommandParameters": to_aws(_COMMANDS, new)} if new.get("runCommandTargets") else {}
    answer = call.client("events").put_targets(
        Rule=new["rule"],
        EventBusName=new["eventBusName"],
        Targets=[{"Id": target_id, **to_aws(_TARGET, new), **commands}],
    )
    # One target more than a rule may have is no error of the call.
    for entry in answer.get("FailedEntries") or []:
        raise ProviderError(
            f"EventBridge refused target '{target_id}' of rule '{new['rule']}': {entry.get('ErrorCode')}: "
            f"{entry.get('ErrorMessage')}; correct the target and run again"
        )


def _create(call: Call) -> str:
    target_id = call.new.get("targetId") or f"pulumi-{uuid.uuid4().hex}"
    _put(call, target_id)
    bus = "" if call.new["eventBusName"] == DEFAULT_BUS else f"{call.new['eventBusName']}/"
    return f"{bus}{call.new['rule']}/{target_id}"


def _place(call: Call) -> tuple[str, str, str]:
    """Bus, rule and target of an id. An ARN of a bus has slashes, the other two have none."""
    rest, _, target_id = call.id.rpartition("/")
    bus, _, rule = rest.rpartition("/")
    return bus or DEFAULT_BUS, rule, target_id


def _read(call: Call) -> Props | None:
    bus, rule, target_id = _place(call)
    pages = call.client("events").get_paginator("list_targets_by_rule").paginate(Rule=rule, EventBusName=bus)
    live = next((item for page in pages for item in page["Targets"] if item["Id"] == target_id), None)
    if live is None:
        return None
    return {
        **from_aws(_TARGET, live),
        **from_aws(_COMMANDS, live.get("RunCommandParameters") or {}),
        "eventBusName": bus,
        "rule": rule,
        "targetId": target_id,
    }


def _update(call: Call) -> None:
    _put(call, _place(call)[2])


def _delete(call: Call) -> None:
    bus, rule, target_id = _place(call)
    force = {"Force": True} if call.state.get("forceDestroy") else {}
    call.client("events").remove_targets(Rule=rule, EventBusName=bus, Ids=[target_id], **force)


def _rules(inputs: Props) -> Iterator[Failure]:
    given = [name for name in ("input", "inputPath", "inputTransformer") if name in inputs]
    if len(given) > 1:
        yield given[0], f"'{given[0]}' and '{given[1]}' exclude each other; give one"


TARGET = ResourceType(
    type_name="aws:cloudwatch/eventTarget:EventTarget",
    inputs={
        **_TARGET,
        **_COMMANDS,
        "eventBusName": text(default=DEFAULT_BUS, replaces=True),
        "forceDestroy": flag(default=False, unreadable=True),
        "rule": text(required=True, replaces=True),
        "targetId": text(replaces=True, computed=True),
    },
    outputs=(),
    create=_create,
    read=_read,
    update=_update,
    delete=_delete,
    rules=_rules,
    identity=("eventBusName", "rule", "targetId"),
    verified=True,
)

TYPES = (TARGET,)
