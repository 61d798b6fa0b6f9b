"""What the rest of the local AWS asks of `Access`: services as callers, sessions of roles, time; in this process."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as Signing
from moto.iam.models import iam_backends
from moto.kms.models import kms_backends
from moto.s3.models import s3_backends
from moto.sns.models import sns_backends
from moto.sqs.models import sqs_backends

from sandbox.aws.access.access import Access
from sandbox.aws.access.temporary import TemporaryCredentials
from sandbox.aws.errors import AwsError
from sandbox.aws.exchange import Answer, Call, read_call
from sandbox.aws.functions.deployed import Credentials
from sandbox.aws.memory.memory import Memory
from sandbox.aws.secretsmanager.storage import SecretStorage
from sandbox.aws.settings import Settings

# An account of its own: moto's state is that of the process.
ACCOUNT, REGION = "555566667777", "us-east-1"
RULE = f"arn:aws:events:{REGION}:{ACCOUNT}:rule/rotate"


class Cloud:
    """An `Access` on moto's backends, with a clock that the test sets."""

    def __init__(self, state: Path) -> None:
        self.now = 1_700_000_000.0
        self.state = state
        settings = Settings(state=state, account=ACCOUNT, region=REGION, token="t")
        self.memory = Memory(state, account=ACCOUNT)
        self.access = Access(settings, memory=self.memory, storage=SecretStorage(state), clock=lambda: self.now)

    def role(self, name: str, policy: dict[str, Any] | None, **trusted: Any) -> str:
        """A role that a service may assume under the given conditions; its ARN."""
        iam = iam_backends[ACCOUNT]["aws"]
        trust = {
            "Effect": "Allow",
            "Principal": {"Service": "events.amazonaws.com"},
            "Action": "sts:AssumeRole",
            **({"Condition": trusted} if trusted else {}),
        }
        iam.create_role(name, _document(trust), "/", None, "", [], "3600")
        if policy is not None:
            iam.put_role_policy(name, "p", _document(policy))
        return f"arn:aws:iam::{ACCOUNT}:role/{name}"

    def call(self, credentials: Credentials, target: str, body: bytes = b"{}") -> Call:
        """A signed JSON call."""
        headers = {"Host": "127.0.0.1", "X-Amz-Target": target, "Content-Type": "application/x-amz-json-1.1"}
        request = AWSRequest("POST", "http://127.0.0.1/", data=body, headers=headers)
        service = target.partition(".")[0].replace("TrentService", "kms")
        signing = Signing(credentials.access_key, credentials.secret_key, credentials.token)
        SigV4Auth(signing, service, REGION).add_auth(request)
        sent = {name.lower(): str(value) for name, value in request.headers.items()}
        return read_call("POST", "/", "", sent, body, default_region=REGION, raw_path="/")


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[Cloud]:
    made = Cloud(tmp_path)
    yield made
    backends: list[Any] = [iam_backends, s3_backends, kms_backends, sns_backends, sqs_backends]
    for each in backends:
        each[ACCOUNT]["aws" if each in (iam_backends, s3_backends) else REGION].reset()
    made.access.close()
    made.memory.close()


def _document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def _allow(action: str, resource: str = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def _to(service: str, action: str, resource: str, **condition: Any) -> dict[str, Any]:
    more = {"Condition": condition} if condition else {}
    return _allow(action, resource, Principal={"Service": service}, **more)


def test_a_queue_takes_messages_of_the_rule_that_it_names(cloud: Cloud) -> None:
    queue: Any = sqs_backends[ACCOUNT][REGION].create_queue("q")
    arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}:q"
    may = cloud.access.service_may
    assert not may("events.amazonaws.com", "sqs:SendMessage", arn, source_arn=RULE)
    queue.policy = _document(_to("events.amazonaws.com", "sqs:SendMessage", arn, ArnEquals={"aws:SourceArn": RULE}))
    assert may("events.amazonaws.com", "sqs:SendMessage", arn, source_arn=RULE)
    assert not may("events.amazonaws.com", "sqs:SendMessage", arn, source_arn=f"{RULE}-other")
    assert not may("events.amazonaws.com", "sqs:SendMessage", arn)
    assert not may("sns.amazonaws.com", "sqs:SendMessage", arn, source_arn=RULE)
    assert not may("events.amazonaws.com", "sqs:ReceiveMessage", arn, source_arn=RULE)


def test_a_trail_writes_into_a_bucket_that_lets_it(cloud: Cloud) -> None:
    """Source: CloudTrail, userguide/create-s3-bucket-policy-for-cloudtrail.html."""
    trail = f"arn:aws:cloudtrail:{REGION}:{ACCOUNT}:trail/audit"
    bucket = s3_backends[ACCOUNT]["aws"].create_bucket("b-5555", REGION)
    item = f"arn:aws:s3:::b-5555/AWSLogs/{ACCOUNT}/x"
    condition = {"StringEquals": {"s3:x-amz-acl": "bucket-owner-full-control", "aws:SourceArn": trail}}
    bucket.policy = _document(
        _to("cloudtrail.amazonaws.com", "s3:GetBucketAcl", "arn:aws:s3:::b-5555"),
        _to("cloudtrail.amazonaws.com", "s3:PutObject", f"arn:aws:s3:::b-5555/AWSLogs/{ACCOUNT}/*", **condition),
    ).encode()
    may, acl = cloud.access.service_may, {"s3:x-amz-acl": "bucket-owner-full-control"}
    assert may("cloudtrail.amazonaws.com", "s3:GetBucketAcl", "arn:aws:s3:::b-5555", source_arn=trail)
    assert may("cloudtrail.amazonaws.com", "s3:PutObject", item, source_arn=trail, given=acl)
    assert not may("cloudtrail.amazonaws.com", "s3:PutObject", item, source_arn=trail)
    assert not may("cloudtrail.amazonaws.com", "s3:PutObject", item, source_arn=f"{trail}2", given=acl)


def test_the_default_policy_of_a_topic_is_for_alarms_of_the_account_only(cloud: Cloud) -> None:
    topic = sns_backends[ACCOUNT][REGION].create_topic("t").arn
    may = cloud.access.service_may
    assert may("cloudwatch.amazonaws.com", "sns:Publish", topic)
    assert not may("cloudwatch.amazonaws.com", "sns:Publish", topic, source_account="999999999999")
    assert not may("events.amazonaws.com", "sns:Publish", topic)


def test_a_service_uses_a_key_whose_policy_names_it(cloud: Cloud) -> None:
    """Source: CloudWatch Logs, encrypt-log-data-kms.html."""
    group = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/a"
    principal = f"logs.{REGION}.amazonaws.com"
    policy = _document(_to(principal, "kms:Encrypt*", "*", ArnLike={"kms:EncryptionContext:aws:logs:arn": f"{group}*"}))
    key = kms_backends[ACCOUNT][REGION].create_key(policy, "ENCRYPT_DECRYPT", "SYMMETRIC_DEFAULT", "", [])
    may, context = cloud.access.service_may, "kms:EncryptionContext:aws:logs:arn"
    assert may(principal, "kms:Encrypt", key.arn, given={context: f"{group}/b"})
    assert not may(principal, "kms:Encrypt", key.arn, given={context: "arn:aws:logs:us-east-1:1:log-group:/a"})
    assert not may(principal, "kms:Decrypt", key.arn, given={context: group})


def test_a_policy_that_cannot_be_read_allows_nothing(cloud: Cloud) -> None:
    bucket = s3_backends[ACCOUNT]["aws"].create_bucket("b-5556", REGION)
    bucket.policy = b'{"Statement": "nonsense"}'
    assert not cloud.access.service_may("s3.amazonaws.com", "s3:GetObject", "arn:aws:s3:::b-5556/x")


def test_a_service_gets_a_session_of_a_role_that_trusts_it_for_this_source(cloud: Cloud) -> None:
    """Source: IAM, confused-deputy.html."""
    condition = {"ArnEquals": {"aws:SourceArn": RULE}, "StringEquals": {"aws:SourceAccount": ACCOUNT}}
    role = cloud.role("target", None, **condition)
    assume = cloud.access.role_session
    made = assume(role, service="events.amazonaws.com", session_name="s2", source_arn=RULE)
    assert made.access_key.startswith("ASIA")
    for service, source in (("events.amazonaws.com", f"{RULE}2"), ("scheduler.amazonaws.com", RULE)):
        with pytest.raises(AwsError, match="is not authorized to perform: sts:AssumeRole on resource"):
            assume(role, service=service, session_name="s2", source_arn=source)
    with pytest.raises(AwsError, match="is not authorized to perform: sts:AssumeRole"):
        assume(f"arn:aws:iam::{ACCOUNT}:role/absent", service="events.amazonaws.com", session_name="s2")


def test_what_a_session_of_a_role_may_do_can_be_asked_beforehand(cloud: Cloud) -> None:
    queue = f"arn:aws:sqs:{REGION}:{ACCOUNT}:q"
    role = cloud.role("sender", _allow("sqs:SendMessage", queue))
    may = cloud.access.role_may
    assert may(role, "sqs:SendMessage", queue, session_name="x")
    assert not may(role, "sqs:ReceiveMessage", queue, session_name="x")
    assert not may(f"{role}-absent", "sqs:SendMessage", queue, session_name="x")


def test_temporary_credentials_end_on_time_and_outlive_the_process(cloud: Cloud) -> None:
    role = cloud.role("short", _allow("secretsmanager:ListSecrets"))
    made = cloud.access.role_session(role, service="events.amazonaws.com", session_name="s2")
    call = cloud.call(made, "secretsmanager.ListSecrets")
    again = TemporaryCredentials(cloud.state)
    assert again.get(made.access_key) is not None
    again.close()
    cloud.now += 3599
    assert cloud.access.identify(call).caller is not None
    cloud.now += 2
    with pytest.raises(AwsError) as caught:
        cloud.access.identify(call)
    assert (caught.value.code, caught.value.status) == ("ExpiredTokenException", 400)


def test_a_role_that_was_deleted_leaves_its_sessions_without_permission(cloud: Cloud) -> None:
    role = cloud.role("gone", _allow("secretsmanager:ListSecrets"))
    made = cloud.access.role_session(role, service="events.amazonaws.com", session_name="s2")
    call = cloud.access.identify(cloud.call(made, "secretsmanager.ListSecrets"))
    assert cloud.access.judge(call, _served).status == 200
    iam = iam_backends[ACCOUNT]["aws"]
    iam.delete_role_policy("gone", "p")
    iam.delete_role("gone")
    call = cloud.access.identify(cloud.call(made, "secretsmanager.ListSecrets"))
    assert cloud.access.judge(call, _served).status == 400


def test_an_operation_without_a_rule_is_for_those_who_may_do_it_everywhere(cloud: Cloud) -> None:
    some = cloud.role("some", _allow("kms:ConnectCustomKeyStore", f"arn:aws:kms:{REGION}:{ACCOUNT}:key/x"))
    every = cloud.role("every", _allow("kms:*"))
    answers = []
    for role in (some, every):
        made = cloud.access.role_session(role, service="events.amazonaws.com", session_name="s2")
        call = cloud.access.identify(cloud.call(made, "TrentService.ConnectCustomKeyStore"))
        answers.append(cloud.access.judge(call, _served))
    assert [answer.status for answer in answers] == [400, 200]
    assert b"The local AWS has no rule for kms:ConnectCustomKeyStore" in answers[0].body


def _served(_call: Call) -> Answer:
    return Answer(status=200, body=b"{}")
