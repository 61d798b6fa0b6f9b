"""Trails of the local AWS deliver what they ask for, where they may, once; and go on after kill -9."""

import json
import os
import signal
import uuid
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from sandbox.aws import process
from tests.contract.aws.harness import eventually
from tests.sandbox.aws.trail_bench import ACCOUNT, REGION, TrailBench, bucket_policy, policy


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TrailBench]:
    folder = tmp_path_factory.mktemp("trail")
    yield TrailBench.of(process.start(folder, ACCOUNT, REGION))
    process.stop(folder)


def test_a_logging_trail_delivers_what_was_called_since_and_a_stopped_one_nothing(bench: TrailBench) -> None:
    bench.aws.secret()
    bucket = bench.trail()
    name = bench.aws.secret()
    bench.deliver()
    delivered = bench.names(bucket)
    assert delivered.count("CreateSecret") == 1
    assert "CreateTrail" not in delivered
    client = bench.aws.client("cloudtrail")
    client.stop_logging(Name=bucket)
    bench.aws.sm.describe_secret(SecretId=name)
    bench.deliver()
    delivered = bench.names(bucket)
    assert delivered.count("StopLogging") == 1
    assert "DescribeSecret" not in delivered
    assert bench.lookup("ResourceName", name)[0]["eventName"] == "DescribeSecret"
    status = client.get_trail_status(Name=bucket)
    assert status["IsLogging"] is False
    assert status["LatestDeliveryTime"]
    assert status["TimeLoggingStopped"] >= status["TimeLoggingStarted"]


def test_what_was_called_before_a_trail_stops_is_delivered_before_it_starts_again(bench: TrailBench) -> None:
    bucket, client = bench.trail(), bench.aws.client("cloudtrail")
    name = bench.aws.secret()
    client.stop_logging(Name=bucket)
    client.start_logging(Name=bucket)
    created = [event for event in bench.records(bucket) if event["eventName"] == "CreateSecret"]
    assert [event["requestParameters"]["name"] for event in created] == [name]


def test_nobody_has_to_ask_for_a_delivery(bench: TrailBench) -> None:
    bucket = bench.trail()
    bench.aws.secret()
    eventually(lambda: "CreateSecret" in bench.names(bucket))


def test_what_a_bucket_refuses_is_in_the_trails_status_and_delivered_once_it_lets_cloudtrail_write(
    bench: TrailBench,
) -> None:
    bucket, s3, client = bench.trail(), bench.aws.client("s3"), bench.aws.client("cloudtrail")
    bench.deliver()
    s3.delete_bucket_policy(Bucket=bucket)
    bench.aws.secret()
    bench.deliver()
    assert "CreateSecret" not in bench.names(bucket)
    status = client.get_trail_status(Name=bucket)
    assert status["LatestDeliveryError"] == "AccessDenied"
    assert status["LatestDeliveryAttemptTime"]
    s3.put_bucket_policy(Bucket=bucket, Policy=bucket_policy(bucket))
    bench.deliver()
    assert bench.names(bucket).count("CreateSecret") == 1
    assert "LatestDeliveryError" not in client.get_trail_status(Name=bucket)


def test_basic_selectors_decide_what_is_delivered(bench: TrailBench) -> None:
    bucket = bench.trail()
    watched, unwatched = f"watched-{uuid.uuid4()}", f"unwatched-{uuid.uuid4()}"
    selector = {
        "ReadWriteType": "WriteOnly",
        "IncludeManagementEvents": True,
        "DataResources": [{"Type": "AWS::S3::Object", "Values": [f"arn:aws:s3:::{watched}/in/"]}],
        "ExcludeManagementEventSources": ["kms.amazonaws.com"],
    }
    bench.aws.client("cloudtrail").put_event_selectors(TrailName=bucket, EventSelectors=[selector])
    s3 = bench.aws.client("s3")
    for other in (watched, unwatched):
        s3.create_bucket(Bucket=other)
        s3.put_object(Bucket=other, Key="in/k", Body=b"v")
    s3.put_object(Bucket=watched, Key="out/k", Body=b"v")
    s3.get_object(Bucket=watched, Key="in/k")
    name = bench.aws.secret()
    bench.aws.sm.describe_secret(SecretId=name)
    bench.aws.key()
    bench.deliver()
    records = bench.records(bucket)
    data = [event for event in records if not event["managementEvent"]]
    assert [(event["eventName"], event["requestParameters"]["key"]) for event in data] == [("PutObject", "in/k")]
    assert data[0]["requestParameters"]["bucketName"] == watched
    assert {"type": "AWS::S3::Object", "ARN": f"arn:aws:s3:::{watched}/in/k", "accountId": ACCOUNT} in data[0][
        "resources"
    ]
    names = {event["eventName"] for event in records}
    assert "CreateSecret" in names
    assert not names & {"DescribeSecret", "CreateKey"}


def test_advanced_selectors_decide_what_is_delivered_and_basic_ones_put_later_replace_them(bench: TrailBench) -> None:
    bucket, client = bench.trail(), bench.aws.client("cloudtrail")
    queue = bench.aws.client("sqs").create_queue(QueueName=f"q-{uuid.uuid4()}")["QueueUrl"]
    fields = [
        {"Field": "eventCategory", "Equals": ["Data"]},
        {"Field": "resources.type", "Equals": ["AWS::SQS::Queue"]},
        {"Field": "resources.ARN", "EndsWith": [queue.rsplit("/", 1)[-1]]},
        {"Field": "eventName", "NotEquals": ["ReceiveMessage"]},
    ]
    client.put_event_selectors(TrailName=bucket, AdvancedEventSelectors=[{"Name": "queue", "FieldSelectors": fields}])
    bench.deliver()
    before = Counter(bench.names(bucket))
    sqs = bench.aws.client("sqs")
    sqs.send_message(QueueUrl=queue, MessageBody="m")
    sqs.receive_message(QueueUrl=queue)
    bench.aws.secret()
    bench.deliver()
    assert Counter(bench.names(bucket)) - before == Counter(["SendMessage"])
    client.put_event_selectors(TrailName=bucket, EventSelectors=[{"ReadWriteType": "All"}])
    bench.aws.secret()
    sqs.send_message(QueueUrl=queue, MessageBody="m")
    bench.deliver()
    assert bench.names(bucket).count("SendMessage") == 1
    assert "CreateSecret" in bench.names(bucket)


def test_a_trail_of_one_region_delivers_that_region_and_global_services_only_from_home(bench: TrailBench) -> None:
    away = bench.aws.client("cloudtrail", "eu-west-1")
    name = f"away-{uuid.uuid4()}"
    s3 = bench.aws.client("s3")
    s3.create_bucket(Bucket=name)
    s3.put_bucket_policy(Bucket=name, Policy=bucket_policy(name).replace(f":{REGION}:", ":eu-west-1:"))
    away.create_trail(Name=name, S3BucketName=name, IsMultiRegionTrail=False)
    away.start_logging(Name=name)
    bench.aws.client("secretsmanager", "eu-west-1").list_secrets()
    bench.aws.sm.describe_secret(SecretId=bench.aws.secret())
    bench.aws.client("iam").list_users()
    bench.deliver()
    assert {event["awsRegion"] for event in bench.records(name)} == {"eu-west-1"}
    assert "ListSecrets" in bench.names(name)
    assert all(
        "/CloudTrail/eu-west-1/" in key and f"{ACCOUNT}_CloudTrail_eu-west-1_" in key for key in bench.files(name)
    )


def test_events_reach_the_log_group_of_the_trail_when_its_role_may_write_there(bench: TrailBench) -> None:
    logs, bucket, client = bench.aws.client("logs"), bench.bucket(), bench.aws.client("cloudtrail")
    group = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{bucket}:*"
    with pytest.raises(ClientError) as refused:
        bench.trail(bucket, CloudWatchLogsLogGroupArn=group, CloudWatchLogsRoleArn=bench.aws.role())
    assert refused.value.response["Error"]["Code"] == "InvalidCloudWatchLogsLogGroupArnException"
    logs.create_log_group(logGroupName=bucket)
    bench.trail(bucket, CloudWatchLogsLogGroupArn=group, CloudWatchLogsRoleArn=bench.aws.role())
    bench.aws.secret()
    bench.deliver()
    messages = [json.loads(event["message"]) for event in logs.filter_log_events(logGroupName=bucket)["events"]]
    assert "CreateSecret" in [event["eventName"] for event in messages]
    assert client.get_trail_status(Name=bucket)["LatestCloudWatchLogsDeliveryTime"]


def test_a_topic_is_told_of_every_log_file(bench: TrailBench) -> None:
    """https://docs.aws.amazon.com/awscloudtrail/latest/userguide/configure-sns-notifications-for-cloudtrail.html."""
    sns, sqs, bucket = bench.aws.client("sns"), bench.aws.client("sqs"), bench.bucket()
    topic = sns.create_topic(Name=bucket)["TopicArn"]
    arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}:{bucket}"
    queue = sqs.create_queue(QueueName=bucket)["QueueUrl"]
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": _open("sns", "sqs:SendMessage", arn)})
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes={"RawMessageDelivery": "true"})
    with pytest.raises(ClientError) as refused:
        bench.trail(bucket, SnsTopicName=bucket)
    assert refused.value.response["Error"]["Code"] == "InsufficientSnsTopicPolicyException"
    sns.set_topic_attributes(
        TopicArn=topic, AttributeName="Policy", AttributeValue=_open("cloudtrail", "sns:Publish", topic)
    )
    bench.trail(bucket, SnsTopicName=bucket)
    bench.aws.secret()
    bench.deliver()
    received = [
        json.loads(message["Body"])
        for message in sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10)["Messages"]
    ]
    assert {key for notice in received for key in notice["s3ObjectKey"]} == set(bench.files(bucket))
    assert {notice["s3Bucket"] for notice in received} == {bucket}
    assert bench.aws.client("cloudtrail").get_trail_status(Name=bucket)["LatestNotificationTime"]


def test_files_go_under_the_prefix_and_are_encrypted_with_the_trails_key(bench: TrailBench) -> None:
    key, s3, name = bench.aws.key(), bench.aws.client("s3"), f"audit-{uuid.uuid4()}"
    s3.create_bucket(Bucket=name)
    s3.put_bucket_policy(Bucket=name, Policy=bucket_policy(name, prefix="logs/"))
    arguments = {"S3KeyPrefix": "logs", "KmsKeyId": key, "EnableLogFileValidation": True}
    with pytest.raises(ClientError) as refused:
        bench.trail(name, **arguments)
    assert refused.value.response["Error"]["Code"] == "InsufficientEncryptionPolicyException"
    own = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "kms:*", "Resource": "*"}
    trail = {
        "Effect": "Allow",
        "Principal": {"Service": "cloudtrail.amazonaws.com"},
        "Action": "kms:GenerateDataKey*",
        "Resource": "*",
        "Condition": {
            "StringLike": {"kms:EncryptionContext:aws:cloudtrail:arn": f"arn:aws:cloudtrail:*:{ACCOUNT}:trail/*"}
        },
    }
    bench.aws.client("kms").put_key_policy(KeyId=key, PolicyName="default", Policy=policy(own, trail))
    bench.trail(name, **arguments)
    bench.aws.secret()
    bench.deliver()
    assert bench.problems(name) == []
    file = next(iter(bench.files(name)))
    assert file.startswith(f"logs/AWSLogs/{ACCOUNT}/CloudTrail/{REGION}/")
    head = s3.head_object(Bucket=name, Key=file)
    assert (head["ServerSideEncryption"], head["SSEKMSKeyId"]) == ("aws:kms", key)


def test_what_was_recorded_survives_kill_9_and_is_delivered_once(tmp_path: Path) -> None:
    bench = TrailBench.of(process.start(tmp_path / "aws", ACCOUNT, REGION))
    bucket = bench.trail(EnableLogFileValidation=True)
    name = bench.aws.secret()
    os.kill(bench.local.pid, signal.SIGKILL)
    os.waitpid(bench.local.pid, 0)
    again = TrailBench.of(process.start(tmp_path / "aws", ACCOUNT, REGION))
    again.deliver()
    again.deliver()
    created = [event for event in again.records(bucket) if event["eventName"] == "CreateSecret"]
    assert [event["requestParameters"]["name"] for event in created] == [name]
    assert again.problems(bucket) == []
    assert [event["eventName"] for event in again.lookup("ResourceName", name)] == ["CreateSecret"]
    process.stop(tmp_path / "aws")


def _open(service: str, action: str, resource: str) -> str:
    principal = {"Service": f"{service}.amazonaws.com"}
    return policy({"Effect": "Allow", "Principal": principal, "Action": action, "Resource": resource})
