"""CloudTrail: how events are looked up.

Source: https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html.
"""

import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.contract.aws.harness import ContractAws, error_of
from tests.contract.aws.recorded import events_of

pytestmark = pytest.mark.diverges


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
    found = events_of(aws, key, value, "CreateSecret")
    assert name in {event["requestParameters"]["name"] for event in found}


def test_an_event_is_found_by_its_id_its_access_key_and_its_user(aws: ContractAws) -> None:
    name = aws.secret()
    event = events_of(aws, "ResourceName", name, "CreateSecret")[0]
    key = event["userIdentity"]["accessKeyId"]
    assert events_of(aws, "EventId", event["eventID"], "CreateSecret") == [event]
    assert event in events_of(aws, "AccessKeyId", key, "CreateSecret")
    user = event["userIdentity"].get("userName") or event["userIdentity"]["arn"].rsplit("/", 1)[-1]
    assert event in events_of(aws, "Username", user, "CreateSecret")


def test_pages_are_newest_first_and_none_is_lost_between_them(aws: ContractAws) -> None:
    names = [aws.secret() for _ in range(3)]
    events_of(aws, "ResourceName", names[-1], "CreateSecret")
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
    event = events_of(aws, "ResourceName", name, "CreateSecret")[0]
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


def test_there_are_no_insights_where_none_were_asked_for(aws: ContractAws) -> None:
    aws.secret()
    assert aws.client("cloudtrail").lookup_events(EventCategory="insight")["Events"] == []


def test_reading_an_object_is_no_management_event(aws: ContractAws) -> None:
    """Data events are not in LookupEvents: "The event history ... management events only"."""
    bucket = f"llmobs-contract-{time.time_ns()}"
    s3 = aws.client("s3")
    s3.create_bucket(Bucket=bucket)
    s3.put_object(Bucket=bucket, Key="k", Body=b"v")
    s3.delete_object(Bucket=bucket, Key="k")
    s3.delete_bucket(Bucket=bucket)
    events_of(aws, "ResourceName", bucket, "DeleteBucket")
    attribute = [{"AttributeKey": "ResourceName", "AttributeValue": bucket}]
    found = aws.client("cloudtrail").lookup_events(LookupAttributes=attribute)["Events"]
    assert {event["EventName"] for event in found} == {"CreateBucket", "DeleteBucket"}
    created = json.loads(next(event["CloudTrailEvent"] for event in found if event["EventName"] == "CreateBucket"))
    assert created["requestParameters"]["bucketName"] == bucket
