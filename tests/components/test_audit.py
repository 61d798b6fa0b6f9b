"""Every call is on record, in a place that nobody can change."""

import json
from typing import Any

import pytest

from catalog import load, names
from catalog.access.audit import trail_log_policy, trail_log_trust
from components.aws.audit import AuditTrail, AuditTrailArgs
from tests.components.recording import RecordingMocks, record

KEY = "arn:aws:kms:us-east-1:222233334444:key/0a1b"


@pytest.fixture(scope="module", params=["staging", "prod"])
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def declared(name: str) -> RecordingMocks:
    args = AuditTrailArgs(environment=load.environment(name), log_key_arn=KEY, boundary_arn="boundary")
    return record(lambda: AuditTrail("audit", args), stack=name)


@pytest.fixture(scope="module")
def trail(declared: RecordingMocks) -> dict[str, Any]:
    (inputs,) = declared.of("aws:cloudtrail/trail:Trail").values()
    return inputs


def test_the_trail_is_of_every_region_and_proves_its_files(name: str, trail: dict[str, Any]) -> None:
    assert trail["name"] == "llm-observatory-secrets-audit"
    assert trail["isMultiRegionTrail"] is True
    assert trail["includeGlobalServiceEvents"] is True
    assert trail["enableLogFileValidation"] is True
    assert trail["enableLogging"] is True
    assert trail["kmsKeyId"] == KEY
    assert trail["s3BucketName"] == names.bucket(load.environment(name), "audit-logs")


def test_the_trail_also_writes_to_a_log_group_that_is_kept_and_encrypted(
    name: str, declared: RecordingMocks, trail: dict[str, Any]
) -> None:
    (group,) = declared.of("aws:cloudwatch/logGroup:LogGroup").values()
    assert group["name"] == "/aws/cloudtrail/llm-observatory-secrets-audit"
    assert group["retentionInDays"] == load.environment(name).log_retention_days
    assert group["kmsKeyId"] == KEY
    assert trail["cloudWatchLogsGroupArn"] == "arn:mock:aws:cloudwatch/logGroup:LogGroup:audit:*"
    assert trail["cloudWatchLogsRoleArn"] == "arn:mock:aws:iam/role:Role:trail"


def test_the_role_that_writes_the_log_is_the_trails_alone_and_bounded(name: str, declared: RecordingMocks) -> None:
    environment = load.environment(name)
    (role,) = declared.of("aws:iam/role:Role").values()
    (policy,) = declared.of("aws:iam/rolePolicy:RolePolicy").values()
    assert role["permissionsBoundary"] == "boundary"
    assert json.loads(role["assumeRolePolicy"]) == trail_log_trust(environment)
    assert json.loads(policy["policy"]) == trail_log_policy(environment)


def test_every_management_event_is_recorded_without_an_exclusion(trail: dict[str, Any]) -> None:
    management = trail["advancedEventSelectors"][0]
    assert management["fieldSelectors"] == [{"field": "eventCategory", "equals": ["Management"]}]


def test_what_happens_to_log_files_and_backups_is_recorded_but_not_the_writing_of_log_files(
    name: str, trail: dict[str, Any]
) -> None:
    environment = load.environment(name)
    objects = [
        {"field": "eventCategory", "equals": ["Data"]},
        {"field": "resources.type", "equals": ["AWS::S3::Object"]},
    ]
    _management, files, backups = (selector["fieldSelectors"] for selector in trail["advancedEventSelectors"])

    def within(what: str) -> dict[str, Any]:
        return {"field": "resources.ARN", "startsWiths": [f"{names.bucket_arn(environment, what)}/"]}

    assert files == [*objects, within("audit-logs"), {"field": "eventName", "notEquals": ["PutObject"]}]
    assert backups == [*objects, within("backups")]


def test_cloudtrail_watches_for_unusual_rates_of_calls_and_errors(trail: dict[str, Any]) -> None:
    kinds = {selector["insightType"] for selector in trail["insightSelectors"]}
    assert kinds == {"ApiCallRateInsight", "ApiErrorRateInsight"}


def test_log_files_are_locked_as_long_as_the_environment_says_and_go_to_glacier(
    name: str, declared: RecordingMocks
) -> None:
    audit = load.environment(name).audit
    locks = declared.of("aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration")
    assert {what: lock["rule"]["defaultRetention"] for what, lock in locks.items()} == {
        "audit-logs": {"mode": "COMPLIANCE", "days": audit.lock_days}
    }
    (rule,) = declared.of("aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration")["audit-logs"]["rules"]
    assert rule["transitions"] == [{"days": audit.archive_after_days, "storageClass": "GLACIER"}]
    assert "days" not in rule["expiration"]


def test_access_logs_of_the_log_files_go_to_a_bucket_that_s3_can_deliver_into(
    name: str, declared: RecordingMocks
) -> None:
    logging = declared.of("aws:s3/bucketLogging:BucketLogging")
    assert {what: one["targetBucket"] for what, one in logging.items()} == {
        "audit-logs": names.bucket(load.environment(name), "audit-access")
    }
    encryption = declared.of("aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration")
    (rule,) = encryption["audit-access"]["rules"]
    assert rule["applyServerSideEncryptionByDefault"] == {"sseAlgorithm": "AES256"}


def test_type_tokens_are_what_the_state_holds(declared: RecordingMocks) -> None:
    assert {resource.token for resource in declared.recorded if resource.token.startswith("llmobs:")} == {
        "llmobs:audit:AuditTrail",
        "llmobs:bucket:ManagedBucket",
        "llmobs:role:BoundedRole",
    }
