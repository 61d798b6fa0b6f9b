"""Amazon SQS: queues, and who may use them."""

from sandbox.provider.attributes import attribute_name, read_attributes, to_attribute
from sandbox.provider.naming import tag_changes
from sandbox.provider.resource import NAMED, TAGS, AutoName, Call, Property, ResourceType, document, flag, number, text
from sandbox.provider.values import Props

# AWS names durations without their unit.
_SPECIAL = {
    "kmsDataKeyReusePeriodSeconds": "KmsDataKeyReusePeriodSeconds",
    "maxMessageSize": "MaximumMessageSize",
    "messageRetentionSeconds": "MessageRetentionPeriod",
    "receiveWaitTimeSeconds": "ReceiveMessageWaitTimeSeconds",
    "visibilityTimeoutSeconds": "VisibilityTimeout",
}
_ATTRIBUTES: dict[str, Property] = {
    "contentBasedDeduplication": flag(default=False),
    "deduplicationScope": text(computed=True),
    "delaySeconds": number(default=0),
    "fifoQueue": flag(default=False, replaces=True),
    "fifoThroughputLimit": text(computed=True),
    "kmsDataKeyReusePeriodSeconds": number(computed=True),
    "kmsMasterKeyId": text(),
    "maxMessageSize": number(computed=True),
    "messageRetentionSeconds": number(default=345600),
    "policy": document(computed=True),
    "receiveWaitTimeSeconds": number(default=0),
    "redriveAllowPolicy": document(computed=True),
    "redrivePolicy": document(),
    "sqsManagedSseEnabled": flag(computed=True),
    "visibilityTimeoutSeconds": number(default=30),
}
# A standard queue refuses even to be told that it is not FIFO.
_FIFO_ONLY = {"fifoQueue", "contentBasedDeduplication", "deduplicationScope", "fifoThroughputLimit"}


def _create(call: Call) -> str:
    new = call.new
    given = {
        attribute_name(name, _SPECIAL): to_attribute(new[name])
        for name in _ATTRIBUTES
        if new.get(name) is not None and (new["fifoQueue"] or name not in _FIFO_ONLY)
    }
    answer = call.client("sqs").create_queue(QueueName=new["name"], Attributes=given, tags=new.get("tags") or {})
    return str(answer["QueueUrl"])


def _read(call: Call) -> Props | None:
    sqs = call.client("sqs")
    attributes = sqs.get_queue_attributes(QueueUrl=call.id, AttributeNames=["All"])["Attributes"]
    return {
        **read_attributes(attributes, _ATTRIBUTES, _SPECIAL),
        "arn": attributes["QueueArn"],
        "url": call.id,
        "name": attributes["QueueArn"].rsplit(":", 1)[1],
        "tags": sqs.list_queue_tags(QueueUrl=call.id).get("Tags") or {},
    }


def _update(call: Call) -> None:
    sqs = call.client("sqs")
    changed = {
        attribute_name(name, _SPECIAL): to_attribute(call.new.get(name)) for name in _ATTRIBUTES if call.changed(name)
    }
    if changed:
        sqs.set_queue_attributes(QueueUrl=call.id, Attributes=changed)
    removed, added = tag_changes(call)
    if removed:
        sqs.untag_queue(QueueUrl=call.id, TagKeys=removed)
    if added:
        sqs.tag_queue(QueueUrl=call.id, Tags=added)


def _delete(call: Call) -> None:
    call.client("sqs").delete_queue(QueueUrl=call.id)


QUEUE = ResourceType(
    type_name="aws:sqs/queue:Queue",
    inputs={**NAMED, **_ATTRIBUTES, "tags": TAGS},
    outputs=("arn", "url"),
    create=_create,
    read=_read,
    update=_update,
    delete=_delete,
    identity=("name",),
    autoname=AutoName(max_length=80, suffix_when=("fifoQueue", ".fifo")),
    verified=True,
)


def _create_policy(call: Call) -> str:
    _put_policy(call, call.new["queueUrl"], call.new["policy"])
    return str(call.new["queueUrl"])


def _put_policy(call: Call, url: str, policy: str) -> None:
    call.client("sqs").set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})


def _read_policy(call: Call) -> Props | None:
    answer = call.client("sqs").get_queue_attributes(QueueUrl=call.id, AttributeNames=["Policy"])
    policy = (answer.get("Attributes") or {}).get("Policy")
    return {"policy": policy, "queueUrl": call.id} if policy else None


def _update_policy(call: Call) -> None:
    _put_policy(call, call.id, call.new["policy"])


def _delete_policy(call: Call) -> None:
    _put_policy(call, call.id, "")


QUEUE_POLICY = ResourceType(
    type_name="aws:sqs/queuePolicy:QueuePolicy",
    inputs={"policy": document(required=True), "queueUrl": text(required=True, replaces=True)},
    outputs=(),
    create=_create_policy,
    read=_read_policy,
    update=_update_policy,
    delete=_delete_policy,
    identity=("queueUrl",),
    verified=True,
)

TYPES = (QUEUE, QUEUE_POLICY)
