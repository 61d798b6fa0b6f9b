"""CloudTrail: trails, where they may deliver to, and who hears of their end.

Source: https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_CreateTrail.html.
"""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.contract.aws.actors import document
from tests.contract.aws.harness import ContractAws, error_of, eventually
from tests.contract.aws.hearing import let_in, new_queue, received

pytestmark = pytest.mark.diverges


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
    events, name = aws.client("events"), f"llmobs-contract-{time.time_ns()}"
    queue, arn = new_queue(aws)
    pattern = {"source": ["aws.cloudtrail"], "detail": {"eventName": ["StopLogging"]}}
    rule = events.put_rule(Name=name, EventPattern=json.dumps(pattern))["RuleArn"]
    let_in(aws, queue, arn, service="events", source=rule)
    events.put_targets(Rule=name, Targets=[{"Id": "q", "Arn": arn}])
    try:
        with _logging_trail(aws) as trail:
            aws.client("cloudtrail").stop_logging(Name=trail)
            event = eventually(lambda: received(aws, queue), seconds=900 if aws.kind == "real" else 5)[0]
        assert event["detail-type"] == "AWS API Call via CloudTrail"
        assert event["detail"]["requestParameters"]["name"] == trail
    finally:
        events.remove_targets(Rule=name, Ids=["q"])
        events.delete_rule(Name=name)
        aws.client("sqs").delete_queue(QueueUrl=queue)


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
