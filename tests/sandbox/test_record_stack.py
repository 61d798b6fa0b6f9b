"""The record as the real engine makes it: it comes up, stays the same, fills, and outlives its stack."""

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from catalog import load, names, record
from sandbox.aws import process
from sandbox.aws.settings import ADMINISTRATOR_KEY, ADMINISTRATOR_SECRET
from tests.contract.aws.harness import eventually
from tests.sandbox.provider.small_stack import REGION, Stack, make

pytestmark = pytest.mark.e2e

STAGING = load.environment("staging")
PROGRAM = f"""
import json
import sys

sys.path.insert(0, {str(load.ROOT)!r})
import pulumi
import pulumi_aws as aws

from catalog import load, names
from catalog.access.audit import trail_log_trust
from catalog.access.key import key_policy
from components.aws.audit import AuditTrail, AuditTrailArgs
from components.aws.queries import RecordQueries, RecordQueriesArgs
from components.aws.role import Boundary, BoundaryArgs

environment, catalog = load.environment("staging"), load.catalog()
admin = aws.iam.Role(
    "admin",
    name=names.named(environment, names.Duty.SECURITY_ADMIN),
    assume_role_policy=json.dumps(trail_log_trust(environment)),
)
key = aws.kms.Key(
    "logs",
    policy=json.dumps(key_policy(environment, "logs")),
    opts=pulumi.ResourceOptions(depends_on=[admin], retain_on_delete=True),
)
boundary = Boundary("boundary", BoundaryArgs(environment=environment))
audit = AuditTrail(
    "audit", AuditTrailArgs(environment=environment, log_key_arn=key.arn, boundary_arn=boundary.arn)
)
RecordQueries(
    "queries",
    RecordQueriesArgs(
        environment=environment, catalog=catalog, log_key_arn=key.arn, access_bucket=audit.access_bucket
    ),
)
"""


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    state = tmp_path_factory.mktemp("aws")
    yield process.start(state, STAGING.account, REGION).endpoint
    process.stop(state)


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory, endpoint: str) -> Stack:
    folder: Path = tmp_path_factory.mktemp("stack")
    made = make(folder, endpoint, account=STAGING.account, key=ADMINISTRATOR_KEY, secret=ADMINISTRATOR_SECRET)
    made.write(PROGRAM)
    return made


def client(endpoint: str, service: str) -> Any:
    create: Any = boto3.client
    return create(
        service,
        endpoint_url=endpoint,
        region_name=REGION,
        aws_access_key_id=ADMINISTRATOR_KEY,
        aws_secret_access_key=ADMINISTRATOR_SECRET,
    )


def delivered(s3: Any, bucket: str) -> list[dict[str, Any]]:
    """Every event of every log file."""
    listed = s3.list_objects_v2(Bucket=bucket, Prefix=f"AWSLogs/{STAGING.account}/CloudTrail/")["Contents"]
    files = [s3.get_object(Bucket=bucket, Key=item["Key"])["Body"].read() for item in listed]
    return [event for file in files for event in json.loads(gzip.decompress(file))["Records"]]


def test_the_record_comes_up_stays_the_same_and_outlives_its_stack(stack: Stack, endpoint: str) -> None:
    stack.succeed("up", "--yes", "--skip-preview")
    stack.succeed("refresh", "--yes", "--skip-preview", "--expect-no-changes")
    stack.succeed("preview", "--diff", "--expect-no-changes")

    s3, bucket = client(endpoint, "s3"), names.bucket(STAGING, "audit-logs")
    assert client(endpoint, "cloudtrail").get_trail_status(Name=names.TRAIL)["IsLogging"]
    table = client(endpoint, "glue").get_table(DatabaseName=record.database(STAGING), Name=record.TABLE)["Table"]
    assert [column["Name"] for column in table["StorageDescriptor"]["Columns"]] == list(record.COLUMNS)
    athena, workgroup = client(endpoint, "athena"), record.workgroup(STAGING)
    assert len(athena.list_named_queries(WorkGroup=workgroup)["NamedQueryIds"]) == 7

    read = s3.list_objects_v2(Bucket=bucket, Prefix="AWSLogs/")["Contents"][0]["Key"]
    s3.get_object(Bucket=bucket, Key=read)
    of_files = eventually(lambda: [event for event in delivered(s3, bucket) if read in json.dumps(event)])
    assert {event["eventName"] for event in of_files} == {"GetObject"}, "the writing of log files is no event of theirs"

    stack.succeed("destroy", "--yes", "--skip-preview")
    assert workgroup not in [group["Name"] for group in athena.list_work_groups()["WorkGroups"]]
    assert not client(endpoint, "cloudtrail").describe_trails()["trailList"]
    assert s3.list_objects_v2(Bucket=bucket, Prefix="AWSLogs/")["Contents"]
    assert s3.get_object_lock_configuration(Bucket=bucket)["ObjectLockConfiguration"]["Rule"]
    assert json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"])["Statement"]
    block = s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
    assert all(block.values())
