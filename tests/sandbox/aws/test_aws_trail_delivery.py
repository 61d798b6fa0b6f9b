"""Trails of the local AWS deliver: log files, signed digests, log groups; and no value goes with them."""

import base64
import gzip
import hashlib
import json
import os
import signal
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from sandbox.aws import process
from sandbox.aws.process import LocalAws
from tests.contract.aws.harness import ContractAws

ACCOUNT, REGION = "222233334444", "us-east-1"
CANARY = "canary-Zk3v9Qm2x7"


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("trail")
    yield folder
    process.stop(folder)


@pytest.fixture(scope="module")
def local(state: Path) -> LocalAws:
    return process.start(state, ACCOUNT, REGION)


@pytest.fixture
def aws(local: LocalAws) -> ContractAws:
    return _client_side(local)


def _client_side(local: LocalAws) -> ContractAws:
    return ContractAws(kind="sandbox", endpoint=local.endpoint, account=ACCOUNT, region=REGION)


def _bucket(aws: ContractAws, *, writable: bool = True) -> str:
    """A new bucket that the trail of the same name may write to."""
    s3, name = aws.client("s3"), f"audit-{uuid.uuid4()}"
    s3.create_bucket(Bucket=name)
    if writable:
        statement = {
            "Effect": "Allow",
            "Principal": {"Service": "cloudtrail.amazonaws.com"},
            "Action": "s3:PutObject",
            "Resource": f"arn:aws:s3:::{name}/AWSLogs/{ACCOUNT}/*",
            "Condition": {
                "StringEquals": {
                    "s3:x-amz-acl": "bucket-owner-full-control",
                    "aws:SourceArn": f"arn:aws:cloudtrail:{REGION}:{ACCOUNT}:trail/{name}",
                }
            },
        }
        s3.put_bucket_policy(Bucket=name, Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    return name


def _trail(aws: ContractAws, bucket: str, **arguments: Any) -> Any:
    client = aws.client("cloudtrail")
    client.create_trail(Name=bucket, S3BucketName=bucket, **{"IsMultiRegionTrail": True, **arguments})
    client.start_logging(Name=bucket)
    return client


def _files(aws: ContractAws, bucket: str, kind: str) -> dict[str, dict[str, Any]]:
    s3 = aws.client("s3")
    listed = s3.list_objects_v2(Bucket=bucket).get("Contents", [])
    return {
        item["Key"]: json.loads(gzip.decompress(s3.get_object(Bucket=bucket, Key=item["Key"])["Body"].read()))
        for item in listed
        if f"/{kind}/" in item["Key"]
    }


def _names(aws: ContractAws, bucket: str) -> list[str]:
    return [event["eventName"] for file in _files(aws, bucket, "CloudTrail").values() for event in file["Records"]]


def _verified(aws: ContractAws, bucket: str) -> list[str]:
    """What is wrong with the log files, found as AWS documents it: newest digest first, back along the chain.

    https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-log-file-custom-validation.html
    """
    s3, problems = aws.client("s3"), []
    known = {
        key["Fingerprint"]: serialization.load_der_public_key(_as_spki(base64.b64encode(key["Value"]).decode()))
        for key in aws.client("cloudtrail").list_public_keys()["PublicKeyList"]
    }
    digests = _files(aws, bucket, "CloudTrail-Digest")
    key: str | None = max(digests, key=lambda name: (digests[name]["digestEndTime"], len(name), name))
    while key is not None:
        found = s3.get_object(Bucket=bucket, Key=key)
        plain = gzip.decompress(found["Body"].read())
        digest = json.loads(plain)
        text = "\n".join(
            [
                digest["digestEndTime"],
                f"{digest['digestS3Bucket']}/{digest['digestS3Object']}",
                hashlib.sha256(plain).hexdigest(),
                digest["previousDigestSignature"] or "null",
            ]
        )
        public = known[digest["digestPublicKeyFingerprint"]]
        assert isinstance(public, rsa.RSAPublicKey)
        try:
            signature = bytes.fromhex(found["Metadata"]["signature"])
            public.verify(signature, text.encode(), padding.PKCS1v15(), hashes.SHA256())
        except InvalidSignature:
            problems.append(f"{key}: signature")
        for file in digest["logFiles"]:
            try:
                data = gzip.decompress(s3.get_object(Bucket=bucket, Key=file["s3Object"])["Body"].read())
            except ClientError:
                problems.append(f"{file['s3Object']}: missing")
                continue
            if hashlib.sha256(data).hexdigest() != file["hashValue"]:
                problems.append(f"{file['s3Object']}: hash")
        key = digest["previousDigestS3Object"]
    return problems


def _as_spki(value: str) -> bytes:
    public = serialization.load_pem_public_key(
        f"-----BEGIN RSA PUBLIC KEY-----\n{value}\n-----END RSA PUBLIC KEY-----".encode()
    )
    return public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def test_a_logging_trail_delivers_what_was_called_since_and_a_stopped_one_nothing(
    local: LocalAws, aws: ContractAws
) -> None:
    bucket = _bucket(aws)
    aws.secret()
    client = _trail(aws, bucket)
    name = aws.secret()
    local.ask("POST", "trail")
    delivered = _names(aws, bucket)
    assert delivered.count("CreateSecret") == 1
    assert "CreateTrail" not in delivered
    client.stop_logging(Name=bucket)
    local.ask("POST", "trail")
    aws.sm.describe_secret(SecretId=name)
    local.ask("POST", "trail")
    assert "DescribeSecret" not in _names(aws, bucket)
    status = client.get_trail_status(Name=bucket)
    assert status["IsLogging"] is False
    assert status["LatestDeliveryTime"]


def test_a_bucket_that_does_not_let_cloudtrail_write_is_shown_in_the_trails_status(
    local: LocalAws, aws: ContractAws
) -> None:
    bucket = _bucket(aws, writable=False)
    client = _trail(aws, bucket)
    aws.secret()
    local.ask("POST", "trail")
    assert _files(aws, bucket, "CloudTrail") == {}
    assert client.get_trail_status(Name=bucket)["LatestDeliveryError"] == "AccessDenied"


def test_selectors_decide_what_is_delivered(local: LocalAws, aws: ContractAws) -> None:
    bucket = _bucket(aws)
    client = _trail(aws, bucket)
    client.put_event_selectors(
        TrailName=bucket,
        EventSelectors=[
            {
                "ReadWriteType": "WriteOnly",
                "IncludeManagementEvents": True,
                "DataResources": [{"Type": "AWS::S3::Object", "Values": ["arn:aws:s3:::watched/"]}],
                "ExcludeManagementEventSources": ["kms.amazonaws.com"],
            }
        ],
    )
    s3 = aws.client("s3")
    for other in ("watched", "unwatched"):
        s3.create_bucket(Bucket=other)
        s3.put_object(Bucket=other, Key="k", Body=b"v")
    name = aws.secret()
    aws.sm.describe_secret(SecretId=name)
    aws.client("kms").create_key()
    local.ask("POST", "trail")
    records = [event for file in _files(aws, bucket, "CloudTrail").values() for event in file["Records"]]
    assert {event["requestParameters"]["bucket"] for event in records if event["eventName"] == "PutObject"} == {
        "watched"
    }
    names = {event["eventName"] for event in records}
    assert "CreateSecret" in names
    assert not names & {"DescribeSecret", "CreateKey"}


def test_events_reach_the_log_group_of_the_trail(local: LocalAws, aws: ContractAws) -> None:
    bucket, logs = _bucket(aws), aws.client("logs")
    logs.create_log_group(logGroupName=bucket)
    group = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{bucket}:*"
    _trail(aws, bucket, CloudWatchLogsLogGroupArn=group, CloudWatchLogsRoleArn=aws.role())
    aws.secret()
    local.ask("POST", "trail")
    messages = [json.loads(event["message"]) for event in logs.filter_log_events(logGroupName=bucket)["events"]]
    assert "CreateSecret" in [event["eventName"] for event in messages]


def test_digests_prove_every_log_file_and_show_one_that_was_changed_or_deleted(
    local: LocalAws, aws: ContractAws
) -> None:
    bucket = _bucket(aws)
    _trail(aws, bucket, EnableLogFileValidation=True)
    for _ in range(3):
        aws.secret()
        local.ask("POST", "trail")
    assert len(_files(aws, bucket, "CloudTrail-Digest")) >= 3
    assert _verified(aws, bucket) == []
    changed, deleted = sorted(_files(aws, bucket, "CloudTrail"))[:2]
    s3 = aws.client("s3")
    s3.put_object(Bucket=bucket, Key=changed, Body=gzip.compress(b'{"Records": []}'))
    s3.delete_object(Bucket=bucket, Key=deleted)
    assert sorted(_verified(aws, bucket)) == sorted([f"{changed}: hash", f"{deleted}: missing"])


def test_a_digest_that_was_rewritten_no_longer_has_its_signature(local: LocalAws, aws: ContractAws) -> None:
    bucket = _bucket(aws)
    _trail(aws, bucket, EnableLogFileValidation=True)
    aws.secret()
    local.ask("POST", "trail")
    key, digest = next(iter(_files(aws, bucket, "CloudTrail-Digest").items()))
    s3 = aws.client("s3")
    metadata = s3.head_object(Bucket=bucket, Key=key)["Metadata"]
    forged = gzip.compress(json.dumps({**digest, "logFiles": []}).encode())
    s3.put_object(Bucket=bucket, Key=key, Body=forged, Metadata=metadata)
    assert f"{key}: signature" in _verified(aws, bucket)


def test_what_was_recorded_survives_kill_9_and_is_delivered_once(tmp_path: Path) -> None:
    local = process.start(tmp_path / "aws", ACCOUNT, REGION)
    aws = _client_side(local)
    bucket = _bucket(aws)
    _trail(aws, bucket)
    name = aws.secret()
    os.kill(local.pid, signal.SIGKILL)
    os.waitpid(local.pid, 0)
    again = process.start(tmp_path / "aws", ACCOUNT, REGION)
    side = _client_side(again)
    again.ask("POST", "trail")
    again.ask("POST", "trail")
    events = [event for file in _files(side, bucket, "CloudTrail").values() for event in file["Records"]]
    assert [event["requestParameters"]["name"] for event in events if event["eventName"] == "CreateSecret"] == [name]
    found = side.client("cloudtrail").lookup_events(
        LookupAttributes=[{"AttributeKey": "ResourceName", "AttributeValue": name}]
    )["Events"]
    assert [event["EventName"] for event in found] == ["CreateSecret"]
    process.stop(tmp_path / "aws")


def test_no_value_is_on_record_anywhere(state: Path, local: LocalAws, aws: ContractAws) -> None:
    """A canary in every place where a call can carry a value; the files are searched after a delivery."""
    bucket, logs = _bucket(aws), aws.client("logs")
    logs.create_log_group(logGroupName=bucket)
    group = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{bucket}:*"
    _trail(aws, bucket, CloudWatchLogsLogGroupArn=group, CloudWatchLogsRoleArn=aws.role())
    secret = aws.secret(CANARY)
    aws.sm.put_secret_value(SecretId=secret, SecretBinary=CANARY.encode())
    aws.sm.update_secret(SecretId=secret, SecretString=CANARY)
    aws.sm.get_secret_value(SecretId=secret)
    aws.sm.batch_get_secret_value(SecretIdList=[secret])
    kms, key = aws.client("kms"), aws.key()
    cipher = kms.encrypt(KeyId=key, Plaintext=CANARY.encode())["CiphertextBlob"]
    kms.decrypt(CiphertextBlob=cipher)
    aws.client("ssm").put_parameter(Name="p", Value=CANARY, Type="SecureString")
    sns = aws.client("sns")
    sns.publish(TopicArn=sns.create_topic(Name="t")["TopicArn"], Message=CANARY)
    sqs = aws.client("sqs")
    sqs.send_message(QueueUrl=sqs.create_queue(QueueName="q")["QueueUrl"], MessageBody=CANARY)
    aws.client("iam").create_user(UserName="u")
    aws.client("iam").create_login_profile(UserName="u", Password=CANARY)
    aws.client("lambda").invoke(FunctionName=aws.function("def handle(e, c):\n    return 1"), Payload=f'"{CANARY}"')
    aws.function("def handle(e, c):\n    return 1", Environment={"Variables": {"A": CANARY}})
    with pytest.raises(ClientError):
        aws.sm.put_secret_value(SecretId="no-such-secret", SecretString=CANARY)
    made = aws.client("iam").create_access_key(UserName="u")["AccessKey"]["SecretAccessKey"]
    random = aws.sm.get_random_password()["RandomPassword"]
    local.ask("POST", "trail")
    recorded = json.dumps(local.ask("GET", "events?limit=1000"))
    assert "PutParameter" in recorded
    forms = [CANARY, base64.b64encode(CANARY.encode()).decode(), made, random]
    shipped = json.dumps(_files(aws, bucket, "CloudTrail"))
    logged = json.dumps(logs.filter_log_events(logGroupName=bucket)["events"])
    on_disk = b"".join(path.read_bytes() for path in state.glob("trail.sqlite*"))
    for form in forms:
        assert form not in recorded
        assert form not in shipped
        assert form not in logged
        assert form.encode() not in on_disk


def test_events_are_listed_for_a_person_from_where_they_left_off(local: LocalAws, aws: ContractAws) -> None:
    aws.secret()
    first = local.ask("GET", "events?limit=5")["events"]
    aws.sm.list_secrets()
    after = local.ask("GET", f"events?after={first[-1]['seq']}")["events"]
    assert [entry["event"]["eventName"] for entry in after] == ["ListSecrets"]
    assert abs(after[0]["at"] - time.time()) < 60
