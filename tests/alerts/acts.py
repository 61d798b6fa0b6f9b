"""For each alert of the catalogue, what somebody does that raises it."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Mapping
from typing import Any

from botocore.exceptions import ClientError

from catalog import derive, names
from catalog.names import Duty
from tests.alerts.scene import ELSEWHERE, Scene
from tests.contract.aws.harness import eventually, token

Act = Callable[[Scene], str]
"""Does it, and returns a text that the message must have: what it was done to."""
_NOTHING = "def handle(event, context):\n    pass"
_FAILS = "def handle(event, context):\n    raise RuntimeError('no such server')"


def _rotation_failed(scene: Scene) -> str:
    secret, function = scene.secret(), scene.aws.function(_FAILS)
    scene.aws.sm.rotate_secret(
        SecretId=secret, RotationLambdaARN=function, RotationRules={"AutomaticallyAfterDays": 30}
    )
    return secret


def _secret_deleted(scene: Scene) -> str:
    secret = scene.secret()
    scene.aws.sm.delete_secret(SecretId=secret, RecoveryWindowInDays=7)
    return secret


def _secret_policy_changed(scene: Scene) -> str:
    secret = scene.secret()
    scene.aws.sm.put_resource_policy(SecretId=secret, ResourcePolicy=_policy(scene, "secretsmanager:GetSecretValue"))
    return secret


def _rotation_switched_off(scene: Scene) -> str:
    secret, sm = scene.secret(), scene.aws.sm
    rules = {"AutomaticallyAfterDays": 30}
    function = scene.aws.function(_NOTHING)
    sm.rotate_secret(SecretId=secret, RotationLambdaARN=function, RotationRules=rules, RotateImmediately=False)
    sm.cancel_rotate_secret(SecretId=secret)
    return secret


def _current_moved(scene: Scene) -> str:
    secret, sm = scene.secret(), scene.aws.sm
    before, after = scene.aws.holder(secret, "AWSCURRENT"), token()
    sm.put_secret_value(SecretId=secret, ClientRequestToken=after, SecretString="x", VersionStages=["AWSPENDING"])
    sm.update_secret_version_stage(
        SecretId=secret, VersionStage="AWSCURRENT", MoveToVersionId=after, RemoveFromVersionId=before
    )
    return secret


def _read(scene: Scene) -> str:
    secret = scene.secret()
    scene.aws.sm.get_secret_value(SecretId=secret)
    return secret


def _decoy_read(scene: Scene) -> str:
    decoy = derive.secret_name(scene.environment, scene.catalog.decoys[0])
    _refused(scene.nobody.client("secretsmanager").get_secret_value, SecretId=decoy)
    return "refused with AccessDenied"


def _break_glass(scene: Scene, region: str | None = None) -> str:
    arn = names.role_arn(scene.environment, Duty.BREAK_GLASS)
    with contextlib.suppress(ClientError):  # without a second factor it is refused where it is deployed
        scene.aws.client("sts", region).assume_role(RoleArn=arn, RoleSessionName="incident")
    return arn


def _key_unusable(scene: Scene) -> str:
    key = scene.other_key
    scene.aws.client("kms").disable_key(KeyId=key)
    return key


def _key_policy_changed(scene: Scene) -> str:
    key = scene.other_key
    scene.aws.client("kms").put_key_policy(KeyId=key, PolicyName="default", Policy=_policy(scene, "kms:*"))
    return key


def _trail_stopped(scene: Scene) -> str:
    trails = scene.aws.client("cloudtrail")
    trails.stop_logging(Name=names.TRAIL)
    trails.start_logging(Name=names.TRAIL)
    return names.TRAIL


def _silenced(scene: Scene) -> str:
    rule, events = names.named(scene.environment, "spare"), scene.aws.client("events")
    events.put_rule(Name=rule, EventPattern=json.dumps({"source": ["nobody"]}))
    events.disable_rule(Name=rule)
    events.delete_rule(Name=rule)
    return rule


def _denied_reads(scene: Scene, times: int = 5) -> str:
    secret, sm = scene.secret(), scene.nobody.client("secretsmanager")
    for _ in range(times):
        _refused(sm.get_secret_value, SecretId=secret)
    return ""


def _read_outside(scene: Scene) -> str:
    if not any(prefix.startswith("127.") for prefix in scene.environment.network.prefixes):
        return _read(scene) and ""
    # A sandbox is all loopback, and its stack says that this is inside: so the record of such a call.
    scene.record(
        {
            "eventSource": "secretsmanager.amazonaws.com",
            "eventName": "GetSecretValue",
            "userIdentity": {"type": "AssumedRole"},
            "sourceIPAddress": "203.0.113.9",
            "requestParameters": {"secretId": f"llm-observatory/{scene.environment.name}/jwt-secret"},
        }
    )
    return ""


def _used_elsewhere(scene: Scene) -> str:
    scene.aws.client("secretsmanager", ELSEWHERE).get_secret_value(SecretId=scene.secret(ELSEWHERE))
    return ""


def _break_glass_elsewhere(scene: Scene) -> str:
    return _break_glass(scene, ELSEWHERE) and ""


def _unauthorised(scene: Scene) -> str:
    for _ in range(10):
        _refused(scene.nobody.client("iam").list_users)
    return ""


def _iam_changed(scene: Scene) -> str:
    scene.aws.as_role({"Effect": "Allow", "Action": ["s3:ListAllMyBuckets"], "Resource": "*"})
    return ""


def _bucket_policy_changed(scene: Scene) -> str:
    s3, name = scene.aws.client("s3"), f"llmobs-spare-{token()}"
    s3.create_bucket(Bucket=name)
    allowed = {"Effect": "Allow", "Principal": {"AWS": scene.aws.account}, "Action": "s3:ListBucket"}
    policy = {"Version": "2012-10-17", "Statement": [{**allowed, "Resource": f"arn:aws:s3:::{name}"}]}
    s3.put_bucket_policy(Bucket=name, Policy=json.dumps(policy))
    s3.delete_bucket(Bucket=name)
    return ""


def _security_group_changed(scene: Scene) -> str:
    ec2 = scene.aws.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.99.0.0/16")["Vpc"]["VpcId"]
    group = ec2.create_security_group(GroupName=f"spare-{token()}", Description="spare", VpcId=vpc)["GroupId"]
    ec2.delete_security_group(GroupId=group)
    ec2.delete_vpc(VpcId=vpc)
    return ""


def _console(**more: Any) -> Act:
    """Signing in is no API call. Its record, as AWS documents it:
    docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-aws-console-sign-in-events.html"""

    def act(scene: Scene) -> str:
        event: dict[str, Any] = {
            "eventVersion": "1.08",
            "userIdentity": {"type": "IAMUser", "accountId": scene.aws.account, "userName": "anaya"},
            "eventSource": "signin.amazonaws.com",
            "eventName": "ConsoleLogin",
            "awsRegion": "us-east-2",
            "sourceIPAddress": "192.0.2.0",
            "requestParameters": None,
            "responseElements": {"ConsoleLogin": "Success"},
            "additionalEventData": {"MobileVersion": "No", "MFAUsed": "No"},
            "readOnly": False,
            "eventType": "AwsConsoleSignIn",
            "managementEvent": True,
            **more,
        }
        for _ in range(3):
            scene.record(event)
        return ""

    return act


ACTS: Mapping[str, Act] = {
    "rotation-failed": _rotation_failed,
    "secret-deleted": _secret_deleted,
    "secret-policy-changed": _secret_policy_changed,
    "rotation-switched-off": _rotation_switched_off,
    "current-moved": _current_moved,
    "read-by-stranger": _read,
    "decoy-read": _decoy_read,
    "break-glass-assumed": _break_glass,
    "key-unusable": _key_unusable,
    "key-policy-changed": _key_policy_changed,
    "trail-changed": _trail_stopped,
    "alerts-silenced": _silenced,
    "denied-reads": _denied_reads,
    "read-outside-network": _read_outside,
    "used-in-another-region": _used_elsewhere,
    "break-glass-elsewhere": _break_glass_elsewhere,
    "unauthorised-calls": _unauthorised,
    "console-without-mfa": _console(),
    "root-used": _console(userIdentity={"type": "Root"}),
    "iam-changed": _iam_changed,
    "any-trail-changed": lambda scene: _trail_stopped(scene) and "",
    "console-sign-in-failed": _console(
        errorMessage="Failed authentication", responseElements={"ConsoleLogin": "Failure"}
    ),
    "any-key-unusable": lambda scene: _key_unusable(scene) and "",
    "bucket-policy-changed": _bucket_policy_changed,
    "security-group-changed": _security_group_changed,
}
"""By the alert's name. An alert that is not here fails its test."""


def until_quiet(scene: Scene, alarm: str) -> None:
    """Wait, on the sandbox's clock, until what came before is out of the alarm's period."""
    cloudwatch = scene.aws.client("cloudwatch")

    def state() -> str:
        found: str = cloudwatch.describe_alarms(AlarmNames=[alarm])["MetricAlarms"][0]["StateValue"]
        return found

    if state() == "ALARM":
        scene.advance(6 * 60)
        eventually(lambda: state() != "ALARM", seconds=20)


def _refused(call: Callable[..., object], **arguments: Any) -> None:
    with contextlib.suppress(ClientError):
        call(**arguments)
        raise AssertionError("a call that must be refused was answered")


def _policy(scene: Scene, action: str) -> str:
    root = {"AWS": f"arn:aws:iam::{scene.aws.account}:root"}
    statement = {"Effect": "Allow", "Principal": root, "Action": action, "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})
