"""SNS and SQS: list_amazonsns.html and list_amazonsqs.html of the Service Authorization Reference."""

from collections.abc import Mapping

from iam.context import ContextValue
from sandbox.aws.access.need import Asked, Rule, anything, each, on


def _topic(asked: Asked) -> str:
    arn = asked.text("TopicArn", "TargetArn", "ResourceArn")
    if not arn and asked.text("Name"):
        return asked.arn("sns", asked.text("Name"))
    # A subscription's ARN is its topic's with one more part; policies name the topic.
    arn = arn or ":".join(asked.text("SubscriptionArn").split(":")[:6])
    return arn or "*"


def _subscription(asked: Asked) -> Mapping[str, ContextValue]:
    named = {"Protocol": "sns:Protocol", "Endpoint": "sns:Endpoint"}
    return {key: asked.text(parameter) for parameter, key in named.items() if asked.text(parameter)}


def _queue(asked: Asked) -> str:
    url = asked.text("QueueUrl")
    name = url.rstrip("/").rpartition("/")[2] if url else asked.text("QueueName")
    return asked.arn("sqs", name)


SNS_RULES: dict[str, Rule] = {
    **each(
        "sns",
        _topic,
        "AddPermission ConfirmSubscription CreateTopic DeleteTopic GetDataProtectionPolicy GetSubscriptionAttributes "
        "GetTopicAttributes ListSubscriptionsByTopic ListTagsForResource Publish PutDataProtectionPolicy "
        "RemovePermission SetSubscriptionAttributes SetTopicAttributes TagResource Unsubscribe UntagResource",
    ),
    "PublishBatch": on("sns:Publish", _topic),
    "Subscribe": on("sns:Subscribe", _topic, _subscription),
    "ListSubscriptions": on("sns:ListSubscriptions", anything),
    "ListTopics": on("sns:ListTopics", anything),
}

SQS_RULES: dict[str, Rule] = {
    **each(
        "sqs",
        _queue,
        "AddPermission ChangeMessageVisibility CreateQueue DeleteMessage DeleteQueue GetQueueAttributes GetQueueUrl "
        "ListDeadLetterSourceQueues ListQueueTags PurgeQueue ReceiveMessage RemovePermission SendMessage "
        "SetQueueAttributes TagQueue UntagQueue",
    ),
    "ChangeMessageVisibilityBatch": on("sqs:ChangeMessageVisibility", _queue),
    "DeleteMessageBatch": on("sqs:DeleteMessage", _queue),
    "ListQueues": on("sqs:ListQueues", anything),
    "SendMessageBatch": on("sqs:SendMessage", _queue),
}
