"""The emergency's machine with its own role and policy in a local AWS, and what it writes to."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from catalog import derive, names
from catalog.access.boundary import boundary_policy
from catalog.access.emergency import emergency_policy, emergency_trust
from catalog.access.key import key_policy
from catalog.access.topic import topic_policy
from catalog.emergency.machine import MACHINE, definition, log_group
from catalog.emergency.pace import Pace
from catalog.environment import Environment
from catalog.model import Catalog
from catalog.names import Duty


@dataclass(frozen=True, kw_only=True)
class Account:
    """Where it is made: clients of the administrator, and what the programme declares there."""

    client: Callable[[str], Any]
    environment: Environment
    catalog: Catalog
    pace: Pace | None = None


def furnished(at: Account) -> tuple[str, str]:
    """The machine's ARN, and the URL of a queue that hears its topic."""
    key = _key(at)
    _bucket(at, key)
    queue = _topic_with_queue(at, key)
    return _machine(at, key), queue


def _key(at: Account) -> str:
    """The key for logs: bucket, topic and log group are encrypted with it."""
    people = {"Effect": "Allow", "Principal": {"AWS": at.environment.account}, "Action": "sts:AssumeRole"}
    make_role(at, Duty.SECURITY_ADMIN, document(people), document({"Effect": "Deny", "Action": "*", "Resource": "*"}))
    kms = at.client("kms")
    key: str = kms.create_key(Policy=json.dumps(key_policy(at.environment, "logs")))["KeyMetadata"]["Arn"]
    kms.create_alias(AliasName=derive.key_alias(at.environment, "logs"), TargetKeyId=key)
    return key


def _bucket(at: Account, key: str) -> None:
    s3, bucket = at.client("s3"), names.bucket(at.environment, "audit-queries")
    s3.create_bucket(Bucket=bucket)
    encrypted = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}}
    s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": [encrypted]})


def _topic_with_queue(at: Account, key: str) -> str:
    sns, sqs = at.client("sns"), at.client("sqs")
    settings = {"KmsMasterKeyId": key, "Policy": json.dumps(topic_policy(at.environment))}
    topic = sns.create_topic(Name=names.TOPIC)["TopicArn"]
    queue: str = sqs.create_queue(QueueName="hears")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    may = {"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "sqs:SendMessage"}
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": json.dumps(document({**may, "Resource": arn}))})
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    for name, value in settings.items():  # last: the topic's policy lets nobody subscribe a queue of ours
        sns.set_topic_attributes(TopicArn=topic, AttributeName=name, AttributeValue=value)
    return queue


def _machine(at: Account, key: str) -> str:
    iam, name = at.client("iam"), names.named(at.environment, MACHINE)
    role = make_role(at, MACHINE, emergency_trust(at.environment), emergency_policy(at.environment, at.catalog))
    boundary = iam.create_policy(
        PolicyName=names.named(at.environment, "boundary"), PolicyDocument=json.dumps(boundary_policy(at.environment))
    )["Policy"]["Arn"]
    iam.put_role_permissions_boundary(RoleName=name, PermissionsBoundary=boundary)
    at.client("logs").create_log_group(logGroupName=log_group(at.environment), kmsKeyId=key)
    destination = {
        "cloudWatchLogsLogGroup": {"logGroupArn": names.log_group_arn(at.environment, log_group(at.environment))}
    }
    arn: str = at.client("stepfunctions").create_state_machine(
        name=name,
        roleArn=role,
        definition=json.dumps(definition(at.environment, at.catalog, at.pace)),
        loggingConfiguration={"level": "ALL", "includeExecutionData": False, "destinations": [destination]},
        tracingConfiguration={"enabled": True},
    )["stateMachineArn"]
    return arn


def make_role(at: Account, what: str, trust: Mapping[str, Any], policy: Mapping[str, Any]) -> str:
    """A role of the programme's name for it; its ARN."""
    iam, name = at.client("iam"), names.named(at.environment, what)
    arn: str = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
    iam.put_role_policy(RoleName=name, PolicyName=what, PolicyDocument=json.dumps(policy))
    return arn


def document(statement: Mapping[str, Any]) -> dict[str, Any]:
    """A policy document of one statement."""
    return {"Version": "2012-10-17", "Statement": [statement]}
