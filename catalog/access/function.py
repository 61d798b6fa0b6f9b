"""What every Lambda function needs to run at all, whatever its code does: log, dead letters, traces, network."""

from __future__ import annotations

from typing import cast

from catalog import derive, names
from catalog.access.secrets import ENCRYPT_AND_DECRYPT
from catalog.access.statement import Policy, Statement, allow, deny, held_by, policy
from catalog.environment import Environment

LOG_ACTIONS = ("logs:CreateLogStream", "logs:PutLogEvents")
TRACE_ACTIONS = ("xray:PutTelemetryRecords", "xray:PutTraceSegments")
# docs.aws.amazon.com/aws-managed-policy/latest/reference/AWSLambdaVPCAccessExecutionRole.html
NETWORK_ACTIONS = (
    "ec2:AssignPrivateIpAddresses",
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:UnassignPrivateIpAddresses",
)
EVERYTHING = ("*",)


def function_policy(environment: Environment, what: str, own: Policy) -> Policy:
    """What the function `what` may do: what its code is for (`own`), and what it takes to run it."""
    return policy(*cast("list[Statement]", own["Statement"]), *running(environment, what))


def running(environment: Environment, what: str) -> tuple[Statement, ...]:
    """The statements that every function's role has.

    Lambda makes the network interfaces with the function's role, but without the function's ARN in the request; the
    function's own code always has it. So the denial takes the network away from the code and from nobody else:
    docs.aws.amazon.com/lambda/latest/dg/permissions-source-function-arn.html
    """
    log = names.log_group_arn(environment, names.function_log(environment, what))
    code = {"ArnEquals": {"lambda:SourceFunctionArn": names.function_arn(environment, what)}}
    return (
        allow("WriteOwnLog", LOG_ACTIONS, [log]),
        allow("SendToOwnDeadLetters", ("sqs:SendMessage",), [dead_letters_arn(environment, what)]),
        use_key_of_queues(environment),
        # Traces have no resource: docs.aws.amazon.com/service-authorization/latest/reference/list_awsx-ray.html
        allow("SendTraces", TRACE_ACTIONS, EVERYTHING),
        # Lambda asks for all: it looks for interfaces, and an interface has no ARN before it is made.
        # docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html
        allow("JoinTheNetwork", NETWORK_ACTIONS, EVERYTHING),
        deny("NoNetworkForTheCode", NETWORK_ACTIONS, EVERYTHING, code),
    )


def use_key_of_queues(environment: Environment) -> Statement:
    """Who sends to an encrypted queue, or reads it, needs its key, through SQS alone:
    docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html"""
    return allow(
        "UseKeyOfQueues",
        ENCRYPT_AND_DECRYPT,
        [names.keys_arn(environment)],
        {
            "StringEquals": {"kms:ViaService": f"sqs.{environment.region}.amazonaws.com"},
            "ForAnyValue:StringEquals": {"kms:ResourceAliases": [derive.key_alias(environment, "logs")]},
        },
    )


def dead_letters(environment: Environment, what: str) -> str:
    """The queue of the events that the function `what` could not handle."""
    return names.named(environment, f"{what}-dead-letters")


def dead_letters_arn(environment: Environment, what: str) -> str:
    """The ARN of that queue."""
    return f"arn:aws:sqs:{environment.region}:{environment.account}:{dead_letters(environment, what)}"


def dead_letters_policy(environment: Environment, what: str) -> Policy:
    """Nobody reaches the queue without TLS; who reaches it is decided by IAM policies of the account."""
    plain = {"Bool": {"aws:SecureTransport": "false"}}
    return policy(held_by("*", deny("TlsOnly", ("sqs:*",), [dead_letters_arn(environment, what)], plain)))
