"""Amazon S3: where the requests of a bucket are logged, and who is told of its events."""

from typing import Any

from sandbox.provider.bucketsetting import place, setting
from sandbox.provider.resource import Call, block, blocks, flag, strings, text
from sandbox.provider.values import Props
from sandbox.provider.wire import from_aws, to_aws

_GRANTEE = {
    "displayName": text(computed=True),
    "emailAddress": text(),
    "id": text(aws="ID"),
    "type": text(required=True),
    "uri": text(aws="URI"),
}
_LOGGING = {
    "targetBucket": text(required=True),
    "targetGrants": blocks({"grantee": block(_GRANTEE, required=True), "permission": text(required=True)}),
    "targetObjectKeyFormat": block(
        {"partitionedPrefix": block({"partitionDateSource": text(required=True)}), "simplePrefix": block({})}
    ),
    "targetPrefix": text(required=True),
}


def _put_logging(call: Call, s3: Any) -> None:
    # An empty prefix is a prefix: the logs lie at the top of the target.
    enabled = {"TargetPrefix": "", **to_aws(_LOGGING, call.new)}
    s3.put_bucket_logging(**place(call), BucketLoggingStatus={"LoggingEnabled": enabled})


def _get_logging(call: Call, s3: Any) -> Props | None:
    enabled = s3.get_bucket_logging(**place(call)).get("LoggingEnabled")
    return from_aws(_LOGGING, enabled) if enabled else None


LOGGING = setting(
    "BucketLogging",
    _LOGGING,
    put=_put_logging,
    get=_get_logging,
    remove=lambda call, s3: s3.put_bucket_logging(**place(call), BucketLoggingStatus={}),
)

_FILTERED = {
    "events": strings(required=True),
    "filterPrefix": text(),
    "filterSuffix": text(),
    "id": text(computed=True),
}
# The property's name, the one of its target, and what AWS calls both.
_TARGETS = {
    "lambdaFunctions": ("lambdaFunctionArn", "LambdaFunctionConfigurations", "LambdaFunctionArn"),
    "queues": ("queueArn", "QueueConfigurations", "QueueArn"),
    "topics": ("topicArn", "TopicConfigurations", "TopicArn"),
}


def _put_notification(call: Call, s3: Any) -> None:
    body: Props = {"EventBridgeConfiguration": {}} if call.new["eventbridge"] else {}
    for name, (target, listed, aws_target) in _TARGETS.items():
        configured = [_notice(item, target, aws_target) for item in call.new.get(name) or []]
        body |= {listed: configured} if configured else {}
    s3.put_bucket_notification_configuration(**place(call), NotificationConfiguration=body)


def _notice(item: Props, target: str, aws_target: str) -> Props:
    affixes = {"prefix": item.get("filterPrefix"), "suffix": item.get("filterSuffix")}
    rules = [{"Name": name, "Value": value} for name, value in affixes.items() if value]
    return {
        aws_target: item[target],
        "Events": item["events"],
        **({"Id": item["id"]} if item.get("id") else {}),
        **({"Filter": {"Key": {"FilterRules": rules}}} if rules else {}),
    }


def _get_notification(call: Call, s3: Any) -> Props:
    answer = s3.get_bucket_notification_configuration(**place(call))
    live: Props = {"eventbridge": "EventBridgeConfiguration" in answer}
    for name, (target, listed, aws_target) in _TARGETS.items():
        live[name] = [_noticed(item, target, aws_target) for item in answer.get(listed) or []]
    return live


def _noticed(item: Props, target: str, aws_target: str) -> Props:
    rules = ((item.get("Filter") or {}).get("Key") or {}).get("FilterRules") or []
    affixes = {f"filter{rule['Name'].capitalize()}": rule["Value"] for rule in rules}
    return {target: item[aws_target], "events": item["Events"], "id": item.get("Id"), **affixes}


NOTIFICATION = setting(
    "BucketNotification",
    {
        "eventbridge": flag(default=False),
        **{
            name: blocks({target: text(required=target != "lambdaFunctionArn"), **_FILTERED})
            for name, (target, _listed, _aws) in _TARGETS.items()
        },
    },
    put=_put_notification,
    get=_get_notification,
    remove=lambda call, s3: s3.put_bucket_notification_configuration(**place(call), NotificationConfiguration={}),
    owned=False,
)

TYPES = (LOGGING, NOTIFICATION)
