"""The alerts' topic: who publishes to it, who can be subscribed, and what the function that tells may do."""

from __future__ import annotations

from catalog import derive, names
from catalog.access.function import dead_letters
from catalog.access.secrets import ENCRYPT_AND_DECRYPT
from catalog.access.statement import Policy, Statement, allow, deny, held_by, policy
from catalog.alerts.alerts import FUNCTION
from catalog.environment import Environment

UNDELIVERED = "undelivered-alerts"
"""The queue of what the pager did not take."""
EMERGENCY = "emergency"
"""The state machine that sums up an emergency rotation."""
PUBLISHERS = (FUNCTION, EMERGENCY, names.RETIRE)


def topic_policy(environment: Environment) -> Policy:
    """Alarms of this environment publish, and the roles that tell; nobody subscribes anything but what is declared.

    EventBridge is not among it: SNS cannot tell whose rule publishes ("You can't use Condition blocks in Amazon SNS
    topic policies for EventBridge", docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html), so
    our rules go through the function. Sources for the rest: docs.aws.amazon.com/sns/latest/dg/
    sns-access-policy-use-cases.html (alarms), sns-security-best-practices.html (TLS),
    docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsns.html (sns:Endpoint, sns:Protocol).
    """
    topic = [names.topic_arn(environment)]
    alarms = f"arn:aws:cloudwatch:{environment.region}:{environment.account}:alarm:{names.named(environment, '*')}"
    ours = [names.role_arn(environment, what) for what in PUBLISHERS]
    return policy(
        held_by(
            {"Service": "cloudwatch.amazonaws.com"},
            allow(
                "AlarmsTell",
                ("sns:Publish",),
                topic,
                {
                    "StringEquals": {"aws:SourceAccount": environment.account},
                    "ArnLike": {"aws:SourceArn": alarms},
                },
            ),
        ),
        held_by(
            "*",
            deny(
                "NobodyElseTells",
                ("sns:Publish",),
                topic,
                {"ArnNotEquals": {"aws:PrincipalArn": ours}, "BoolIfExists": {"aws:PrincipalIsAWSService": "false"}},
            ),
        ),
        # Whoever asks for it: a subscription made by hand would copy every alert to a place that nobody declared.
        held_by(
            "*",
            deny(
                "NobodyElseHears",
                ("sns:Subscribe",),
                topic,
                {"StringNotEquals": {"sns:Endpoint": hearers(environment)}},
            ),
        ),
        held_by(
            "*", deny("TlsOnly", ("sns:Publish", "sns:Subscribe"), topic, {"Bool": {"aws:SecureTransport": "false"}})
        ),
    )


def hearers(environment: Environment) -> list[str]:
    """The addresses that are told: of mail, and of the pager."""
    return [*environment.alerts.emails, *([environment.alerts.webhook] if environment.alerts.webhook else [])]


def alert_policy(environment: Environment) -> Policy:
    """What the function that tells may do: publish to the topic."""
    return policy(*telling(environment))


def telling(environment: Environment) -> tuple[Statement, ...]:
    """Publish to the topic, and encrypt what is published, through SNS alone.

    docs.aws.amazon.com/sns/latest/dg/sns-key-management.html (kms:GenerateDataKey* and kms:Decrypt for a publisher)
    """
    return (
        allow("Tell", ("sns:Publish",), [names.topic_arn(environment)]),
        allow(
            "EncryptWhatIsTold",
            ENCRYPT_AND_DECRYPT,
            [names.keys_arn(environment)],
            {
                "StringEquals": {"kms:ViaService": f"sns.{environment.region}.amazonaws.com"},
                "ForAnyValue:StringEquals": {"kms:ResourceAliases": [derive.key_alias(environment, "logs")]},
            },
        ),
    )


def undelivered_policy(environment: Environment) -> Policy:
    """The queue for what the pager did not take: SNS puts in from this topic, and nobody reaches it without TLS.

    docs.aws.amazon.com/sns/latest/dg/sns-configure-dead-letter-queue.html
    """
    name = dead_letters(environment, UNDELIVERED)
    queue = [f"arn:aws:sqs:{environment.region}:{environment.account}:{name}"]
    of_topic = {"ArnEquals": {"aws:SourceArn": names.topic_arn(environment)}}
    return policy(
        held_by({"Service": "sns.amazonaws.com"}, allow("KeepUndelivered", ("sqs:SendMessage",), queue, of_topic)),
        held_by("*", deny("TlsOnly", ("sqs:*",), queue, {"Bool": {"aws:SecureTransport": "false"}})),
    )
