"""Every function of the programme is signed, in the private network, watched, and bounded to what it is for."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest

from catalog import derive, load, names
from catalog.access.boundary import boundary_policy
from catalog.access.consumer import rotation_policy
from catalog.access.function import dead_letters_arn, function_policy
from catalog.access.statement import allow, policy
from catalog.access.trust import function_trust
from components.aws import package
from components.aws.function import ManagedFunction, ManagedFunctionArgs
from components.aws.function_alarm import SUFFIXES
from components.aws.rotation import RotationFunction, RotationFunctionArgs
from iam.document import PolicyKind, parse
from iam.evaluate import Policies
from tests.components.recording import RecordingMocks, record
from tests.components.surroundings import STAGING, surroundings
from tests.iam.asking import ask

FUNCTION, QUEUE = "aws:lambda/function:Function", "aws:sqs/queue:Queue"
ALARM, OBJECT = "aws:cloudwatch/metricAlarm:MetricAlarm", "aws:s3/bucketObjectv2:BucketObjectv2"
JOB = "aws:signer/signingJob:SigningJob"
OWN = policy(allow("DoItsWork", ("sns:Publish",), ["arn:aws:sns:::x"]))
SESSION = f"arn:aws:sts::{STAGING.account}:assumed-role/llm-observatory-staging-alert/s"


@pytest.fixture
def zipped(tmp_path: Path) -> Path:
    path = tmp_path / "alert.zip"
    path.write_bytes(b"one")
    return path


@pytest.fixture
def args(zipped: Path) -> ManagedFunctionArgs:
    return ManagedFunctionArgs(
        surroundings=surroundings(),
        what="alert",
        description="Tells people",
        handler="alert.handler.handle",
        package=zipped,
        policy=OWN,
        variables={"TOPIC": "t"},
    )


def declared(args: ManagedFunctionArgs) -> RecordingMocks:
    return record(lambda: ManagedFunction("alert", args))


def one(recorded: RecordingMocks, token: str) -> dict[str, Any]:
    (inputs,) = recorded.of(token).values()
    return inputs


def test_a_function_has_everything_that_an_auditor_asks_of_one(args: ManagedFunctionArgs) -> None:
    recorded = declared(args)
    inputs = one(recorded, FUNCTION)
    assert inputs["name"] == "llm-observatory-staging-alert"
    assert (inputs["runtime"], inputs["architectures"]) == ("python3.11", ["arm64"])
    assert inputs["reservedConcurrentExecutions"] == 2
    assert inputs["tracingConfig"] == {"mode": "Active"}
    assert inputs["deadLetterConfig"] == {"targetArn": f"arn:mock:{QUEUE}:alert"}
    assert inputs["vpcConfig"] == {"subnetIds": ["subnet-1", "subnet-2"], "securityGroupIds": ["sg-functions"]}
    assert inputs["codeSigningConfigArn"] == "arn:the-signing-config"
    assert inputs["environment"]["variables"]["TOPIC"] == "t"
    assert inputs["role"] == "arn:mock:aws:iam/role:Role:alert"
    log = one(recorded, "aws:cloudwatch/logGroup:LogGroup")
    assert log["name"] == f"/aws/lambda/{inputs['name']}"
    assert (log["kmsKeyId"], log["retentionInDays"]) == ("arn:the-log-key", STAGING.log_retention_days)


def test_it_runs_the_signed_package_and_no_other(args: ManagedFunctionArgs, zipped: Path) -> None:
    recorded = declared(args)
    uploaded, job, function = (one(recorded, token) for token in (OBJECT, JOB, FUNCTION))
    assert (uploaded["bucket"], uploaded["key"]) == ("the-code-bucket", "unsigned/alert.zip")
    assert uploaded["sourceHash"] == package.digest(zipped)
    assert job["source"]["s3"] == {"bucket": "the-code-bucket", "key": "unsigned/alert.zip", "version": "a-version"}
    assert job["destination"]["s3"] == {"bucket": "the-code-bucket", "prefix": "signed/"}
    assert job["profileName"] == "the_profile"
    assert (function["s3Bucket"], function["s3Key"]) == ("a-bucket", "signed/a-job.zip")
    assert "code" not in function


def test_another_content_is_seen_although_its_file_has_the_same_name(args: ManagedFunctionArgs, zipped: Path) -> None:
    before = one(declared(args), OBJECT)["sourceHash"]
    zipped.write_bytes(b"two")
    assert one(declared(args), OBJECT)["sourceHash"] != before


def test_what_it_gives_up_on_waits_encrypted_for_two_weeks_in_a_queue_that_wants_tls(args: ManagedFunctionArgs) -> None:
    recorded = declared(args)
    queue = one(recorded, QUEUE)
    assert queue["name"] == "llm-observatory-staging-alert-dead-letters"
    assert queue["kmsMasterKeyId"] == "arn:the-log-key"
    assert queue["messageRetentionSeconds"] == 14 * 86400
    (statement,) = json.loads(one(recorded, "aws:sqs/queuePolicy:QueuePolicy")["policy"])["Statement"]
    assert (statement["Effect"], statement["Principal"], statement["Action"]) == ("Deny", "*", ["sqs:*"])
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert statement["Resource"] == [dead_letters_arn(STAGING, "alert")]


def test_its_alarms_tell_the_topic_what_to_do_and_where_to_read_more(args: ManagedFunctionArgs) -> None:
    alarms = declared(dataclasses.replace(args, timeout_seconds=100)).of(ALARM)
    assert {name: alarm["metricName"] for name, alarm in alarms.items()} == {
        "alert-errors": "Errors",
        "alert-slow": "Duration",
        "alert-throttled": "Throttles",
        "alert-dead-letters": "ApproximateNumberOfMessagesVisible",
    }
    assert alarms.keys() == {f"alert-{suffix}" for suffix in SUFFIXES}
    for name, alarm in alarms.items():
        assert alarm["alarmActions"] == ["arn:the-topic"]
        assert "docs/RUNBOOK.md#" in alarm["alarmDescription"]
        assert len(alarm["alarmDescription"]) <= 1024
        dimension = {"QueueName": f"{names.named(STAGING, 'alert')}-dead-letters"}
        if alarm["namespace"] == "AWS/Lambda":
            dimension = {"FunctionName": names.named(STAGING, "alert")}
        assert alarm["dimensions"] == dimension, name
    slow = alarms["alert-slow"]
    assert (slow["threshold"], slow["statistic"]) == (80_000, "Maximum")
    assert slow["comparisonOperator"] == "GreaterThanThreshold"
    for name in ("alert-errors", "alert-throttled"):
        assert (alarms[name]["threshold"], alarms[name]["statistic"]) == (1, "Sum")


def test_its_role_is_bounded_trusts_lambda_and_does_its_work_and_what_running_takes(args: ManagedFunctionArgs) -> None:
    recorded = declared(args)
    role = one(recorded, "aws:iam/role:Role")
    assert role["permissionsBoundary"] == "arn:the-boundary"
    assert json.loads(role["assumeRolePolicy"]) == function_trust()
    document = json.loads(one(recorded, "aws:iam/rolePolicy:RolePolicy")["policy"])
    assert document == json.loads(json.dumps(function_policy(STAGING, "alert", OWN)))
    sids = [statement["Sid"] for statement in document["Statement"]]
    assert "DoItsWork" in sids
    assert len(sids) == len(set(sids)), "IAM refuses a statement id that is there twice"


def decided(action: str, resource: str, context: dict[str, Any] | None = None) -> bool:
    """Whether the function's role may do it, its boundary counted."""
    policies = Policies(
        identity=(parse(function_policy(STAGING, "alert", OWN), PolicyKind.IDENTITY, name="alert"),),
        boundary=parse(boundary_policy(STAGING), PolicyKind.IDENTITY, name="boundary"),
    )
    return ask(SESSION, action, resource, policies, context or {}).allowed


def test_it_writes_its_own_log_and_dead_letters_and_nobody_elses() -> None:
    for what, expected in (("alert", True), ("backup", False)):
        stream = names.log_group_arn(STAGING, names.function_log(STAGING, what)).replace(":*", ":log-stream:s")
        assert decided("logs:PutLogEvents", stream) is expected
        assert decided("sqs:SendMessage", dead_letters_arn(STAGING, what)) is expected


def test_it_encrypts_dead_letters_through_sqs_with_the_key_of_the_logs_alone() -> None:
    key = f"arn:aws:kms:{STAGING.region}:{STAGING.account}:key/1"
    through = {"kms:ViaService": f"sqs.{STAGING.region}.amazonaws.com"}
    logs = {"kms:ResourceAliases": [derive.key_alias(STAGING, "logs")]}
    tier = {"kms:ResourceAliases": [derive.key_alias(STAGING, "tier-1")]}
    assert decided("kms:GenerateDataKey", key, through | logs)
    assert not decided("kms:GenerateDataKey", key, through | tier)
    assert not decided("kms:GenerateDataKey", key, logs)


def test_lambda_makes_the_network_interfaces_and_the_functions_own_code_cannot() -> None:
    interface = f"arn:aws:ec2:{STAGING.region}:{STAGING.account}:network-interface/*"
    code = {"lambda:SourceFunctionArn": names.function_arn(STAGING, "alert")}
    assert decided("ec2:CreateNetworkInterface", interface)
    assert not decided("ec2:CreateNetworkInterface", interface, code)
    assert decided("xray:PutTraceSegments", "*", code)


def test_a_rotation_function_is_one_of_these_for_its_target_and_only_secrets_manager_invokes_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(package, "BUILD", tmp_path)
    catalog = load.catalog()
    args = RotationFunctionArgs(environment=STAGING, catalog=catalog, target="redis", surroundings=surroundings())
    recorded = record(lambda: RotationFunction("rotate-redis", args))
    assert one(recorded, FUNCTION)["handler"] == "rotation.handler.handle"
    document = json.loads(one(recorded, "aws:iam/rolePolicy:RolePolicy")["policy"])
    own = rotation_policy(STAGING, catalog, "redis")
    assert document == json.loads(json.dumps(function_policy(STAGING, "rotate-redis", own)))
    permission = one(recorded, "aws:lambda/permission:Permission")
    assert permission["principal"] == "secretsmanager.amazonaws.com"
    assert permission["sourceAccount"] == STAGING.account
    assert permission["function"] == "llm-observatory-staging-rotate-redis"


def test_a_rotation_functions_parts_are_where_states_have_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # A component in between would be another URN, so every function made anew under a name that is taken.
    monkeypatch.setattr(package, "BUILD", tmp_path)
    args = RotationFunctionArgs(
        environment=STAGING, catalog=load.catalog(), target="keyring", surroundings=surroundings()
    )
    urns: list[str] = []

    def program() -> None:
        made = RotationFunction("rotate-keyring", args)
        made.permission.urn.apply(urns.append)

    tokens = {resource.token for resource in record(program).recorded if resource.token.startswith("llmobs:")}
    assert tokens == {"llmobs:rotation:RotationFunction", "llmobs:role:BoundedRole"}
    kinds = "llmobs:rotation:RotationFunction$aws:lambda/permission:Permission"
    assert urns == [f"urn:pulumi:staging::llm-observatory-secrets::{kinds}::rotate-keyring"]
