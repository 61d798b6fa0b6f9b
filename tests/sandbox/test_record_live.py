"""The bucket of the record, with the documents of the catalogue: the trail writes into it, and nobody changes it.

Each promise is the programme's, kept by S3, KMS and CloudTrail: their sources are with the documents, in
catalog/access/bucket.py and catalog/access/audit.py.
"""

import gzip
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from botocore.exceptions import ClientError

from catalog import derive, load, names
from catalog.access.audit import trail_delivery, trail_log_policy, trail_log_trust
from catalog.access.bucket import bucket_policy
from catalog.access.duty import duty_policy
from catalog.access.key import key_policy
from catalog.environment import Environment
from catalog.names import Duty
from sandbox.aws import process
from tests.contract.aws.actors import Actor
from tests.contract.aws.harness import ContractAws, error_of, eventually

CATALOG = load.catalog()
WHAT = "audit-logs"


@dataclass(frozen=True, kw_only=True)
class Record:
    """A bucket, a trail and the key of both, as the stack makes them."""

    aws: ContractAws
    environment: Environment
    key: str

    @property
    def bucket(self) -> str:
        return names.bucket(self.environment, WHAT)

    def files(self) -> list[str]:
        listed = self.aws.client("s3").list_objects_v2(Bucket=self.bucket, Prefix="AWSLogs/").get("Contents", [])
        return [item["Key"] for item in listed if "/CloudTrail/" in item["Key"]]

    def events(self) -> list[dict[str, Any]]:
        s3 = self.aws.client("s3")
        read = [s3.get_object(Bucket=self.bucket, Key=key)["Body"].read() for key in self.files()]
        return [event for file in read for event in json.loads(gzip.decompress(file))["Records"]]


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Record]:
    state, environment = tmp_path_factory.mktemp("aws"), load.environment("staging")
    local = process.start(state, environment.account, environment.region)
    aws = ContractAws(kind="sandbox", endpoint=local.endpoint, account=local.account, region=environment.region)
    aws.client("iam").create_role(
        RoleName=names.named(environment, Duty.SECURITY_ADMIN),
        AssumeRolePolicyDocument=json.dumps(trail_log_trust(environment)),
    )
    key = aws.client("kms").create_key(Policy=json.dumps(key_policy(environment, "logs")))["KeyMetadata"]["Arn"]
    aws.client("kms").create_alias(AliasName=derive.key_alias(environment, "logs"), TargetKeyId=key)
    made = Record(aws=aws, environment=environment, key=key)
    _bucket(made)
    _trail(made)
    yield made
    process.stop(state)


@pytest.fixture
def aws(record: Record) -> ContractAws:
    return record.aws


def _bucket(made: Record) -> None:
    s3, bucket = made.aws.client("s3"), made.bucket
    s3.create_bucket(Bucket=bucket, ObjectLockEnabledForBucket=True)
    block = dict.fromkeys(("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"), True)
    s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=block)
    retention = {"Mode": "COMPLIANCE", "Days": made.environment.audit.lock_days}
    s3.put_object_lock_configuration(
        Bucket=bucket, ObjectLockConfiguration={"ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": retention}}
    )
    default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": made.key}
    rules = [{"ApplyServerSideEncryptionByDefault": default, "BucketKeyEnabled": True}]
    s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": rules})
    document = bucket_policy(
        made.environment, WHAT, trail_delivery(made.environment), key_arn=made.key, is_key_named=True
    )
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(document))


def _trail(made: Record) -> None:
    environment, iam, trails = made.environment, made.aws.client("iam"), made.aws.client("cloudtrail")
    role = names.named(environment, "trail")
    iam.create_role(RoleName=role, AssumeRolePolicyDocument=json.dumps(trail_log_trust(environment)))
    iam.put_role_policy(RoleName=role, PolicyName="trail", PolicyDocument=json.dumps(trail_log_policy(environment)))
    made.aws.client("logs").create_log_group(logGroupName=names.TRAIL_LOG)
    trails.create_trail(
        Name=names.TRAIL,
        S3BucketName=made.bucket,
        KmsKeyId=made.key,
        IsMultiRegionTrail=True,
        IncludeGlobalServiceEvents=True,
        EnableLogFileValidation=True,
        CloudWatchLogsLogGroupArn=names.log_group_arn(environment, names.TRAIL_LOG),
        CloudWatchLogsRoleArn=names.role_arn(environment, "trail"),
    )
    trails.start_logging(Name=names.TRAIL)


@pytest.fixture
def auditor(aws: ContractAws, record: Record) -> Actor:
    document = duty_policy(record.environment, CATALOG, Duty.AUDITOR)
    statements = document["Statement"]
    assert isinstance(statements, list)
    return aws.as_role(*statements)


def denied(call: Callable[[], object]) -> bool:
    with pytest.raises(ClientError) as refused:
        call()
    return error_of(refused.value)[0] in {"AccessDenied", "AccessDeniedException"}


def test_the_trail_writes_its_files_encrypted_and_locked(aws: ContractAws, record: Record) -> None:
    aws.secret()
    key = eventually(record.files)[0]
    head = aws.client("s3").head_object(Bucket=record.bucket, Key=key)
    assert (head["ServerSideEncryption"], head["SSEKMSKeyId"]) == ("aws:kms", record.key)
    assert head["ObjectLockMode"] == "COMPLIANCE"
    assert (head["ObjectLockRetainUntilDate"] - head["LastModified"]).days >= record.environment.audit.lock_days - 1


def test_the_trail_writes_to_its_log_group_too(aws: ContractAws, record: Record) -> None:
    name = aws.secret()
    logs = aws.client("logs")

    def told() -> bool:
        events = logs.filter_log_events(logGroupName=names.TRAIL_LOG, filterPattern="CreateSecret")["events"]
        return any(name in event["message"] for event in events)

    assert eventually(told)


@pytest.mark.parametrize("is_key_named", [True, False])
def test_nobody_writes_a_file_of_his_own_whatever_the_key(aws: ContractAws, record: Record, is_key_named: bool) -> None:
    named = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": record.key} if is_key_named else {}
    s3 = aws.client("s3")
    assert denied(lambda: s3.put_object(Bucket=record.bucket, Key="AWSLogs/x", Body=b"x", **named))


def test_nobody_deletes_a_file_or_hides_it_behind_a_marker(aws: ContractAws, record: Record) -> None:
    s3, key = aws.client("s3"), eventually(record.files)[0]
    version = s3.head_object(Bucket=record.bucket, Key=key)["VersionId"]
    assert denied(lambda: s3.delete_object(Bucket=record.bucket, Key=key, VersionId=version))
    assert denied(lambda: s3.delete_object(Bucket=record.bucket, Key=key))


def test_without_its_policy_a_file_still_cannot_be_deleted_until_its_lock_is_over(
    aws: ContractAws, record: Record
) -> None:
    s3, key = aws.client("s3"), eventually(record.files)[0]
    version = s3.head_object(Bucket=record.bucket, Key=key)["VersionId"]
    document = s3.get_bucket_policy(Bucket=record.bucket)["Policy"]
    s3.delete_bucket_policy(Bucket=record.bucket)
    assert denied(
        lambda: s3.delete_object(Bucket=record.bucket, Key=key, VersionId=version, BypassGovernanceRetention=True)
    )
    s3.put_bucket_policy(Bucket=record.bucket, Policy=document)


def test_the_bucket_cannot_be_made_public(aws: ContractAws, record: Record) -> None:
    statement = {
        "Effect": "Allow",
        "Principal": "*",
        "Action": "s3:GetObject",
        "Resource": f"arn:aws:s3:::{record.bucket}/*",
    }
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    assert denied(lambda: aws.client("s3").put_bucket_policy(Bucket=record.bucket, Policy=document))


def test_an_auditor_reads_the_files_and_changes_none(record: Record, auditor: Actor) -> None:
    s3, key = auditor.client("s3"), eventually(record.files)[0]
    assert s3.get_object(Bucket=record.bucket, Key=key)["Body"].read()
    assert denied(lambda: s3.delete_object(Bucket=record.bucket, Key=key))
    assert denied(lambda: s3.put_bucket_policy(Bucket=record.bucket, Policy="{}"))


def test_stopping_the_trail_is_on_record(aws: ContractAws, record: Record) -> None:
    trails = aws.client("cloudtrail")
    trails.stop_logging(Name=names.TRAIL)
    stopped = eventually(lambda: [event for event in record.events() if event["eventName"] == "StopLogging"])
    trails.start_logging(Name=names.TRAIL)
    assert stopped[0]["eventSource"] == "cloudtrail.amazonaws.com"
    assert stopped[0]["requestParameters"]["name"] == names.TRAIL
