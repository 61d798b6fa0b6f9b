"""The table from operations to actions and resources."""

import ast
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from botocore import xform_name
from botocore.loaders import Loader
from botocore.model import ServiceModel

from sandbox.aws.access.need import Asked, Need
from sandbox.aws.access.rules.table import RULES, rule_of
from sandbox.aws.secretsmanager.service import OPERATIONS

ROOT = Path(__file__).resolve().parents[3]
MODELS = {"monitoring": "cloudwatch", "states": "stepfunctions"}
CALLERS = ("sandbox/provider/*.py", "sandbox/*.py", "lambdas/**/*.py", "stores/*.py", "secretsctl/**/*.py")
ACCOUNT, REGION = "222233334444", "us-east-1"


class Known:
    """Every name is its own ARN."""

    def secret(self, region: str, secret_id: str) -> str:
        return f"arn:aws:secretsmanager:{region}:{ACCOUNT}:secret:{secret_id}-AbCdEf"

    def kms_key(self, region: str, key_id: str) -> str:
        return f"arn:aws:kms:{region}:{ACCOUNT}:key/{key_id}"

    def sealing_key(self, region: str, ciphertext: bytes) -> str:
        return f"arn:aws:kms:{region}:{ACCOUNT}:key/{ciphertext.decode()}"

    def rotation_function(self, region: str, secret_id: str) -> str:
        return f"arn:aws:lambda:{region}:{ACCOUNT}:function:rotate-{secret_id}"

    def identity(self, kind: str, name: str) -> str:
        return f"arn:aws:iam::{ACCOUNT}:{kind}/{name}"

    def workgroup(self, region: str, query_id: str) -> str:
        return f"arn:aws:athena:{region}:{ACCOUNT}:workgroup/of-{query_id}"


@cache
def model(service: str) -> ServiceModel:
    name = MODELS.get(service, service)
    return ServiceModel(Loader().load_service_model(name, "service-2"), name)


def needs(service: str, operation: str, **parameters: Any) -> list[Need]:
    rule = rule_of(service, operation)
    assert rule is not None, f"{service}:{operation} has no rule"
    asked = Asked(
        service=service, operation=operation, account=ACCOUNT, region=REGION, parameters=parameters, look=Known()
    )
    return list(rule(asked))


@pytest.mark.parametrize("service", RULES)
def test_every_rule_is_of_an_operation_that_exists(service: str) -> None:
    assert set(RULES[service]) - set(model(service).operation_names) == set()


@pytest.mark.parametrize("service", RULES)
def test_every_rule_can_be_asked_without_parameters(service: str) -> None:
    for operation in RULES[service]:
        for need in needs(service, operation):
            assert need.action.count(":") == 1
            assert need.resource == "*" or need.resource.startswith("arn:") or not need.resource


def test_every_operation_of_our_own_secrets_manager_has_a_rule() -> None:
    assert set(OPERATIONS) == set(RULES["secretsmanager"])


def called() -> Iterator[tuple[str, str]]:
    """(service, method) of each call in a file that names the service, of functions, provider and tools."""
    for pattern in CALLERS:
        for path in ROOT.glob(pattern):
            nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
            texts = {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}
            methods = {
                node.func.attr for node in nodes if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
            }
            for service in RULES:
                if MODELS.get(service, service) in texts:
                    yield from ((service, method) for method in methods | texts)


def test_every_operation_that_the_project_calls_has_a_rule() -> None:
    calls = set(called())
    named = {
        (service, operation)
        for service in RULES
        for operation in model(service).operation_names
        if (service, xform_name(operation)) in calls
    }
    assert len(named) > 60
    assert {(service, operation) for service, operation in named if operation not in RULES[service]} == set()


ARN = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:f"
GROUP = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/g"
CASES: list[tuple[str, str, Mapping[str, Any], list[tuple[str, str]]]] = [
    ("lambda", "Invoke", {"FunctionName": "f"}, [("lambda:InvokeFunction", ARN)]),
    ("lambda", "Invoke", {"FunctionName": ARN, "Qualifier": "live"}, [("lambda:InvokeFunction", f"{ARN}:live")]),
    ("lambda", "GetFunction", {"FunctionName": f"{ACCOUNT}:function:f"}, [("lambda:GetFunction", ARN)]),
    ("s3", "ListObjectsV2", {"Bucket": "b"}, [("s3:ListBucket", "arn:aws:s3:::b")]),
    ("s3", "HeadObject", {"Bucket": "b", "Key": "k/1"}, [("s3:GetObject", "arn:aws:s3:::b/k/1")]),
    ("s3", "GetObject", {"Bucket": "b", "Key": "k", "VersionId": "1"}, [("s3:GetObjectVersion", "arn:aws:s3:::b/k")]),
    ("s3", "ListBuckets", {}, [("s3:ListAllMyBuckets", "*")]),
    (
        "s3",
        "CopyObject",
        {"Bucket": "b", "Key": "k", "CopySource": "a/x"},
        [("s3:GetObject", "arn:aws:s3:::a/x"), ("s3:PutObject", "arn:aws:s3:::b/k")],
    ),
    (
        "monitoring",
        "PutMetricAlarm",
        {"AlarmName": "a"},
        [("cloudwatch:PutMetricAlarm", f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:a")],
    ),
    (
        "logs",
        "PutLogEvents",
        {"logGroupName": "/g", "logStreamName": "s"},
        [("logs:PutLogEvents", f"{GROUP}:log-stream:s")],
    ),
    ("logs", "CreateLogStream", {"logGroupName": "/g"}, [("logs:CreateLogStream", f"{GROUP}:*")]),
    ("sns", "Publish", {"TopicArn": "arn:aws:sns:us-east-1:1:t"}, [("sns:Publish", "arn:aws:sns:us-east-1:1:t")]),
    (
        "sns",
        "Unsubscribe",
        {"SubscriptionArn": "arn:aws:sns:us-east-1:1:t:id"},
        [("sns:Unsubscribe", "arn:aws:sns:us-east-1:1:t")],
    ),
    (
        "sqs",
        "SendMessageBatch",
        {"QueueUrl": f"http://127.0.0.1:1/{ACCOUNT}/q"},
        [("sqs:SendMessage", f"arn:aws:sqs:{REGION}:{ACCOUNT}:q")],
    ),
    (
        "kms",
        "ReEncrypt",
        {"CiphertextBlob": b"a", "DestinationKeyId": "b"},
        [
            ("kms:ReEncryptFrom", f"arn:aws:kms:{REGION}:{ACCOUNT}:key/a"),
            ("kms:ReEncryptTo", f"arn:aws:kms:{REGION}:{ACCOUNT}:key/b"),
        ],
    ),
    (
        "kms",
        "CreateAlias",
        {"AliasName": "alias/x", "TargetKeyId": "k"},
        [
            ("kms:CreateAlias", f"arn:aws:kms:{REGION}:{ACCOUNT}:alias/x"),
            ("kms:CreateAlias", f"arn:aws:kms:{REGION}:{ACCOUNT}:key/k"),
        ],
    ),
    (
        "secretsmanager",
        "RotateSecret",
        {"SecretId": "s"},
        [
            ("secretsmanager:RotateSecret", f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:s-AbCdEf"),
            ("lambda:InvokeFunction", f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:rotate-s"),
        ],
    ),
    (
        "secretsmanager",
        "CreateSecret",
        {"Name": "a/b"},
        [("secretsmanager:CreateSecret", f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:a/b-??????")],
    ),
    ("iam", "CreateRole", {"RoleName": "r", "Path": "/p/"}, [("iam:CreateRole", f"arn:aws:iam::{ACCOUNT}:role/p/r")]),
    ("sts", "GetCallerIdentity", {}, []),
]


@pytest.mark.parametrize(("service", "operation", "parameters", "wanted"), CASES, ids=lambda case: str(case)[:40])
def test_actions_and_resources_are_those_of_the_reference(
    service: str, operation: str, parameters: Mapping[str, Any], wanted: list[tuple[str, str]]
) -> None:
    assert [(need.action, need.resource) for need in needs(service, operation, **parameters)] == wanted
