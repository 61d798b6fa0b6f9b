"""The resources that an event names, for LookupEvents by resource. Pure.

AWS fills the field service by service; which parameter counts is our reading of its examples (unverified):
https://docs.aws.amazon.com/awscloudtrail/latest/userguide/view-cloudtrail-events-supported-resource-types.html.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_NAMED = {
    "secretsmanager": ("AWS::SecretsManager::Secret", ("SecretId", "Name", "ARN")),
    "kms": ("AWS::KMS::Key", ("KeyId", "TargetKeyId", "Arn")),
    "iam": ("AWS::IAM::Role", ("RoleName",)),
    "sts": ("AWS::IAM::Role", ("RoleArn",)),
    "lambda": ("AWS::Lambda::Function", ("FunctionName", "FunctionArn")),
    "sns": ("AWS::SNS::Topic", ("TopicArn",)),
    "sqs": ("AWS::SQS::Queue", ("QueueUrl", "QueueName")),
    "s3": ("AWS::S3::Bucket", ("Bucket",)),
    "cloudtrail": ("AWS::CloudTrail::Trail", ("Name", "TrailARN", "TrailName")),
    "logs": ("AWS::Logs::LogGroup", ("logGroupName",)),
    "events": ("AWS::Events::Rule", ("Rule", "Name")),
    "states": ("AWS::StepFunctions::StateMachine", ("stateMachineArn", "name")),
    "monitoring": ("AWS::CloudWatch::Alarm", ("AlarmName",)),
}
_IAM = (("AWS::IAM::User", "UserName"), ("AWS::IAM::Policy", "PolicyArn"), ("AWS::IAM::AccessKey", "AccessKeyId"))


def resources_of(
    service: str, given: Mapping[str, Any], result: Mapping[str, Any], *, account: str
) -> list[dict[str, str]]:
    """Each resource once, by name and by ARN where the answer tells it; `ARN` holds whichever it is."""
    kind, fields = _NAMED.get(service, ("", ()))
    pairs = [(kind, source[field]) for source in (given, result) for field in fields if source.get(field)]
    if service == "iam":
        pairs += [(kind, given[field]) for kind, field in _IAM if given.get(field)]
    if service == "kms":
        metadata = result.get("KeyMetadata") or {}
        pairs += [("AWS::KMS::Key", metadata["Arn"])] if metadata.get("Arn") else []
    pairs += [("AWS::SecretsManager::Secret", name) for name in given.get("SecretIdList") or ()]
    unique = dict.fromkeys((kind, str(name)) for kind, name in pairs)
    return [{"accountId": account, "type": kind, "ARN": name} for kind, name in unique]
