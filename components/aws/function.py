"""A Lambda function as every one of the programme is: own role, private network, signed, traced, watched."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

import pulumi
import pulumi_aws as aws

from catalog import derive, names
from catalog.access.function import dead_letters, dead_letters_policy, function_policy
from catalog.access.statement import Policy
from catalog.access.trust import function_trust
from catalog.environment import Environment
from components.aws.function_alarm import function_alarms
from components.aws.role import BoundedRole, BoundedRoleArgs
from components.aws.signing import signed
from components.aws.surroundings import Surroundings

RUNTIME = "python3.11"
DEAD_LETTER_SECONDS = 14 * 24 * 3600  # the longest that SQS keeps a message

# An interface endpoint answers to the regional names alone, and older SDKs ask for global ones:
# docs.aws.amazon.com/sdkref/latest/guide/feature-sts-regionalized-endpoints.html and
# boto3.amazonaws.com/v1/documentation/api/latest/guide/configuration.html
REGIONAL_NAMES: Mapping[str, str] = {
    "AWS_S3_US_EAST_1_REGIONAL_ENDPOINT": "regional",
    "AWS_STS_REGIONAL_ENDPOINTS": "regional",
}


@dataclass(frozen=True, kw_only=True)
class ManagedFunctionArgs:
    """`what` names function, role and log, such as `rotate-postgres`; `policy` is what its code may do besides what
    every function needs (its log, its dead-letter queue, traces, the network). `internet` lets it out of the VPC, by
    the way that its subnets have."""

    surroundings: Surroundings
    what: str
    description: str
    handler: str
    package: Path
    policy: Policy
    variables: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)
    timeout_seconds: int = 60
    memory_mb: int = 256
    concurrency: int = 2
    internet: bool = False


class ManagedFunction(pulumi.ComponentResource):
    """arm64, reserved concurrency, dead-letter queue, active tracing, encrypted log, code signing, four alarms.

    Its variables hold nothing secret, so Lambda's own key encrypts them. With ours, whoever deploys or looks at the
    function would have to decrypt with it: docs.aws.amazon.com/lambda/latest/dg/configuration-envvars-encryption.html
    """

    type_name: ClassVar[str] = "llmobs:function:ManagedFunction"
    arn: pulumi.Output[str]
    name: pulumi.Output[str]
    role_arn: pulumi.Output[str]

    def __init__(self, name: str, args: ManagedFunctionArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(self.type_name, name, None, opts)
        around, environment = args.surroundings, args.surroundings.environment
        tags = derive.environment_tags(environment)
        child = pulumi.ResourceOptions(parent=self)
        log = aws.cloudwatch.LogGroup(
            name,
            name=names.function_log(environment, args.what),
            retention_in_days=environment.log_retention_days,
            kms_key_id=around.log_key_arn,
            tags=tags,
            opts=child,
        )
        role = BoundedRole(
            name,
            BoundedRoleArgs(
                environment=environment,
                what=args.what,
                description=args.description,
                trust=function_trust(),
                policy=function_policy(environment, args.what, args.policy),
                boundary_arn=around.boundary_arn,
            ),
            child,
        )
        queue = _dead_letters(name, environment, args.what, around.log_key_arn, child)
        group = around.internet_group_id if args.internet else around.security_group_id
        code = signed(name, around, args.package, child)
        function = aws.lambda_.Function(
            name,
            name=names.named(environment, args.what),
            description=args.description,
            role=role.arn,
            runtime=RUNTIME,
            architectures=["arm64"],
            handler=args.handler,
            s3_bucket=code.bucket,
            s3_key=code.key,
            code_signing_config_arn=around.code_signing_arn,
            timeout=args.timeout_seconds,
            memory_size=args.memory_mb,
            reserved_concurrent_executions=args.concurrency,
            dead_letter_config=aws.lambda_.FunctionDeadLetterConfigArgs(target_arn=queue.arn),
            tracing_config=aws.lambda_.FunctionTracingConfigArgs(mode="Active"),
            vpc_config=aws.lambda_.FunctionVpcConfigArgs(
                subnet_ids=list(around.subnet_ids), security_group_ids=[group]
            ),
            environment=aws.lambda_.FunctionEnvironmentArgs(variables={**REGIONAL_NAMES, **args.variables}),
            tags=tags,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[log, role.policy]),
        )
        function_alarms(
            name,
            around,
            function=function.name,
            queue=queue.name,
            timeout_seconds=args.timeout_seconds,
            opts=child,
        )
        self.arn, self.name, self.role_arn = function.arn, function.name, role.arn
        self.register_outputs({"arn": function.arn, "name": function.name, "role_arn": role.arn})


def _dead_letters(
    name: str, environment: Environment, what: str, key_arn: pulumi.Input[str], opts: pulumi.ResourceOptions
) -> aws.sqs.Queue:
    queue = aws.sqs.Queue(
        name,
        name=dead_letters(environment, what),
        message_retention_seconds=DEAD_LETTER_SECONDS,
        kms_master_key_id=key_arn,
        tags=derive.environment_tags(environment),
        opts=opts,
    )
    policy = json.dumps(dead_letters_policy(environment, what))
    aws.sqs.QueuePolicy(name, queue_url=queue.url, policy=policy, opts=opts)
    return queue
