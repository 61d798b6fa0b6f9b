"""Amazon CloudWatch Logs: log groups."""

from sandbox.provider.naming import tag_changes
from sandbox.provider.resource import NAMED, TAGS, AutoName, Call, ResourceType, flag, number, text
from sandbox.provider.values import Props


def _create(call: Call) -> str:
    logs, new = call.client("logs"), call.new
    logs.create_log_group(
        logGroupName=new["name"],
        tags=new.get("tags") or {},
        **call.given(kmsKeyId="kmsKeyId", logGroupClass="logGroupClass"),
    )
    name = call.created(new["name"])
    if new["retentionInDays"]:
        logs.put_retention_policy(logGroupName=name, retentionInDays=new["retentionInDays"])
    return name


def _read(call: Call) -> Props | None:
    logs = call.client("logs")
    pages = logs.get_paginator("describe_log_groups").paginate(logGroupNamePrefix=call.id)
    groups = (group for page in pages for group in page["logGroups"])
    group = next((group for group in groups if group["logGroupName"] == call.id), None)
    if group is None:
        return None
    arn = group["arn"].removesuffix(":*")
    return {
        "arn": arn,
        "name": call.id,
        "kmsKeyId": group.get("kmsKeyId"),
        "logGroupClass": group.get("logGroupClass", "STANDARD"),
        "retentionInDays": group.get("retentionInDays", 0),
        "tags": logs.list_tags_for_resource(resourceArn=arn).get("tags") or {},
    }


def _update(call: Call) -> None:
    logs, new = call.client("logs"), call.new
    if call.changed("retentionInDays"):
        if new["retentionInDays"]:
            logs.put_retention_policy(logGroupName=call.id, retentionInDays=new["retentionInDays"])
        else:
            logs.delete_retention_policy(logGroupName=call.id)
    if call.changed("kmsKeyId"):
        if new.get("kmsKeyId"):
            logs.associate_kms_key(logGroupName=call.id, kmsKeyId=new["kmsKeyId"])
        else:
            logs.disassociate_kms_key(logGroupName=call.id)
    removed, added = tag_changes(call)
    if removed:
        logs.untag_resource(resourceArn=call.state["arn"], tagKeys=removed)
    if added:
        logs.tag_resource(resourceArn=call.state["arn"], tags=added)


def _delete(call: Call) -> None:
    if not call.state.get("skipDestroy"):
        call.client("logs").delete_log_group(logGroupName=call.id)


LOG_GROUP = ResourceType(
    type_name="aws:cloudwatch/logGroup:LogGroup",
    inputs={
        **NAMED,
        "kmsKeyId": text(),
        "logGroupClass": text(computed=True, replaces=True),
        "retentionInDays": number(default=0),
        "skipDestroy": flag(default=False, unreadable=True),
        "tags": TAGS,
    },
    create=_create,
    read=_read,
    update=_update,
    delete=_delete,
    identity=("name",),
    autoname=AutoName(max_length=512),
)

TYPES = (LOG_GROUP,)
