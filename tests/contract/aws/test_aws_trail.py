"""CloudTrail: what is on record of a call, and how it is looked up.

Sources: https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html and
userguide/cloudtrail-event-reference-record-contents.html. A real account shows an event after minutes: `_events` waits.
"""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.contract.aws.actors import allow, document
from tests.contract.aws.harness import ContractAws, error_of, eventually

pytestmark = pytest.mark.diverges


def _events(aws: ContractAws, key: str, value: str, name: str) -> list[dict[str, Any]]:
    """The events of one operation by one attribute, newest first, once there are any."""
    client = aws.client("cloudtrail")

    def found() -> list[dict[str, Any]]:
        looked_up = client.lookup_events(LookupAttributes=[{"AttributeKey": key, "AttributeValue": value}])["Events"]
        return [json.loads(event["CloudTrailEvent"]) for event in looked_up if event["EventName"] == name]

    return eventually(found, seconds=900 if aws.kind == "real" else 5)


def test_a_read_is_on_record_with_who_when_from_where_and_what(aws: ContractAws) -> None:
    secret = aws.secret()
    arn = aws.sm.get_secret_value(SecretId=secret)["ARN"]
    event = _events(aws, "ResourceName", arn, "GetSecretValue")[0]
    identity = aws.client("sts").get_caller_identity()
    assert event["userIdentity"]["arn"] == identity["Arn"]
    assert event["userIdentity"]["accountId"] == aws.account
    assert event["eventSource"] == "secretsmanager.amazonaws.com"
    assert event["awsRegion"] == aws.region
    assert event["sourceIPAddress"]
    assert "boto3" in event["userAgent"].lower()
    assert event["requestParameters"]["secretId"] == secret
    assert event["readOnly"] is True
    assert event["responseElements"] is None
    assert "errorCode" not in event
    assert abs(datetime.fromisoformat(event["eventTime"]).timestamp() - time.time()) < 120


def test_a_write_is_on_record_without_its_value(aws: ContractAws) -> None:
    """requestParameters and responseElements of PutSecretValue hold no SecretString.

    https://docs.aws.amazon.com/secretsmanager/latest/userguide/cloudtrail_log_entries.html.
    """
    secret = aws.secret()
    version = aws.sm.put_secret_value(SecretId=secret, SecretString="never-on-record")["VersionId"]
    event = _events(aws, "ResourceName", secret, "PutSecretValue")[0]
    assert event["readOnly"] is False
    assert event["responseElements"]["versionId"] == version
    assert "never-on-record" not in json.dumps(event)


def test_a_call_that_failed_is_on_record_with_its_error(aws: ContractAws) -> None:
    name = aws.name()
    with pytest.raises(ClientError):
        aws.sm.describe_secret(SecretId=name)
    event = _events(aws, "ResourceName", name, "DescribeSecret")[0]
    assert event["errorCode"] == "ResourceNotFoundException"
    assert event["errorMessage"]


def test_a_denied_read_of_a_role_is_on_record_with_the_role_behind_its_session(aws: ContractAws) -> None:
    """https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html."""
    secret = aws.secret()
    actor = aws.as_role(allow("secretsmanager:DescribeSecret"))
    arn = actor.client("secretsmanager").describe_secret(SecretId=secret)["ARN"]
    with pytest.raises(ClientError):
        actor.client("secretsmanager").get_secret_value(SecretId=arn)
    event = _events(aws, "ResourceName", arn, "GetSecretValue")[0]
    assert event["errorCode"].startswith("AccessDenied")
    who = event["userIdentity"]
    assert who["type"] == "AssumedRole"
    assert who["sessionContext"]["sessionIssuer"]["arn"] == actor.arn
    assert who["sessionContext"]["attributes"]["mfaAuthenticated"] == "false"


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("EventName", "CreateSecret"),
        ("EventSource", "secretsmanager.amazonaws.com"),
        ("ReadOnly", "false"),
        ("ResourceType", "AWS::SecretsManager::Secret"),
    ],
)
def test_events_are_found_by_each_attribute(aws: ContractAws, key: str, value: str) -> None:
    name = aws.secret()
    found = _events(aws, key, value, "CreateSecret")
    assert name in {event["requestParameters"]["name"] for event in found}


def test_an_event_is_found_by_its_id_its_access_key_and_its_user(aws: ContractAws) -> None:
    name = aws.secret()
    event = _events(aws, "ResourceName", name, "CreateSecret")[0]
    key = event["userIdentity"]["accessKeyId"]
    assert _events(aws, "EventId", event["eventID"], "CreateSecret") == [event]
    assert event in _events(aws, "AccessKeyId", key, "CreateSecret")
    user = event["userIdentity"].get("userName") or event["userIdentity"]["arn"].rsplit("/", 1)[-1]
    assert event in _events(aws, "Username", user, "CreateSecret")


def test_pages_are_newest_first_and_none_is_lost_between_them(aws: ContractAws) -> None:
    names = [aws.secret() for _ in range(3)]
    _events(aws, "ResourceName", names[-1], "CreateSecret")
    client = aws.client("cloudtrail")
    asked = {"LookupAttributes": [{"AttributeKey": "EventName", "AttributeValue": "CreateSecret"}], "MaxResults": 1}
    seen, token = [], None
    for _ in names:
        page = client.lookup_events(**asked, **({"NextToken": token} if token else {}))
        seen += [json.loads(event["CloudTrailEvent"])["requestParameters"]["name"] for event in page["Events"]]
        token = page.get("NextToken")
    assert seen == names[::-1]


def test_a_time_range_bounds_what_is_found(aws: ContractAws) -> None:
    name = aws.secret()
    event = _events(aws, "ResourceName", name, "CreateSecret")[0]
    at = datetime.fromisoformat(event["eventTime"])
    attribute = [{"AttributeKey": "ResourceName", "AttributeValue": name}]
    client = aws.client("cloudtrail")

    def found(start: datetime, end: datetime) -> int:
        return len(client.lookup_events(LookupAttributes=attribute, StartTime=start, EndTime=end)["Events"])

    assert found(at - timedelta(minutes=1), at + timedelta(minutes=1)) == 1
    assert found(at - timedelta(minutes=2), at - timedelta(minutes=1)) == 0
    assert found(at + timedelta(minutes=1), at + timedelta(minutes=2)) == 0


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ({"MaxResults": 51}, "InvalidMaxResultsException"),
        (
            {"StartTime": datetime(2026, 1, 2, tzinfo=UTC), "EndTime": datetime(2026, 1, 1, tzinfo=UTC)},
            "InvalidTimeRangeException",
        ),
        ({"NextToken": "bm90IGEgdG9rZW4="}, "InvalidNextTokenException"),
        (
            {
                "LookupAttributes": [
                    {"AttributeKey": "EventName", "AttributeValue": "a"},
                    {"AttributeKey": "Username", "AttributeValue": "b"},
                ]
            },
            "InvalidLookupAttributesException",
        ),
    ],
    ids=["51 results", "end before start", "foreign token", "two attributes"],
)
def test_a_wrong_question_gets_its_documented_error(aws: ContractAws, arguments: dict[str, Any], code: str) -> None:
    client = aws.client("cloudtrail")
    client.meta.events.register("before-parameter-build", lambda **_given: None)
    with pytest.raises(ClientError) as caught:
        client.lookup_events(**arguments)
    assert error_of(caught.value)[0] == code


def test_reading_a_secret_puts_the_use_of_its_key_on_record_for_the_same_principal(aws: ContractAws) -> None:
    """https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html."""
    key = aws.key()
    arn = aws.sm.get_secret_value(SecretId=aws.secret(KmsKeyId=key))["ARN"]
    uses = _events(aws, "ResourceName", key, "Decrypt")
    event = next(use for use in uses if use["requestParameters"]["encryptionContext"]["SecretARN"] == arn)
    assert event["eventSource"] == "kms.amazonaws.com"
    assert event["userIdentity"]["invokedBy"] == "secretsmanager.amazonaws.com"
    assert event["userIdentity"]["arn"] == aws.client("sts").get_caller_identity()["Arn"]


@pytest.mark.executes
def test_a_rotation_is_on_record_from_its_start_to_its_end(aws: ContractAws) -> None:
    """https://docs.aws.amazon.com/secretsmanager/latest/userguide/cloudtrail_log_entries.html."""
    secret, function = aws.secret(), aws.function("def handle(event, context):\n    raise ValueError('no')")
    rules = {"AutomaticallyAfterDays": 30}
    arn = aws.sm.rotate_secret(SecretId=secret, RotationLambdaARN=function, RotationRules=rules)["ARN"]
    failed = _events(aws, "ResourceName", arn, "RotationFailed")[0]
    assert failed["eventType"] == "AwsServiceEvent"
    assert failed["userIdentity"]["invokedBy"] == "secretsmanager.amazonaws.com"
    assert _events(aws, "ResourceName", arn, "RotationStarted")
    aws.sm.cancel_rotate_secret(SecretId=secret)


def test_reading_an_object_is_no_management_event(aws: ContractAws) -> None:
    """Data events are not in LookupEvents: "The event history ... management events only"."""
    bucket = f"llmobs-contract-{time.time_ns()}"
    s3 = aws.client("s3")
    s3.create_bucket(Bucket=bucket)
    s3.put_object(Bucket=bucket, Key="k", Body=b"v")
    s3.delete_object(Bucket=bucket, Key="k")
    s3.delete_bucket(Bucket=bucket)
    _events(aws, "ResourceName", bucket, "DeleteBucket")
    attribute = [{"AttributeKey": "ResourceName", "AttributeValue": bucket}]
    found = aws.client("cloudtrail").lookup_events(LookupAttributes=attribute)["Events"]
    assert {event["EventName"] for event in found} == {"CreateBucket", "DeleteBucket"}
    created = json.loads(next(event["CloudTrailEvent"] for event in found if event["EventName"] == "CreateBucket"))
    assert created["requestParameters"]["bucketName"] == bucket


def test_an_event_has_the_request_id_that_the_caller_was_given(aws: ContractAws) -> None:
    answer = aws.sm.describe_secret(SecretId=aws.secret())
    event = _events(aws, "ResourceName", answer["ARN"], "DescribeSecret")[0]
    assert event["requestID"] == answer["ResponseMetadata"]["RequestId"]


def test_taking_a_role_tells_the_access_key_of_the_session_and_not_its_token(aws: ContractAws) -> None:
    """The key ties later calls to this one: https://docs.aws.amazon.com/IAM/latest/UserGuide/cloudtrail-integration.html."""
    actor = aws.as_role(allow("secretsmanager:ListSecrets"))
    event = _events(aws, "ResourceName", actor.arn, "AssumeRole")[0]
    assert event["responseElements"]["credentials"]["accessKeyId"] == actor.credentials["aws_access_key_id"]
    assert actor.credentials["aws_session_token"] not in json.dumps(event)
    assert actor.credentials["aws_secret_access_key"] not in json.dumps(event)
    actor.client("secretsmanager").list_secrets()
    listed = _events(aws, "AccessKeyId", actor.credentials["aws_access_key_id"], "ListSecrets")[0]
    assert listed["userIdentity"]["sessionContext"]["sessionIssuer"]["userName"] == actor.name


def test_an_event_of_lambda_bears_the_date_of_its_api_and_no_environment(aws: ContractAws) -> None:
    """https://docs.aws.amazon.com/lambda/latest/dg/logging-using-cloudtrail.html."""
    function = aws.function("def handle(e, c):\n    return 1", Environment={"Variables": {"A": "never-on-record"}})
    event = _events(aws, "ResourceName", function, "CreateFunction20150331")[0]
    assert event["requestParameters"]["handler"] == "f.handle"
    assert "never-on-record" not in json.dumps(event)


def test_an_error_of_iam_has_the_name_of_its_exception(aws: ContractAws) -> None:
    name = f"llmobs-none-{time.time_ns()}"
    with pytest.raises(ClientError) as caught:
        aws.client("iam").get_role(RoleName=name)
    assert error_of(caught.value)[0] == "NoSuchEntity"
    assert _events(aws, "ResourceName", name, "GetRole")[0]["errorCode"] == "NoSuchEntityException"


def test_a_denied_use_of_a_key_is_on_record_with_what_was_denied(aws: ContractAws) -> None:
    """https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html."""
    key = aws.key()
    arn = aws.sm.describe_secret(SecretId=aws.secret(KmsKeyId=key))["ARN"]
    actor = aws.as_role(allow("secretsmanager:GetSecretValue"))
    with pytest.raises(ClientError):
        actor.client("secretsmanager").get_secret_value(SecretId=arn)
    uses = _events(aws, "ResourceName", key, "Decrypt")
    denied = next(use for use in uses if use.get("errorCode"))
    assert denied["errorCode"].startswith("AccessDenied")
    assert denied["userIdentity"]["arn"].endswith(actor.name) or actor.name in denied["userIdentity"]["arn"]


def test_there_are_no_insights_where_none_were_asked_for(aws: ContractAws) -> None:
    aws.secret()
    assert aws.client("cloudtrail").lookup_events(EventCategory="insight")["Events"] == []


def test_a_trail_is_refused_a_bucket_that_does_not_let_cloudtrail_write(aws: ContractAws) -> None:
    """https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-s3-bucket-policy-for-cloudtrail.html."""
    name = f"llmobs-contract-{time.time_ns()}"
    s3, trails = aws.client("s3"), aws.client("cloudtrail")
    s3.create_bucket(Bucket=name)
    with pytest.raises(ClientError) as caught:
        trails.create_trail(Name=name, S3BucketName=name)
    assert error_of(caught.value)[0] == "InsufficientS3BucketPolicyException"
    s3.delete_bucket(Bucket=name)


def test_the_keys_that_digests_are_signed_with_are_listed(aws: ContractAws) -> None:
    """https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_ListPublicKeys.html."""
    with _logging_trail(aws, EnableLogFileValidation=True):
        keys = aws.client("cloudtrail").list_public_keys()["PublicKeyList"]
    assert keys
    assert all(key["Fingerprint"] and key["Value"] for key in keys)
    assert any(key["ValidityStartTime"].timestamp() <= time.time() < key["ValidityEndTime"].timestamp() for key in keys)


def test_the_end_of_logging_is_told_to_a_rule(aws: ContractAws) -> None:
    """The trail that ends still logs that it does.

    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-service-event-cloudtrail.html
    """
    events, sqs, name = aws.client("events"), aws.client("sqs"), f"llmobs-contract-{time.time_ns()}"
    queue = sqs.create_queue(QueueName=name)["QueueUrl"]
    arn = f"arn:aws:sqs:{aws.region}:{aws.account}:{name}"
    pattern = {"source": ["aws.cloudtrail"], "detail": {"eventName": ["StopLogging"]}}
    rule = events.put_rule(Name=name, EventPattern=json.dumps(pattern))["RuleArn"]
    sender = {
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": arn,
        "Condition": {"ArnEquals": {"aws:SourceArn": rule}},
    }
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": document(sender)})
    events.put_targets(Rule=name, Targets=[{"Id": "q", "Arn": arn}])
    try:
        with _logging_trail(aws) as trail:
            aws.client("cloudtrail").stop_logging(Name=trail)
            received = eventually(
                lambda: sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=1).get("Messages"),
                seconds=900 if aws.kind == "real" else 5,
            )
        event = json.loads(received[0]["Body"])
        assert event["detail-type"] == "AWS API Call via CloudTrail"
        assert event["detail"]["requestParameters"]["name"] == trail
    finally:
        events.remove_targets(Rule=name, Ids=["q"])
        events.delete_rule(Name=name)
        sqs.delete_queue(QueueUrl=queue)


@contextmanager
def _logging_trail(aws: ContractAws, **arguments: Any) -> Iterator[str]:
    """A trail that logs into a bucket of its own, with the policy that AWS documents; its name."""
    s3, trails, name = aws.client("s3"), aws.client("cloudtrail"), f"llmobs-contract-{time.time_ns()}"
    s3.create_bucket(Bucket=name)
    principal = {"Service": "cloudtrail.amazonaws.com"}
    statements = [
        {"Effect": "Allow", "Principal": principal, "Action": action, "Resource": f"arn:aws:s3:::{name}{objects}"}
        for action, objects in (("s3:GetBucketAcl", ""), ("s3:PutObject", f"/AWSLogs/{aws.account}/*"))
    ]
    s3.put_bucket_policy(Bucket=name, Policy=document(*statements))
    trails.create_trail(Name=name, S3BucketName=name, **arguments)
    try:
        trails.start_logging(Name=name)
        yield name
    finally:
        trails.delete_trail(Name=name)
        for item in s3.list_objects_v2(Bucket=name).get("Contents", []):
            s3.delete_object(Bucket=name, Key=item["Key"])
        s3.delete_bucket(Bucket=name)
