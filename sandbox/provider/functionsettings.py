"""AWS Lambda: the configuration of a function, as properties and as Lambda takes and gives it."""

from collections.abc import Mapping

from sandbox.provider.resource import Call, Kind, Property, block, flag, number, strings, text
from sandbox.provider.values import Props

_LOGGING = {
    "LogFormat": "logFormat",
    "LogGroup": "logGroup",
    "ApplicationLogLevel": "applicationLogLevel",
    "SystemLogLevel": "systemLogLevel",
}

SETTINGS: Mapping[str, Property] = {
    # Stock moto drops it; the sandbox's own local AWS keeps it, but forgets one that is taken away.
    "deadLetterConfig": block({"targetArn": text(required=True)}, unreadable=True),
    "description": text(),
    "environment": block({"variables": Property(kind=Kind.MAP)}),
    "ephemeralStorage": block({"size": number(default=512)}, computed=True),
    "handler": text(),
    "kmsKeyArn": text(),
    "layers": Property(kind=Kind.LIST),
    "loggingConfig": block(
        {
            "logFormat": text(required=True, allowed=frozenset({"JSON", "Text"})),
            "logGroup": text(computed=True),
            "applicationLogLevel": text(),
            "systemLogLevel": text(),
        },
        computed=True,
    ),
    "memorySize": number(default=128),
    "role": text(required=True),
    "runtime": text(),
    "timeout": number(default=3),
    "tracingConfig": block({"mode": text(required=True, allowed=frozenset({"Active", "PassThrough"}))}, computed=True),
    "vpcConfig": block(
        {
            "ipv6AllowedForDualStack": flag(default=False),
            "subnetIds": strings(required=True),
            "securityGroupIds": strings(required=True),
            "vpcId": text(computed=True),
        }
    ),
}


def to_aws(call: Call) -> Props:
    """What UpdateFunctionConfiguration takes; what is not declared is set back to Lambda's default."""
    new = call.new
    network, logging = new.get("vpcConfig") or {}, new.get("loggingConfig") or {}
    settings: Props = {
        "Environment": {"Variables": (new.get("environment") or {}).get("variables") or {}},
        "VpcConfig": {
            "SubnetIds": network.get("subnetIds", []),
            "SecurityGroupIds": network.get("securityGroupIds", []),
            **({"Ipv6AllowedForDualStack": True} if network.get("ipv6AllowedForDualStack") else {}),
        },
        "DeadLetterConfig": {"TargetArn": (new.get("deadLetterConfig") or {}).get("targetArn", "")},
        "TracingConfig": {"Mode": (new.get("tracingConfig") or {}).get("mode", "PassThrough")},
        "EphemeralStorage": {"Size": (new.get("ephemeralStorage") or {}).get("size", 512)},
        **call.given(
            Description="description",
            Handler="handler",
            KMSKeyArn="kmsKeyArn",
            Layers="layers",
            MemorySize="memorySize",
            Role="role",
            Runtime="runtime",
            Timeout="timeout",
        ),
    }
    if logging:
        settings["LoggingConfig"] = {aws: logging[name] for aws, name in _LOGGING.items() if logging.get(name)}
    return settings


def from_aws(function: Props) -> Props:
    """The properties that a function's configuration holds."""
    network, logging = function.get("VpcConfig") or {}, function.get("LoggingConfig") or {}
    target = (function.get("DeadLetterConfig") or {}).get("TargetArn")
    variables = (function.get("Environment") or {}).get("Variables")
    return {
        "deadLetterConfig": {"targetArn": target} if target else None,
        "description": function.get("Description"),
        "environment": {"variables": variables} if variables else None,
        "ephemeralStorage": {"size": (function.get("EphemeralStorage") or {}).get("Size", 512)},
        "handler": function.get("Handler"),
        "kmsKeyArn": function.get("KMSKeyArn"),
        "layers": [layer["Arn"] for layer in function.get("Layers") or []],
        "loggingConfig": {
            "logFormat": logging.get("LogFormat", "Text"),
            "logGroup": logging.get("LogGroup", f"/aws/lambda/{function['FunctionName']}"),
            "applicationLogLevel": logging.get("ApplicationLogLevel"),
            "systemLogLevel": logging.get("SystemLogLevel"),
        },
        "memorySize": function.get("MemorySize", 128),
        "role": function["Role"],
        "runtime": function.get("Runtime"),
        "timeout": function.get("Timeout", 3),
        "tracingConfig": {"mode": (function.get("TracingConfig") or {}).get("Mode", "PassThrough")},
        "vpcConfig": {
            "ipv6AllowedForDualStack": network.get("Ipv6AllowedForDualStack", False),
            "subnetIds": sorted(network["SubnetIds"]),
            "securityGroupIds": sorted(network.get("SecurityGroupIds") or []),
            "vpcId": network.get("VpcId"),
        }
        if network.get("SubnetIds")
        else None,
    }
