"""The resources that an event is about, by ARN and by name. Pure.

AWS fills the field service by service; which parameter counts is our reading of its examples (unverified):
https://docs.aws.amazon.com/awscloudtrail/latest/userguide/view-cloudtrail-events-supported-resource-types.html.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

SECRET, KEY, BUCKET, OBJECT = "AWS::SecretsManager::Secret", "AWS::KMS::Key", "AWS::S3::Bucket", "AWS::S3::Object"


class Named(NamedTuple):
    """A resource by one of its names; an ARN is one too."""

    type: str
    name: str

    @property
    def is_arn(self) -> bool:
        """Whether the name is an ARN."""
        return self.name.startswith("arn:")


class _Kind(NamedTuple):
    type: str
    members: tuple[str, ...]
    arn: str = ""  # pattern for a resource that is given by its plain name; none where that does not tell the ARN


_KINDS: Mapping[str, tuple[_Kind, ...]] = {
    "secretsmanager": (_Kind(SECRET, ("SecretId", "Name", "ARN")),),
    "kms": (
        _Kind(KEY, ("KeyId", "TargetKeyId", "Arn"), "arn:aws:kms:{region}:{account}:key/{name}"),
        _Kind("AWS::KMS::Alias", ("AliasName",), "arn:aws:kms:{region}:{account}:{name}"),
    ),
    "iam": (
        _Kind("AWS::IAM::Role", ("RoleName",)),
        _Kind("AWS::IAM::User", ("UserName",)),
        _Kind("AWS::IAM::Policy", ("PolicyArn",)),
        _Kind("AWS::IAM::AccessKey", ("AccessKeyId",)),
    ),
    "sts": (_Kind("AWS::IAM::Role", ("RoleArn",)),),
    "lambda": (
        _Kind(
            "AWS::Lambda::Function",
            ("FunctionName", "FunctionArn"),
            "arn:aws:lambda:{region}:{account}:function:{name}",
        ),
    ),
    "sns": (_Kind("AWS::SNS::Topic", ("TopicArn",)),),
    "sqs": (_Kind("AWS::SQS::Queue", ("QueueUrl", "QueueName"), "arn:aws:sqs:{region}:{account}:{name}"),),
    "s3": (_Kind(BUCKET, ("Bucket",), "arn:aws:s3:::{name}"),),
    "cloudtrail": (
        _Kind(
            "AWS::CloudTrail::Trail",
            ("Name", "TrailARN", "TrailName"),
            "arn:aws:cloudtrail:{region}:{account}:trail/{name}",
        ),
    ),
    "logs": (_Kind("AWS::Logs::LogGroup", ("logGroupName",), "arn:aws:logs:{region}:{account}:log-group:{name}"),),
    "events": (_Kind("AWS::Events::Rule", ("Rule", "Name")),),
    "states": (_Kind("AWS::StepFunctions::StateMachine", ("stateMachineArn", "name")),),
    "monitoring": (
        _Kind("AWS::CloudWatch::Alarm", ("AlarmName",), "arn:aws:cloudwatch:{region}:{account}:alarm:{name}"),
    ),
}
_PLAIN: Mapping[str, Callable[[str], str]] = {
    "sqs": lambda name: name.rstrip("/").rsplit("/", 1)[-1],  # of a queue's URL
    "lambda": lambda name: name.split(":function:")[-1].split(":")[0],  # without account and qualifier
}


def resources_of(
    service: str, given: Mapping[str, Any], result: Mapping[str, Any], *, region: str, account: str
) -> list[Named]:
    """Each resource once, by every name that request and answer tell and by its ARN where these tell it."""
    found: dict[Named, None] = {}
    for kind in _KINDS.get(service, ()):
        for name in (
            str(source[member]) for source in (given, result) for member in kind.members if source.get(member)
        ):
            found |= dict.fromkeys(_names(service, kind, name, region, account))
    if service == "s3" and given.get("Bucket") and given.get("Key"):
        found[Named(OBJECT, f"arn:aws:s3:::{given['Bucket']}/{given['Key']}")] = None
    if service == "kms" and (result.get("KeyMetadata") or {}).get("Arn"):
        found[Named(KEY, str(result["KeyMetadata"]["Arn"]))] = None
    found |= dict.fromkeys(Named(SECRET, str(name)) for name in given.get("SecretIdList") or ())
    return list(found)


def _names(service: str, kind: _Kind, name: str, region: str, account: str) -> list[Named]:
    if name.startswith("arn:"):
        return [Named(kind.type, name)]
    plain = _PLAIN.get(service, str)(name)
    pattern = "arn:aws:kms:{region}:{account}:{name}" if plain.startswith("alias/") else kind.arn
    arn = [Named(kind.type, pattern.format(region=region, account=account, name=plain))] if pattern else []
    return [Named(kind.type, plain), *arn]
