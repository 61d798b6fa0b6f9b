"""CloudTrail: what is on record of a call.

Source: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html. A
real account shows an event after minutes: `events_of` waits.
"""

import json
import time
from datetime import datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.contract.aws.actors import allow
from tests.contract.aws.harness import ContractAws, error_of
from tests.contract.aws.recorded import events_of

pytestmark = pytest.mark.diverges


def test_a_read_is_on_record_with_who_when_from_where_and_what(aws: ContractAws) -> None:
    secret = aws.secret()
    arn = aws.sm.get_secret_value(SecretId=secret)["ARN"]
    event = events_of(aws, "ResourceName", arn, "GetSecretValue")[0]
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
    event = events_of(aws, "ResourceName", secret, "PutSecretValue")[0]
    assert event["readOnly"] is False
    assert event["responseElements"]["versionId"] == version
    assert "never-on-record" not in json.dumps(event)


def test_a_call_that_failed_is_on_record_with_its_error(aws: ContractAws) -> None:
    name = aws.name()
    with pytest.raises(ClientError):
        aws.sm.describe_secret(SecretId=name)
    event = events_of(aws, "ResourceName", name, "DescribeSecret")[0]
    assert event["errorCode"] == "ResourceNotFoundException"
    assert event["errorMessage"]


def test_a_denied_read_of_a_role_is_on_record_with_the_role_behind_its_session(aws: ContractAws) -> None:
    """https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html."""
    secret = aws.secret()
    actor = aws.as_role(allow("secretsmanager:DescribeSecret"))
    arn = actor.client("secretsmanager").describe_secret(SecretId=secret)["ARN"]
    with pytest.raises(ClientError):
        actor.client("secretsmanager").get_secret_value(SecretId=arn)
    event = events_of(aws, "ResourceName", arn, "GetSecretValue")[0]
    assert event["errorCode"].startswith("AccessDenied")
    who = event["userIdentity"]
    assert who["type"] == "AssumedRole"
    assert who["sessionContext"]["sessionIssuer"]["arn"] == actor.arn
    assert who["sessionContext"]["attributes"]["mfaAuthenticated"] == "false"


def test_reading_a_secret_puts_the_use_of_its_key_on_record_for_the_same_principal(aws: ContractAws) -> None:
    """https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html."""
    key = aws.key()
    arn = aws.sm.get_secret_value(SecretId=aws.secret(KmsKeyId=key))["ARN"]
    uses = events_of(aws, "ResourceName", key, "Decrypt")
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
    failed = events_of(aws, "ResourceName", arn, "RotationFailed")[0]
    assert failed["eventType"] == "AwsServiceEvent"
    assert failed["userIdentity"]["invokedBy"] == "secretsmanager.amazonaws.com"
    assert events_of(aws, "ResourceName", arn, "RotationStarted")
    aws.sm.cancel_rotate_secret(SecretId=secret)


@pytest.mark.executes
def test_a_rotation_whose_label_was_moved_to_another_version_is_on_record_as_abandoned(aws: ContractAws) -> None:
    """https://docs.aws.amazon.com/secretsmanager/latest/userguide/retrieve-ct-entries.html (RotationAbandoned)."""
    code = """
import boto3

def handle(event, context):
    boto3.client("secretsmanager").put_secret_value(
        SecretId=event["SecretId"], SecretString="a person's own", VersionStages=["AWSPENDING"])
    raise ValueError("no")
"""
    secret, function = aws.secret(), aws.function(code)
    rules = {"AutomaticallyAfterDays": 30}
    arn = aws.sm.rotate_secret(SecretId=secret, RotationLambdaARN=function, RotationRules=rules)["ARN"]
    event = _of_rotation(aws, arn, "RotationAbandoned")
    assert event["additionalEventData"]["SecretId"] == arn
    aws.sm.cancel_rotate_secret(SecretId=secret)


@pytest.mark.executes
def test_the_test_of_a_rotation_function_is_on_record(aws: ContractAws) -> None:
    """https://docs.aws.amazon.com/secretsmanager/latest/userguide/cloudtrail_log_entries.html (TestRotation...)."""
    secret, function = aws.secret(), aws.function("def handle(event, context):\n    return None")
    rules = {"AutomaticallyAfterDays": 30}
    arn = aws.sm.rotate_secret(
        SecretId=secret, RotationLambdaARN=function, RotationRules=rules, RotateImmediately=False
    )["ARN"]
    assert _of_rotation(aws, arn, "TestRotationSucceeded")
    assert _of_rotation(aws, arn, "TestRotationStarted")


def _of_rotation(aws: ContractAws, arn: str, name: str) -> dict[str, Any]:
    return events_of(aws, "ResourceName", arn, name)[0]


def test_an_event_has_the_request_id_that_the_caller_was_given(aws: ContractAws) -> None:
    answer = aws.sm.describe_secret(SecretId=aws.secret())
    event = events_of(aws, "ResourceName", answer["ARN"], "DescribeSecret")[0]
    assert event["requestID"] == answer["ResponseMetadata"]["RequestId"]


def test_taking_a_role_tells_the_access_key_of_the_session_and_not_its_token(aws: ContractAws) -> None:
    """The key ties later calls to this one: https://docs.aws.amazon.com/IAM/latest/UserGuide/cloudtrail-integration.html."""
    actor = aws.as_role(allow("secretsmanager:ListSecrets"))
    event = events_of(aws, "ResourceName", actor.arn, "AssumeRole")[0]
    assert event["responseElements"]["credentials"]["accessKeyId"] == actor.credentials["aws_access_key_id"]
    assert actor.credentials["aws_session_token"] not in json.dumps(event)
    assert actor.credentials["aws_secret_access_key"] not in json.dumps(event)
    actor.client("secretsmanager").list_secrets()
    listed = events_of(aws, "AccessKeyId", actor.credentials["aws_access_key_id"], "ListSecrets")[0]
    assert listed["userIdentity"]["sessionContext"]["sessionIssuer"]["userName"] == actor.name


def test_an_event_of_lambda_bears_the_date_of_its_api_and_no_environment(aws: ContractAws) -> None:
    """https://docs.aws.amazon.com/lambda/latest/dg/logging-using-cloudtrail.html."""
    function = aws.function("def handle(e, c):\n    return 1", Environment={"Variables": {"A": "never-on-record"}})
    event = events_of(aws, "ResourceName", function, "CreateFunction20150331")[0]
    assert event["requestParameters"]["handler"] == "f.handle"
    assert "never-on-record" not in json.dumps(event)


def test_an_error_of_iam_has_the_name_of_its_exception(aws: ContractAws) -> None:
    name = f"llmobs-none-{time.time_ns()}"
    with pytest.raises(ClientError) as caught:
        aws.client("iam").get_role(RoleName=name)
    assert error_of(caught.value)[0] == "NoSuchEntity"
    assert events_of(aws, "ResourceName", name, "GetRole")[0]["errorCode"] == "NoSuchEntityException"


def test_a_denied_use_of_a_key_is_on_record_with_what_was_denied(aws: ContractAws) -> None:
    """https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html."""
    key = aws.key()
    arn = aws.sm.describe_secret(SecretId=aws.secret(KmsKeyId=key))["ARN"]
    actor = aws.as_role(allow("secretsmanager:GetSecretValue"))
    with pytest.raises(ClientError):
        actor.client("secretsmanager").get_secret_value(SecretId=arn)
    uses = events_of(aws, "ResourceName", key, "Decrypt")
    denied = next(use for use in uses if use.get("errorCode"))
    assert denied["errorCode"].startswith("AccessDenied")
    assert denied["userIdentity"]["arn"].endswith(actor.name) or actor.name in denied["userIdentity"]["arn"]
