"""AWS Lambda: what becomes of asynchronous events, how often they are tried and where they end.

A qualifier is not among its properties: the local AWS keeps one configuration a function.
"""

from sandbox.provider.resource import Call, ResourceType, block, number, text
from sandbox.provider.values import Props

_TARGETS = {"onFailure": "OnFailure", "onSuccess": "OnSuccess"}


def _put(call: Call) -> str:
    asked = call.new.get("destinationConfig") or {}
    targets = {aws: {"Destination": asked[name]["destination"]} for name, aws in _TARGETS.items() if asked.get(name)}
    call.client("lambda").put_function_event_invoke_config(
        FunctionName=call.new["functionName"],
        DestinationConfig=targets,
        **call.given(MaximumEventAgeInSeconds="maximumEventAgeInSeconds", MaximumRetryAttempts="maximumRetryAttempts"),
    )
    return str(call.new["functionName"])


def _read(call: Call) -> Props | None:
    config = call.client("lambda").get_function_event_invoke_config(FunctionName=call.id)
    held = config.get("DestinationConfig") or {}
    targets = {
        name: {"destination": held[aws]["Destination"]}
        for name, aws in _TARGETS.items()
        if (held.get(aws) or {}).get("Destination")
    }
    return {
        "functionName": call.id,
        "destinationConfig": targets or None,
        "maximumEventAgeInSeconds": config.get("MaximumEventAgeInSeconds"),
        "maximumRetryAttempts": config.get("MaximumRetryAttempts", 2),
    }


def _update(call: Call) -> None:
    _put(call)


def _delete(call: Call) -> None:
    call.client("lambda").delete_function_event_invoke_config(FunctionName=call.id)


_TARGET = block({"destination": text(required=True)})
EVENT_INVOKE_CONFIG = ResourceType(
    type_name="aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig",
    inputs={
        "destinationConfig": block(dict.fromkeys(_TARGETS, _TARGET)),
        "functionName": text(required=True, replaces=True),
        "maximumEventAgeInSeconds": number(computed=True),
        "maximumRetryAttempts": number(default=2),
    },
    outputs=(),
    create=_put,
    read=_read,
    update=_update,
    delete=_delete,
    identity=("functionName",),
    verified=True,
)

TYPES = (EVENT_INVOKE_CONFIG,)
