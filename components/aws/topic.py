"""The topic that every alert goes to, and who hears it."""

from __future__ import annotations

import json
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from catalog import derive, names
from catalog.access.function import dead_letters
from catalog.access.topic import UNDELIVERED, topic_policy, undelivered_policy
from catalog.environment import Environment
from components.aws.alarm import alarm

_KEPT_SECONDS = 14 * 24 * 3600  # the longest that SQS keeps a message


@dataclass(frozen=True, kw_only=True)
class AlertTopicArgs:
    """`log_key_arn` is the key that everything told is encrypted with."""

    environment: Environment
    log_key_arn: pulumi.Input[str]


class AlertTopic(pulumi.ComponentResource):
    """Encrypted; only alarms and our own roles publish; mail and pager are declared, and nothing else is subscribed.

    Mail waits until its owner follows the link in it, and the pager until it answers SNS's question: neither is ours to
    confirm (docs.aws.amazon.com/sns/latest/dg/SendMessageToHttp.confirm.html). What the pager does not take is kept in
    a queue, and an alarm says so by mail (docs.aws.amazon.com/sns/latest/dg/sns-dead-letter-queues.html).
    """

    arn: pulumi.Output[str]

    def __init__(self, name: str, args: AlertTopicArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("llmobs:topic:AlertTopic", name, None, opts)
        environment, tags = args.environment, derive.environment_tags(args.environment)
        child = pulumi.ResourceOptions(parent=self)
        topic = aws.sns.Topic(
            name, name=names.TOPIC, kms_master_key_id=args.log_key_arn, signature_version=2, tags=tags, opts=child
        )
        policy = aws.sns.TopicPolicy(name, arn=topic.arn, policy=json.dumps(topic_policy(environment)), opts=child)
        # The policy knows every address that may be subscribed, so it is there before them.
        after = pulumi.ResourceOptions(parent=self, depends_on=[policy])
        for email in environment.alerts.emails:
            aws.sns.TopicSubscription(f"mail-{email}", topic=topic.arn, protocol="email", endpoint=email, opts=after)
        if environment.alerts.webhook is not None:
            self._page(args, environment.alerts.webhook, topic.arn, policy)
        self.arn = topic.arn
        self.register_outputs({"arn": topic.arn})

    def _page(
        self, args: AlertTopicArgs, webhook: str, topic_arn: pulumi.Input[str], policy: aws.sns.TopicPolicy
    ) -> None:
        environment, child = args.environment, pulumi.ResourceOptions(parent=self)
        queue = aws.sqs.Queue(
            UNDELIVERED,
            name=dead_letters(environment, UNDELIVERED),
            message_retention_seconds=_KEPT_SECONDS,
            kms_master_key_id=args.log_key_arn,
            tags=derive.environment_tags(environment),
            opts=child,
        )
        let_in = aws.sqs.QueuePolicy(
            UNDELIVERED,
            queue_url=queue.url,
            policy=json.dumps(undelivered_policy(environment)),
            opts=child,
        )
        aws.sns.TopicSubscription(
            "pager",
            topic=topic_arn,
            protocol="https",
            endpoint=webhook,
            redrive_policy=queue.arn.apply(lambda arn: json.dumps({"deadLetterTargetArn": arn})),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[policy, let_in]),
        )
        alarm(
            UNDELIVERED,
            environment,
            description=(
                f"HIGH in {environment.name}: the pager did not take an alert. Read it in the queue "
                f"{dead_letters(environment, UNDELIVERED)}, act on it, and mend the way to the pager: "
                f"docs/RUNBOOK.md#{UNDELIVERED}"
            ),
            metric="ApproximateNumberOfMessagesVisible",
            namespace="AWS/SQS",
            statistic="Maximum",
            dimensions={"QueueName": queue.name},
            topic_arn=topic_arn,
            opts=child,
        )
