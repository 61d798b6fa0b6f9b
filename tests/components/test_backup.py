"""Ten locked archives in a bucket that nobody empties, one a week, and an alarm when there is none."""

from __future__ import annotations

import json
from typing import Any

import pytest

from catalog import load, names
from catalog.access.backup import backed_up, backup_policy
from components.aws.backup import ALARMS
from tests.components.scheduled import CATALOG, KEY_ARN, alarms, backup

STAGING = load.environment("staging")
BUCKET = names.bucket_arn(STAGING, "backups")


def of_bucket(kind: str, name: str = "staging") -> dict[str, Any]:
    (inputs,) = backup(name).of(f"aws:s3/{kind[:1].lower()}{kind[1:]}:{kind}").values()
    return inputs


def statements() -> dict[str, Any]:
    found = backup_policy(STAGING, CATALOG)["Statement"]
    assert isinstance(found, list)
    return {statement["Sid"]: statement for statement in found}


@pytest.mark.parametrize("name", ["staging", "prod"])
def test_an_archive_is_locked_in_compliance_mode_as_long_as_the_environment_says(name: str) -> None:
    environment = load.environment(name)
    assert of_bucket("Bucket", name)["bucket"] == names.bucket(environment, "backups")
    assert of_bucket("Bucket", name)["objectLockEnabled"] is True
    retention = of_bucket("BucketObjectLockConfiguration", name)["rule"]["defaultRetention"]
    assert retention == {"mode": "COMPLIANCE", "days": environment.backup.lock_days}


def test_the_newest_and_nine_before_it_are_kept_in_glacier_instant_retrieval() -> None:
    (rule,) = of_bucket("BucketLifecycleConfiguration")["rules"]
    assert rule["transitions"] == [{"days": 0, "storageClass": "GLACIER_IR"}]
    assert rule["noncurrentVersionExpiration"] == {"newerNoncurrentVersions": 9, "noncurrentDays": 1}
    assert "days" not in rule["expiration"]  # what is current never goes


def test_the_lock_lasts_longer_than_ten_weekly_archives_take_to_be_replaced() -> None:
    assert all(load.environment(name).backup.lock_days >= 10 * 7 for name in ("staging", "prod"))


def test_whoever_writes_names_the_backup_key_and_the_bucket_logs_who_reaches_it() -> None:
    (denied,) = [
        one for one in json.loads(of_bucket("BucketPolicy")["policy"])["Statement"] if one["Sid"] == "OwnKeyOnly"
    ]
    assert KEY_ARN in denied["Condition"]["StringNotEquals"].values()
    assert of_bucket("BucketLogging")["targetBucket"] == "the-log-bucket"


def test_the_function_runs_every_week_with_what_it_has_to_know() -> None:
    (schedule,) = backup().of("aws:scheduler/schedule:Schedule").values()
    assert schedule["scheduleExpression"] == "cron(30 3 ? * SUN *)"
    assert schedule["name"] == "llm-observatory-staging-backup-secrets"
    (function,) = backup().of("aws:lambda/function:Function").values()
    variables = function["environment"]["variables"]
    assert json.loads(variables["DECLARED"]) == {s.name: s.kind.value for s in CATALOG.secrets if not s.decoy}
    assert (variables["KEY_ARN"], variables["LOCK_DAYS"]) == (KEY_ARN, "70")
    assert (variables["BUCKET"], variables["ARCHIVE_KEY"]) == (
        names.bucket(STAGING, "backups"),
        "secrets/archive.jsonl",
    )
    assert sum(len(key) + len(value) for key, value in variables.items()) < 4096  # gettingstarted-limits.html of Lambda


def test_two_backups_never_run_at_once() -> None:
    (function,) = backup().of("aws:lambda/function:Function").values()
    assert function["reservedConcurrentExecutions"] == 1


def test_it_reads_every_secret_but_the_decoys() -> None:
    decoys = {secret.name for secret in CATALOG.decoys}
    assert decoys
    assert {secret.name for secret in backed_up(CATALOG)} == CATALOG.by_name.keys() - decoys
    values = statements()["ReadValues"]
    assert values["Action"] == ["secretsmanager:GetSecretValue"]
    assert len(values["Resource"]) == len(CATALOG.secrets) - len(decoys)
    assert not [arn for arn in values["Resource"] for name in decoys if f"/{name}-" in arn]


def test_it_writes_two_objects_and_can_neither_delete_nor_read_what_it_wrote_before() -> None:
    assert statements()["KeepArchiveAndManifest"]["Resource"] == [
        f"{BUCKET}/secrets/archive.jsonl",
        f"{BUCKET}/secrets/manifest.json",
    ]
    actions = {action for statement in statements().values() for action in statement["Action"]}
    assert {action for action in actions if action.startswith("s3:")} == {
        "s3:GetObject",
        "s3:GetObjectRetention",
        "s3:ListBucket",
        "s3:PutObject",
    }


def test_it_uses_the_backup_key_through_s3_for_this_bucket_alone() -> None:
    assert statements()["EncryptBackups"]["Condition"] == {
        "StringEquals": {"kms:ViaService": "s3.us-east-1.amazonaws.com"},
        "StringLike": {"kms:EncryptionContext:aws:s3:arn": [BUCKET, f"{BUCKET}/secrets/*"]},
        "ForAnyValue:StringEquals": {"kms:ResourceAliases": ["alias/llm-observatory-staging-backup"]},
    }


def test_more_than_seven_days_without_a_backup_are_an_alarm() -> None:
    found = alarms(backup())["backup-overdue"]
    assert (found["namespace"], found["metricName"]) == ("LlmObservatory/Secrets", "BackupAgeHours")
    assert (found["comparisonOperator"], found["threshold"]) == ("GreaterThanThreshold", 7 * 24)
    assert found["treatMissingData"] == "ignore"  # the silence of who counts is an alarm of the watch
    assert found["period"] * found["evaluationPeriods"] <= 7 * 24 * 3600  # API_PutMetricAlarm


def test_a_backup_that_lacks_a_secret_is_an_alarm() -> None:
    found = alarms(backup())["backup-incomplete"]
    assert (found["metricName"], found["statistic"], found["threshold"]) == ("BackupIncomplete", "Maximum", 1)
    assert found["treatMissingData"] == "ignore"


def test_every_alarm_says_what_to_do_and_tells_the_topic() -> None:
    for alarm in alarms(backup()).values():
        assert "docs/RUNBOOK.md#" in alarm["alarmDescription"]
        assert alarm["alarmActions"] == [names.topic_arn(STAGING)]


def test_the_names_that_the_dashboard_shows_are_those_of_the_alarms() -> None:
    assert set(ALARMS) == alarms(backup()).keys()


def test_prod_keeps_the_bucket_whatever_is_asked() -> None:
    assert load.environment("prod").protect
    assert of_bucket("Bucket", "prod")["forceDestroy"] is False
