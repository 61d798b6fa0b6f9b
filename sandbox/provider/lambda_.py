"""AWS Lambda: functions, from a folder or a zip on this machine, or from a zip in a bucket (a signed one, say)."""

from collections.abc import Iterator
from typing import Any

from sandbox.provider.archive import zip_bytes
from sandbox.provider.functionsettings import SETTINGS, from_aws, to_aws
from sandbox.provider.naming import tag_changes
from sandbox.provider.resource import (
    TAGS,
    AutoName,
    Call,
    Failure,
    Kind,
    Property,
    ResourceType,
    flag,
    number,
    text,
)
from sandbox.provider.values import Props

_LATEST = "$LATEST"
_S3 = {"S3Bucket": "s3Bucket", "S3Key": "s3Key", "S3ObjectVersion": "s3ObjectVersion"}
_CODE = ("code", "codeSha256", "sourceCodeHash", "architectures", *_S3.values())


def _package(call: Call) -> Props:
    return {"ZipFile": zip_bytes(call.new["code"])} if call.new.get("code") else call.given(**_S3)


def _create_function(call: Call) -> str:
    client, new = call.client("lambda"), call.new
    given = {name: value for name, value in to_aws(call).items() if value != {"TargetArn": ""}}
    if not new.get("vpcConfig"):
        del given["VpcConfig"]
    client.create_function(
        FunctionName=new["name"],
        Code=_package(call),
        PackageType=new["packageType"],
        Publish=new["publish"],
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
    arn = function["FunctionArn"].removesuffix(f":{_LATEST}")
    version = _newest(client, call) if call.new.get("publish") or call.state.get("publish") else _LATEST
    gateway = f"arn:{call.aws.partition}:apigateway:{call.aws.region}:lambda:path"
    signing = client.get_function_code_signing_config(FunctionName=call.id)
    return {
        **from_aws(function),
        "arn": arn,
        "qualifiedArn": f"{arn}:{version}",
        "invokeArn": f"{gateway}/2015-03-31/functions/{arn}/invocations",
        "qualifiedInvokeArn": f"{gateway}/2015-03-31/functions/{arn}:{version}/invocations",
        "responseStreamingInvokeArn": f"{gateway}/2021-11-15/functions/{arn}/response-streaming-invocations",
        "codeSha256": function["CodeSha256"],
        "codeSigningConfigArn": signing.get("CodeSigningConfigArn") or None,
        "signingJobArn": function.get("SigningJobArn") or "",
        "signingProfileVersionArn": function.get("SigningProfileVersionArn") or "",
        "sourceCodeSize": function.get("CodeSize", 0),
        "lastModified": function["LastModified"],
        "version": version,
        "name": function["FunctionName"],
        "architectures": function.get("Architectures") or ["x86_64"],
        "packageType": function.get("PackageType", "Zip"),
        "reservedConcurrentExecutions": (answer.get("Concurrency") or {}).get("ReservedConcurrentExecutions", -1),
        "tags": answer.get("Tags") or {},
    }


def _newest(client: Any, call: Call) -> str:
    pages = client.get_paginator("list_versions_by_function").paginate(FunctionName=call.id)
    numbers = [item["Version"] for page in pages for item in page["Versions"] if item["Version"] != _LATEST]
    return str(max(numbers, key=int, default=_LATEST))


def _update_function(call: Call) -> None:
    client, new = call.client("lambda"), call.new
    # As the real provider: what the new code has to be signed by comes before the code.
    if call.changed("codeSigningConfigArn"):
        if new.get("codeSigningConfigArn"):
            client.put_function_code_signing_config(
                FunctionName=call.id, CodeSigningConfigArn=new["codeSigningConfigArn"]
            )
        else:
            client.delete_function_code_signing_config(FunctionName=call.id)
    if call.changed(*SETTINGS):
        cleared = {"Description": "", "KMSKeyArn": "", "Layers": []}
        client.update_function_configuration(FunctionName=call.id, **{**cleared, **to_aws(call)})
    if call.changed(*_CODE):
        client.update_function_code(FunctionName=call.id, **_package(call), **call.given(Architectures="architectures"))
    if new["publish"] and call.changed(*SETTINGS, *_CODE, "publish"):
        client.publish_version(FunctionName=call.id)
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


def _rules(inputs: Props) -> Iterator[Failure]:
    if ("code" in inputs) == ("s3Bucket" in inputs):
        yield "code", "a function needs exactly one of 'code' and 's3Bucket'"
    if ("s3Bucket" in inputs) != ("s3Key" in inputs):
        yield "s3Key", "'s3Bucket' and 's3Key' go together; give both"


FUNCTION = ResourceType(
    type_name="aws:lambda/function:Function",
    inputs={
        **SETTINGS,
        "name": text(replaces=True, computed=True),
        "architectures": Property(kind=Kind.LIST, computed=True),
        "codeSha256": text(computed=True),
        "code": Property(kind=Kind.ARCHIVE, unreadable=True),
        "codeSigningConfigArn": text(),
        "packageType": text(default="Zip", allowed=frozenset({"Zip"}), replaces=True),
        "publish": flag(default=False, unreadable=True),
        "reservedConcurrentExecutions": number(default=-1),
        "s3Bucket": text(unreadable=True),
        "s3Key": text(unreadable=True),
        "s3ObjectVersion": text(unreadable=True),
        "skipDestroy": flag(default=False, unreadable=True),
        "sourceCodeHash": text(unreadable=True),
        "tags": TAGS,
    },
    outputs=(
        *("arn", "invokeArn", "lastModified", "qualifiedArn", "qualifiedInvokeArn", "responseStreamingInvokeArn"),
        *("signingJobArn", "signingProfileVersionArn", "sourceCodeSize", "version"),
    ),
    create=_create_function,
    read=_read_function,
    update=_update_function,
    delete=_delete_function,
    rules=_rules,
    identity=("name",),
    autoname=AutoName(prefix=None, max_length=64),
    volatile=("codeSha256", "lastModified", "qualifiedArn", "qualifiedInvokeArn", "sourceCodeSize", "version"),
)

TYPES = (FUNCTION,)
