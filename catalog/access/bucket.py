"""Bucket policies: over TLS only, encrypted with the bucket's own key only, and what a service has to put there."""

from __future__ import annotations

from collections.abc import Sequence

from catalog import names
from catalog.access.statement import Condition, Policy, Statement, allow, deny, held_by, policy
from catalog.environment import Environment

ANYONE = "*"
"""The principal of statements that deny: nobody is an exception."""

_KEY_HEADER = "s3:x-amz-server-side-encryption-aws-kms-key-id"
_ENCRYPTION_HEADER = "s3:x-amz-server-side-encryption"
_OWN_KEY_HEADER = "s3:x-amz-server-side-encryption-customer-algorithm"
# A service that writes for itself, such as CloudTrail, encrypts as it was configured, and says so in its own way:
# docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html (aws:PrincipalIsAWSService).
NOT_A_SERVICE = {"aws:PrincipalIsAWSService": "false"}


def bucket_policy(
    environment: Environment, what: str, statements: Sequence[Statement], *, key_arn: str | None, is_key_named: bool
) -> Policy:
    """`statements`, and the refusal of plain HTTP and of every encryption but that with `key_arn`.

    `is_key_named`: who writes has to name the key. Otherwise saying nothing is as good, as the bucket then encrypts
    with its key: docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-encryption.html
    """
    encryption = [] if key_arn is None else _own_key_only(environment, what, key_arn, is_key_named=is_key_named)
    return policy(_tls_only(environment, what), *encryption, *statements)


def log_delivery(environment: Environment, what: str, sources: Sequence[str]) -> list[Statement]:
    """Lets S3 write the access logs of the buckets `sources` into the bucket `what`, and nobody else write there.

    Source: docs.aws.amazon.com/AmazonS3/latest/userguide/enable-server-access-logging.html
    """
    condition: Condition = {
        "ArnLike": {"aws:SourceArn": [names.bucket_arn(environment, source) for source in sources]},
        "StringEquals": {"aws:SourceAccount": environment.account},
    }
    deliver = allow("DeliverAccessLogs", ("s3:PutObject",), [objects(environment, what)], condition)
    return [held_by({"Service": "logging.s3.amazonaws.com"}, deliver), *evidence(environment, what)]


def evidence(environment: Environment, what: str) -> list[Statement]:
    """Nobody but a service of AWS writes into the bucket, and nobody deletes: what lies there is a record of others.

    A lifecycle rule is no caller, so it expires objects all the same:
    docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-expire-general-considerations.html (unverified)
    """
    within = [objects(environment, what)]
    write = ("s3:PutObject", "s3:PutObjectRetention", "s3:PutObjectLegalHold")
    delete = ("s3:BypassGovernanceRetention", "s3:DeleteObject", "s3:DeleteObjectVersion")
    return [
        held_by(ANYONE, deny("OnlyServicesWrite", write, within, {"BoolIfExists": NOT_A_SERVICE})),
        held_by(ANYONE, deny("NobodyDeletes", delete, within)),
    ]


def objects(environment: Environment, what: str, prefix: str = "") -> str:
    """The ARN of every object of the bucket `what`, or of those under `prefix`."""
    return f"{names.bucket_arn(environment, what)}/{prefix}*"


def _tls_only(environment: Environment, what: str) -> Statement:
    everything = [names.bucket_arn(environment, what), objects(environment, what)]
    return held_by(ANYONE, deny("TlsOnly", ("s3:*",), everything, {"Bool": {"aws:SecureTransport": "false"}}))


def _own_key_only(environment: Environment, what: str, key_arn: str, *, is_key_named: bool) -> list[Statement]:
    """A header that names no key means the key of AWS, aws/s3, which anybody in the account may decrypt with.

    Source: docs.aws.amazon.com/AmazonS3/latest/userguide/specifying-kms-encryption.html
    """
    within = [objects(environment, what)]
    other = {"StringNotEquals": {_KEY_HEADER: key_arn}, "BoolIfExists": NOT_A_SERVICE}
    stated = {} if is_key_named else {"Null": {_ENCRYPTION_HEADER: "false"}}
    foreign = {"Null": {_OWN_KEY_HEADER: "false"}}
    return [
        held_by(ANYONE, deny("OwnKeyOnly", ("s3:PutObject",), within, other | stated)),
        held_by(ANYONE, deny("NoForeignKey", ("s3:PutObject",), within, foreign)),
    ]
