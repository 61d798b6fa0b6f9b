"""Who uses a key: services of AWS by themselves, and principals of the account through a service."""

from __future__ import annotations

from collections.abc import Sequence

from catalog import names
from catalog.access.statement import Condition, Statement, allow, held_by
from catalog.environment import Environment

ITSELF = ("*",)  # in a key policy this is the key itself and nothing else
_MESSAGES = ("kms:Decrypt", "kms:GenerateDataKey*")
_STORES_OF_THE_RECORD = ("lambda", "s3", "sns", "sqs")
"""The services that use the `logs` key for somebody: functions' settings, the trail's files, alerts, queues."""


def use_through(environment: Environment, sid: str, *services: str) -> Statement:
    """Hands the decision to IAM policies, but only for calls that one of `services` makes for this account.

    docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html (kms:ViaService, kms:CallerAccount)
    """
    via = list(services) if len(services) > 1 else services[0]
    condition = {"StringEquals": {"kms:CallerAccount": environment.account, "kms:ViaService": via}}
    actions = ("kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey")
    return held_by({"AWS": names.account_root(environment)}, allow(sid, actions, ITSELF, condition))


def log_key_use(environment: Environment) -> tuple[Statement, ...]:
    """Who uses the key of all that is on record or told: logs, the trail, alerts, dead letters.

    S3's own access logs are not among it: they go only to a bucket that S3 encrypts with its own keys
    (docs.aws.amazon.com/AmazonS3/latest/userguide/enable-server-access-logging.html).
    """
    of_account = {"StringEquals": {"aws:SourceAccount": environment.account}}
    topic = {"ArnEquals": {"aws:SourceArn": names.topic_arn(environment)}}
    stores = [f"{store}.{environment.region}.amazonaws.com" for store in _STORES_OF_THE_RECORD]
    return (
        _encrypt_log_groups(environment),
        *_encrypt_the_trail(environment),
        # docs.aws.amazon.com/sns/latest/dg/sns-key-management.html, "Enable compatibility between event sources from
        # AWS services and encrypted topics". EventBridge's requests carry none of aws:SourceAccount, aws:SourceArn and
        # aws:SourceOrgID there, so a condition would drop every event; the topic's own policy says which rules come.
        _by("TellAlarms", "cloudwatch.amazonaws.com", _MESSAGES, of_account),
        _by("TellEvents", "events.amazonaws.com", _MESSAGES),
        # docs.aws.amazon.com/sns/latest/dg/sns-enable-encryption-for-topic-sqs-queue-subscriptions.html
        _by("KeepWhatCouldNotBeTold", "sns.amazonaws.com", _MESSAGES, topic),
        use_through(environment, "UseThroughStores", *stores),
    )


def _encrypt_log_groups(environment: Environment) -> Statement:
    # docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
    actions = ("kms:Decrypt*", "kms:Describe*", "kms:Encrypt*", "kms:GenerateDataKey*", "kms:ReEncrypt*")
    groups = f"arn:aws:logs:{environment.region}:{environment.account}:log-group:*"
    condition = {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": groups}}
    return _by("EncryptLogGroups", f"logs.{environment.region}.amazonaws.com", actions, condition)


def _encrypt_the_trail(environment: Environment) -> tuple[Statement, Statement]:
    # docs.aws.amazon.com/awscloudtrail/latest/userguide/create-kms-key-policy-for-cloudtrail.html. Decrypt is for the
    # bucket key of S3. Who reads the files decrypts through S3, as his IAM policy says.
    service, arn = "cloudtrail.amazonaws.com", names.trail_arn(environment)
    source = {"StringEquals": {"aws:SourceArn": arn}}
    encrypt = {"StringEquals": {"aws:SourceArn": arn, "kms:EncryptionContext:aws:cloudtrail:arn": arn}}
    return (
        _by("EncryptTheTrail", service, _MESSAGES, encrypt),
        _by("DescribeToTheTrail", service, ("kms:DescribeKey",), source),
    )


def _by(sid: str, service: str, actions: Sequence[str], condition: Condition | None = None) -> Statement:
    return held_by({"Service": service}, allow(sid, actions, ITSELF, condition))
