"""Edits of functions, and of the topics and queues that they tell."""

from __future__ import annotations

from policies.baseline import resource_types as types
from policies.tokens import FUNCTION
from tests.policies.baseline_stack import FUNCTION_NAME, Edit, adding, document, then
from tests.policies.edit import literal, setting

ROOT_NAME = "llm-observatory-secrets-prod"
TRAIL = "audit"
MANAGEMENT = {"field": "eventCategory", "equals": ["Management"]}


def _edit(rule: str, token: str, name: str, path: str, value: object, *says: str) -> Edit:
    return Edit(make=literal(token, name, path, value), rule=f"baseline/{rule}", token=token, name=name, says=says)


EDITS: dict[str, Edit] = {
    "function-by-a-foreign-key": _edit(
        "key-of-the-stack", FUNCTION, FUNCTION_NAME, "kmsKeyArn", "arn:aws:kms:us-east-1:999988887777:key/0000"
    ),
    "topic-not-encrypted": _edit("topic-encrypted", types.TOPIC, "alert-topic", "kmsMasterKeyId", None),
    "topic-encrypted-by-aws": _edit(
        "topic-encrypted", types.TOPIC, "alert-topic", "kmsMasterKeyId", "alias/aws/sns", "a key that AWS manages"
    ),
    "topic-for-everyone": Edit(
        make=document(
            types.TOPIC_POLICY,
            "alert-topic",
            "policy",
            adding(Principal={"AWS": "*"}, Action="sns:Publish", Resource="*"),
        ),
        rule="baseline/topic-not-public",
        token=types.TOPIC_POLICY,
        name="alert-topic",
    ),
    "topic-for-a-service-of-anybody": Edit(
        make=document(
            types.TOPIC_POLICY,
            "alert-topic",
            "policy",
            adding(Principal={"Service": "events.amazonaws.com"}, Action="sns:Publish", Resource="*"),
        ),
        rule="baseline/topic-not-public",
        token=types.TOPIC_POLICY,
        name="alert-topic",
        says=("a service that may act for any account",),
    ),
    "subscription-over-http": _edit(
        "subscription-private", types.SUBSCRIPTION, "pager", "protocol", "http", 'fix: protocol="https",'
    ),
    "queue-by-sqs-own-key": Edit(
        make=then(
            literal(types.QUEUE, "alert", "kmsMasterKeyId", None),
            setting(types.QUEUE, "alert", "sqsManagedSseEnabled", True),
        ),
        rule="baseline/queue-encrypted",
        token=types.QUEUE,
        name="alert",
    ),
    "queue-by-aws": _edit("queue-encrypted", types.QUEUE, "alert", "kmsMasterKeyId", "alias/aws/sqs"),
    "queue-for-everyone": Edit(
        make=document(
            types.QUEUE_POLICY, "alert", "policy", adding(Principal="*", Action="sqs:SendMessage", Resource="*")
        ),
        rule="baseline/queue-not-public",
        token=types.QUEUE_POLICY,
        name="alert",
    ),
    "queue-for-everything": Edit(
        make=document(
            types.QUEUE_POLICY,
            "alert",
            "policy",
            adding(Principal={"AWS": "arn:aws:iam::333344445555:role/x"}, Action="SQS:*", Resource="*"),
        ),
        rule="baseline/queue-no-wildcard",
        token=types.QUEUE_POLICY,
        name="alert",
    ),
    "function-outside": _edit("function-private-network", FUNCTION, FUNCTION_NAME, "vpcConfig", None),
    "function-in-one-zone": _edit(
        "function-private-network", FUNCTION, FUNCTION_NAME, "vpcConfig.subnetIds", ["subnet-1", "subnet-1"]
    ),
    "function-unbounded": _edit(
        "function-bounded", FUNCTION, FUNCTION_NAME, "reservedConcurrentExecutions", -1, "seen: -1"
    ),
    "function-without-dead-letters": _edit(
        "function-dead-letters", FUNCTION, FUNCTION_NAME, "deadLetterConfig", None, "no queue of this stack"
    ),
    "function-passing-traces": _edit(
        "function-traced", FUNCTION, FUNCTION_NAME, "tracingConfig.mode", "PassThrough", "required: Active"
    ),
    "function-unsigned": _edit("function-signed", FUNCTION, FUNCTION_NAME, "codeSigningConfigArn", None),
    "code-signing-warns": _edit(
        "code-signing-enforced",
        types.CODE_SIGNING,
        "signing",
        "policies.untrustedArtifactOnDeployment",
        "Warn",
        "required: Enforce",
    ),
    "function-of-old": _edit("function-supported-runtime", FUNCTION, FUNCTION_NAME, "runtime", "python3.8"),
    "function-with-a-secret-by-name": _edit(
        "function-no-secret", FUNCTION, FUNCTION_NAME, "environment.variables.DB_PASSWORD", "hunter2"
    ),
    "function-with-a-secret-by-look": _edit(
        "function-no-secret",
        FUNCTION,
        FUNCTION_NAME,
        "environment.variables.UPSTREAM",
        "postgres://app:hunter2@db:5432/x",
    ),
}
