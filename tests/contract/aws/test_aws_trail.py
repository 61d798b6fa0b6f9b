"""CloudTrail: what is on record of a call, and how it is looked up.

Sources: https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html and
userguide/cloudtrail-event-reference-record-contents.html. A real account shows an event after minutes: `_events` waits.
"""

import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.contract.aws.actors import allow
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
