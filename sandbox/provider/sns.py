"""Amazon SNS: topics, who may use them, and their subscriptions."""

import json

from sandbox.provider.attributes import attribute_name, read_attributes, to_attribute
from sandbox.provider.naming import tag_changes, tag_list, tag_map
from sandbox.provider.resource import NAMED, TAGS, AutoName, Call, Property, ResourceType, document, flag, number, text
from sandbox.provider.values import Props

# Whom SNS delivers to, as it writes them; each may have its deliveries logged.
_DELIVERED = {"application": "Application", "firehose": "Firehose", "http": "HTTP", "lambda": "Lambda", "sqs": "SQS"}
_SPECIAL = {
    f"{prop}{what}": f"{name}{what}"
    for prop, name in _DELIVERED.items()
    for what in ("FailureFeedbackRoleArn", "SuccessFeedbackRoleArn", "SuccessFeedbackSampleRate")
}
_TOPIC: dict[str, Property] = {
    **{prop: number() if prop.endswith("Rate") else text() for prop in _SPECIAL},
    "archivePolicy": document(),
    "contentBasedDeduplication": flag(default=False),
    "deliveryPolicy": document(),
    "displayName": text(),
    "fifoThroughputScope": text(computed=True),
    "fifoTopic": flag(default=False, replaces=True),
    "kmsMasterKeyId": text(),
    "maximumMessageSize": number(computed=True),
    "policy": document(computed=True),
    "signatureVersion": number(computed=True),
    "tracingConfig": text(computed=True),
}


def _create_topic(call: Call) -> str:
    new = call.new
    given = {
        attribute_name(name, _SPECIAL): to_attribute(new[name])
        for name in _TOPIC
        if new.get(name) is not None and (new["fifoTopic"] or name not in {"fifoTopic", "contentBasedDeduplication"})
    }
    answer = call.client("sns").create_topic(Name=new["name"], Attributes=given, Tags=tag_list(new.get("tags")))
    return str(answer["TopicArn"])


def _read_topic(call: Call) -> Props | None:
    sns = call.client("sns")
    attributes = sns.get_topic_attributes(TopicArn=call.id)["Attributes"]
    return {
        **read_attributes(attributes, _TOPIC, _SPECIAL),
        "arn": attributes["TopicArn"],
        "name": call.id.rsplit(":", 1)[1],
        "owner": attributes.get("Owner"),
        "beginningArchiveTime": attributes.get("BeginningArchiveTime") or "",
        "tags": tag_map(sns.list_tags_for_resource(ResourceArn=call.id).get("Tags")),
    }


def _update_topic(call: Call) -> None:
    sns = call.client("sns")
    for name in _TOPIC:
        if call.changed(name):
            sns.set_topic_attributes(
                TopicArn=call.id,
                AttributeName=attribute_name(name, _SPECIAL),
                AttributeValue=to_attribute(call.new.get(name)),
            )
    removed, added = tag_changes(call)
    if removed:
        sns.untag_resource(ResourceArn=call.id, TagKeys=removed)
    if added:
        sns.tag_resource(ResourceArn=call.id, Tags=tag_list(added))


def _delete_topic(call: Call) -> None:
    call.client("sns").delete_topic(TopicArn=call.id)


TOPIC = ResourceType(
    type_name="aws:sns/topic:Topic",
    inputs={**NAMED, **_TOPIC, "tags": TAGS},
    outputs=("arn", "beginningArchiveTime", "owner"),
    create=_create_topic,
    read=_read_topic,
    update=_update_topic,
    delete=_delete_topic,
    identity=("name",),
    autoname=AutoName(max_length=256, suffix_when=("fifoTopic", ".fifo")),
    verified=True,
)


def _create_policy(call: Call) -> str:
    _put_policy(call, call.new["arn"], call.new["policy"])
    return str(call.new["arn"])


def _put_policy(call: Call, topic: str, policy: str) -> None:
    call.client("sns").set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=policy)


def _read_policy(call: Call) -> Props | None:
    attributes = call.client("sns").get_topic_attributes(TopicArn=call.id)["Attributes"]
    return {"arn": call.id, "owner": attributes.get("Owner"), "policy": attributes["Policy"]}


def _update_policy(call: Call) -> None:
    _put_policy(call, call.id, call.new["policy"])


def _delete_policy(call: Call) -> None:
    """A topic is never without a policy: it gets back the one that SNS gives every new topic, its owner's."""
    owner = call.state.get("owner") or call.id.split(":")[4]
    statement = {
        "Sid": "__default_statement_ID",
        "Effect": "Allow",
        "Principal": {"AWS": "*"},
        "Action": [f"SNS:{action}" for action in _OWNERS_ACTIONS],
        "Resource": call.id,
        "Condition": {"StringEquals": {"AWS:SourceOwner": owner}},
    }
    policy = {"Version": "2008-10-17", "Id": "__default_policy_ID", "Statement": [statement]}
    _put_policy(call, call.id, json.dumps(policy))


_OWNERS_ACTIONS = (
    *("GetTopicAttributes", "SetTopicAttributes", "AddPermission", "RemovePermission"),
    *("DeleteTopic", "Subscribe", "ListSubscriptionsByTopic", "Publish"),
)
TOPIC_POLICY = ResourceType(
    type_name="aws:sns/topicPolicy:TopicPolicy",
    inputs={"arn": text(required=True, replaces=True), "policy": document(required=True)},
    outputs=("owner",),
    create=_create_policy,
    read=_read_policy,
    update=_update_policy,
    delete=_delete_policy,
    identity=("arn",),
    verified=True,
)

_SUBSCRIPTION: dict[str, Property] = {
    "deliveryPolicy": document(),
    "filterPolicy": document(),
    "filterPolicyScope": text(computed=True),
    "rawMessageDelivery": flag(default=False),
    "redrivePolicy": document(),
    "replayPolicy": document(),
    "subscriptionRoleArn": text(),
}


def _subscribe(call: Call) -> str:
    new = call.new
    given = {attribute_name(name, {}): to_attribute(new[name]) for name in _SUBSCRIPTION if new.get(name)}
    answer = call.client("sns").subscribe(
        TopicArn=new["topic"],
        Protocol=new["protocol"],
        Endpoint=new["endpoint"],
        Attributes=given,
        # Without it a subscription that waits for its confirmation has no ARN to be found by.
        ReturnSubscriptionArn=True,
    )
    return str(answer["SubscriptionArn"])


def _read_subscription(call: Call) -> Props | None:
    attributes = call.client("sns").get_subscription_attributes(SubscriptionArn=call.id)["Attributes"]
    return {
        **read_attributes(attributes, _SUBSCRIPTION, {}),
        "arn": attributes["SubscriptionArn"],
        "endpoint": attributes["Endpoint"],
        "protocol": attributes["Protocol"],
        "topic": attributes["TopicArn"],
        "ownerId": attributes.get("Owner"),
        "pendingConfirmation": attributes.get("PendingConfirmation") == "true",
        "confirmationWasAuthenticated": attributes.get("ConfirmationWasAuthenticated") == "true",
    }


def _update_subscription(call: Call) -> None:
    for name in _SUBSCRIPTION:
        if call.changed(name):
            call.client("sns").set_subscription_attributes(
                SubscriptionArn=call.id,
                AttributeName=attribute_name(name, {}),
                AttributeValue=to_attribute(call.new.get(name)),
            )


def _unsubscribe(call: Call) -> None:
    call.client("sns").unsubscribe(SubscriptionArn=call.id)


SUBSCRIPTION = ResourceType(
    type_name="aws:sns/topicSubscription:TopicSubscription",
    inputs={
        **_SUBSCRIPTION,
        "confirmationTimeoutInMinutes": number(default=1, unreadable=True),
        "endpoint": text(required=True, replaces=True),
        "endpointAutoConfirms": flag(default=False, unreadable=True),
        "protocol": text(required=True, replaces=True),
        "topic": text(required=True, replaces=True),
    },
    outputs=("arn", "confirmationWasAuthenticated", "ownerId", "pendingConfirmation"),
    create=_subscribe,
    read=_read_subscription,
    update=_update_subscription,
    delete=_unsubscribe,
    identity=("topic", "protocol", "endpoint"),
    verified=True,
)

TYPES = (TOPIC, TOPIC_POLICY, SUBSCRIPTION)
