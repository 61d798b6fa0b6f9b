"""AWS Lambda: functions, from a folder or a zip on this machine."""

from sandbox.provider.archive import zip_bytes
from sandbox.provider.naming import tag_changes
from sandbox.provider.resource import (
    TAGS,
    AutoName,
    Call,
    Kind,
    Property,
    ResourceType,
    block,
    flag,
    number,
    strings,
    text,
)
from sandbox.provider.values import Props


def _settings(call: Call) -> Props:
    new = call.new
    network, logging = new.get("vpcConfig") or {}, new.get("loggingConfig") or {}
    renamed = {
        "LogFormat": "logFormat",
        "LogGroup": "logGroup",
        "ApplicationLogLevel": "applicationLogLevel",
        "SystemLogLevel": "systemLogLevel",
    }
    settings: Props = {
        "Environment": {"Variables": (new.get("environment") or {}).get("variables") or {}},
        "VpcConfig": {
            "SubnetIds": network.get("subnetIds", []),
            "SecurityGroupIds": network.get("securityGroupIds", []),
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
        settings["LoggingConfig"] = {aws: logging[name] for aws, name in renamed.items() if logging.get(name)}
    return settings


def _create_function(call: Call) -> str:
    client, new = call.client("lambda"), call.new
    given = {name: value for name, value in _settings(call).items() if value != {"TargetArn": ""}}
    if not new.get("vpcConfig"):
        del given["VpcConfig"]
    client.create_function(
        FunctionName=new["name"],
        Code={"ZipFile": zip_bytes(new["code"])},
        PackageType=new["packageType"],
        Publish=False,
        Tags=new.get("tags") or {},
        **call.given(Architectures="architectures", CodeSigningConfigArn="codeSigningConfigArn"),
        **given,
    )
    name = call.created(new["name"])
    if new["reservedConcurrentExecutions"] >= 0:
        client.put_function_concurrency(
            FunctionName=name, ReservedConcurrentExecutions=new["reservedConcurrentExecutions"]
        )
    return name


def _read_function(call: Call) -> Props | None:
    client = call.client("lambda")
    answer = client.get_function(FunctionName=call.id)
    function = answer["Configuration"]
    arn = function["FunctionArn"].removesuffix(":$LATEST")
    network, logging = function.get("VpcConfig") or {}, function.get("LoggingConfig") or {}
    gateway = f"arn:{call.aws.partition}:apigateway:{call.aws.region}:lambda:path/2015-03-31/functions"
    target = (function.get("DeadLetterConfig") or {}).get("TargetArn")
    variables = (function.get("Environment") or {}).get("Variables")
    return {
        "arn": arn,
        "qualifiedArn": f"{arn}:{function['Version']}",
        "invokeArn": f"{gateway}/{arn}/invocations",
        "qualifiedInvokeArn": f"{gateway}/{arn}:{function['Version']}/invocations",
        "codeSha256": function["CodeSha256"],
        "sourceCodeSize": function.get("CodeSize", 0),
        "lastModified": function["LastModified"],
        "version": function["Version"],
        "name": function["FunctionName"],
        "architectures": function.get("Architectures") or ["x86_64"],
        "deadLetterConfig": {"targetArn": target} if target else None,
        "description": function.get("Description"),
        "environment": {"variables": variables} if variables else None,
        "ephemeralStorage": {"size": (function.get("EphemeralStorage") or {}).get("Size", 512)},
        "handler": function.get("Handler"),
        "kmsKeyArn": function.get("KMSKeyArn"),
        "layers": [layer["Arn"] for layer in function.get("Layers") or []],
        "loggingConfig": {
            "logFormat": logging.get("LogFormat", "Text"),
            "logGroup": logging.get("LogGroup", f"/aws/lambda/{call.id}"),
            "applicationLogLevel": logging.get("ApplicationLogLevel"),
            "systemLogLevel": logging.get("SystemLogLevel"),
        },
        "memorySize": function.get("MemorySize", 128),
        "packageType": function.get("PackageType", "Zip"),
        "reservedConcurrentExecutions": (answer.get("Concurrency") or {}).get("ReservedConcurrentExecutions", -1),
        "role": function["Role"],
        "runtime": function.get("Runtime"),
        "tags": answer.get("Tags") or {},
        "timeout": function.get("Timeout", 3),
        "tracingConfig": {"mode": (function.get("TracingConfig") or {}).get("Mode", "PassThrough")},
        "vpcConfig": {
            "subnetIds": sorted(network["SubnetIds"]),
            "securityGroupIds": sorted(network.get("SecurityGroupIds") or []),
            "vpcId": network.get("VpcId"),
        }
        if network.get("SubnetIds")
        else None,
    }


_SETTINGS = (
    *("deadLetterConfig", "description", "environment", "ephemeralStorage", "handler", "kmsKeyArn", "layers"),
    *("loggingConfig", "memorySize", "role", "runtime", "timeout", "tracingConfig", "vpcConfig"),
)


def _update_function(call: Call) -> None:
    client, new = call.client("lambda"), call.new
    if call.changed("code", "codeSha256", "sourceCodeHash", "architectures"):
        client.update_function_code(
            FunctionName=call.id, ZipFile=zip_bytes(new["code"]), **call.given(Architectures="architectures")
        )
    if call.changed(*_SETTINGS):
        cleared = {"Description": "", "KMSKeyArn": "", "Layers": []}
        client.update_function_configuration(FunctionName=call.id, **{**cleared, **_settings(call)})
    if call.changed("reservedConcurrentExecutions"):
        if new["reservedConcurrentExecutions"] < 0:
            client.delete_function_concurrency(FunctionName=call.id)
        else:
            client.put_function_concurrency(
                FunctionName=call.id, ReservedConcurrentExecutions=new["reservedConcurrentExecutions"]
            )
    removed, added = tag_changes(call)
    if removed:
        client.untag_resource(Resource=call.state["arn"], TagKeys=removed)
    if added:
        client.tag_resource(Resource=call.state["arn"], Tags=added)


def _delete_function(call: Call) -> None:
    if not call.state.get("skipDestroy"):
        call.client("lambda").delete_function(FunctionName=call.id)


FUNCTION = ResourceType(
    type_name="aws:lambda/function:Function",
    inputs={
        "name": text(replaces=True, computed=True),
        "architectures": Property(kind=Kind.LIST, computed=True),
        "codeSha256": text(computed=True),
        "code": Property(kind=Kind.ARCHIVE, required=True, unreadable=True),
        "codeSigningConfigArn": text(unreadable=True, replaces=True),
        # The local AWS does not give it back; a drift that is none would make every update after a refresh one.
        "deadLetterConfig": block({"targetArn": text(required=True)}, unreadable=True),
        "description": text(),
        "environment": block({"variables": Property(kind=Kind.MAP)}),
        "ephemeralStorage": block({"size": number()}, computed=True),
        "handler": text(),
        "kmsKeyArn": text(),
        "layers": Property(kind=Kind.LIST),
        "loggingConfig": block(
            {
                "logFormat": text(required=True),
                "logGroup": text(computed=True),
                "applicationLogLevel": text(),
                "systemLogLevel": text(),
            },
            computed=True,
        ),
        "memorySize": number(default=128),
        "packageType": text(default="Zip", allowed=frozenset({"Zip"}), replaces=True),
        "publish": flag(default=False, allowed=frozenset({False}), unreadable=True),
        "reservedConcurrentExecutions": number(default=-1),
        "role": text(required=True),
        "runtime": text(),
        "skipDestroy": flag(default=False, unreadable=True),
        "sourceCodeHash": text(unreadable=True),
        "tags": TAGS,
        "timeout": number(default=3),
        "tracingConfig": block({"mode": text(required=True)}, computed=True),
        "vpcConfig": block(
            {
                "subnetIds": strings(required=True),
                "securityGroupIds": strings(required=True),
                "vpcId": text(computed=True),
            }
        ),
    },
    outputs=(
        *("arn", "invokeArn", "lastModified", "qualifiedArn", "qualifiedInvokeArn"),
        *("sourceCodeSize", "version"),
    ),
    create=_create_function,
    read=_read_function,
    update=_update_function,
    delete=_delete_function,
    identity=("name",),
    autoname=AutoName(prefix=None, max_length=64),
    volatile=("codeSha256", "lastModified", "sourceCodeSize"),
)


TYPES = (FUNCTION,)
