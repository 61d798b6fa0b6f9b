"""Watch and backup as they run: deployed with their own roles and policies, on their schedules, on a local AWS whose
clock is advanced; alarms are those that the program declares."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from catalog import names
from catalog.access.backup import FUNCTION as BACKUP
from catalog.access.backup import backup_policy
from catalog.access.watch import FUNCTION as WATCH
from catalog.access.watch import watch_policy
from components.aws.backup import EVERY_WEEK, backup_variables
from components.aws.watch import EVERY_DAY, watch_variables
from sandbox.aws import process
from tests.components import scheduled
from tests.lambdas.deployed import BUCKET, CATALOG, ENVIRONMENT, Deployed
from tests.sandbox.aws.clocked import DAY

VALUE = "value-Zm9yYmlkZGVu"
ARCHIVE, MANIFEST = "secrets/archive.jsonl", "secrets/manifest.json"


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    """One local AWS, whose clock goes on from test to test; every secret but the decoys has a value."""
    made = Deployed(tmp_path_factory.mktemp("scheduled"))
    for secret in CATALOG.secrets:
        made.secret(secret, None if secret.decoy else json.dumps({"password": VALUE, "of": secret.name}))
    made.function(WATCH, "watch", watch_policy(ENVIRONMENT, CATALOG), watch_variables(ENVIRONMENT, CATALOG), EVERY_DAY)
    told = {key: str(value) for key, value in backup_variables(ENVIRONMENT, CATALOG, made.keys["backup"]).items()}
    made.function(BACKUP, "backup", backup_policy(ENVIRONMENT, CATALOG), told, EVERY_WEEK)
    for recorded in (scheduled.watch(), scheduled.backup()):
        for name, inputs in scheduled.alarms(recorded).items():
            if not name.endswith("-dead-letters"):
                made.alarm(inputs)
    yield made
    process.stop(made.clocked.state)


def secret(name: str) -> str:
    return f"llm-observatory/staging/{name}"


def body(deployed: Deployed, key: str, **version: str) -> bytes:
    content: bytes = deployed.aws.client("s3").get_object(Bucket=BUCKET, Key=key, **version)["Body"].read()
    return content


def test_a_week_has_seven_looks_and_one_backup_and_nothing_to_tell(deployed: Deployed) -> None:
    ran = deployed.clocked.advance(7 * DAY)
    assert [item["outcome"] for item in ran if item["kind"] == "async-invoke"] == ["succeeded"] * 8
    last = deployed.lines(WATCH)[-1]
    assert (last["level"], last["watched"]) == ("INFO", len(CATALOG.secrets))
    assert last["without_value"] == [decoy.name for decoy in sorted(CATALOG.decoys, key=lambda one: one.name)]
    assert 0 < last["backup_age_hours"] <= 7 * 24
    for alarm in ("secrets-overdue", "secrets-missing", "secrets-foreign", "watch-silent", "backup-overdue"):
        deployed.becomes(alarm, "OK")


def test_the_archive_has_every_value_and_is_locked_encrypted_and_described(deployed: Deployed) -> None:
    manifest = json.loads(body(deployed, MANIFEST))
    archive = body(deployed, ARCHIVE, VersionId=manifest["archive"]["version_id"])
    saved = {line["name"]: json.loads(line["document"]) for line in map(json.loads, archive.splitlines())}
    assert saved == {one.name: {"password": VALUE, "of": one.name} for one in CATALOG.secrets if not one.decoy}
    assert manifest["archive"]["sha256"] == hashlib.sha256(archive).hexdigest()
    assert VALUE not in json.dumps(manifest)
    held = deployed.aws.client("s3").head_object(Bucket=BUCKET, Key=ARCHIVE)
    assert (held["StorageClass"], held["SSEKMSKeyId"]) == ("GLACIER_IR", deployed.keys["backup"])
    assert held["ObjectLockMode"] == "COMPLIANCE"
    assert (held["ObjectLockRetainUntilDate"] - held["LastModified"]).days >= ENVIRONMENT.backup.lock_days - 1


def test_nobody_deletes_an_archive_before_its_lock_is_over(deployed: Deployed) -> None:
    version = json.loads(body(deployed, MANIFEST))["archive"]["version_id"]
    with pytest.raises(ClientError, match="AccessDenied"):
        deployed.aws.client("s3").delete_object(Bucket=BUCKET, Key=ARCHIVE, VersionId=version)
    assert body(deployed, ARCHIVE, VersionId=version)


def test_a_second_backup_adds_a_version_and_the_first_one_stays(deployed: Deployed) -> None:
    first = json.loads(body(deployed, MANIFEST))["archive"]["version_id"]
    second = deployed.invoke(BACKUP)["version_id"]
    assert first != second == json.loads(body(deployed, MANIFEST))["archive"]["version_id"]
    assert body(deployed, ARCHIVE, VersionId=first) == body(deployed, ARCHIVE)


def test_no_value_is_in_any_line_of_either_function(deployed: Deployed) -> None:
    logs = [deployed.aws.log_of(names.function_arn(ENVIRONMENT, what)) for what in (WATCH, BACKUP)]
    assert all(logs)
    assert VALUE not in "".join(line for log in logs for line in log)


def test_the_watch_reads_no_value(deployed: Deployed) -> None:
    """By the record of when each secret was read last: the backup alone reads, and no decoy."""
    listed = deployed.aws.sm.get_paginator("list_secrets").paginate()
    read = {entry["Name"]: "LastAccessedDate" in entry for page in listed for entry in page["SecretList"]}
    assert read == {secret(one.name): not one.decoy for one in CATALOG.secrets}


def test_a_secret_past_its_limit_is_an_alarm_the_next_morning_and_a_rotation_ends_it(deployed: Deployed) -> None:
    tags: list[Any] = [{"Key": "RotationDays", "Value": "2"}]
    deployed.aws.sm.tag_resource(SecretId=secret("jwt-secret"), Tags=tags)
    deployed.clocked.advance(DAY)
    deployed.becomes("secrets-overdue", "ALARM")
    assert list(deployed.lines(WATCH)[-1]["overdue"]) == ["jwt-secret"]
    deployed.aws.sm.put_secret_value(SecretId=secret("jwt-secret"), SecretString=json.dumps({"key": VALUE}))
    deployed.clocked.advance(2 * DAY)
    deployed.becomes("secrets-overdue", "OK")
    deployed.aws.sm.tag_resource(SecretId=secret("jwt-secret"), Tags=[{"Key": "RotationDays", "Value": "90"}])


def test_a_deleted_secret_and_a_foreign_one_are_alarms(deployed: Deployed) -> None:
    deployed.aws.sm.delete_secret(SecretId=secret("sentry-dsn"), RecoveryWindowInDays=7)
    deployed.aws.sm.create_secret(Name=secret("stray"), SecretString="x")
    deployed.clocked.advance(DAY)
    deployed.becomes("secrets-missing", "ALARM")
    deployed.becomes("secrets-foreign", "ALARM")
    last = deployed.lines(WATCH)[-1]
    assert (last["missing"], last["foreign"]) == (["sentry-dsn"], [secret("stray")])


def test_a_backup_lacks_what_is_deleted_keeps_the_others_and_alarms(deployed: Deployed) -> None:
    answer = deployed.invoke(BACKUP)
    assert list(answer["lacking"]) == ["sentry-dsn"]
    assert answer["saved"] == len(CATALOG.secrets) - len(CATALOG.decoys) - 1
    deployed.becomes("backup-incomplete", "ALARM")
    deployed.aws.sm.restore_secret(SecretId=secret("sentry-dsn"))
    deployed.aws.sm.delete_secret(SecretId=secret("stray"), ForceDeleteWithoutRecovery=True)


def test_a_watch_that_no_longer_looks_is_an_alarm_after_two_days(deployed: Deployed) -> None:
    assert deployed.state("watch-silent") == "OK"
    for what in (BACKUP, WATCH):
        deployed.aws.client("scheduler").delete_schedule(Name=names.named(ENVIRONMENT, what))
    deployed.clocked.advance(3 * DAY)
    deployed.becomes("watch-silent", "ALARM")
    deployed.invoke(WATCH)
    deployed.becomes("watch-silent", "OK")


def test_more_than_a_week_without_a_backup_is_an_alarm(deployed: Deployed) -> None:
    assert deployed.state("backup-overdue") == "OK"
    deployed.clocked.advance(4 * DAY + 3600)
    assert deployed.invoke(WATCH)["backup_age_hours"] > 7 * 24
    deployed.becomes("backup-overdue", "ALARM")
    deployed.invoke(BACKUP)
    deployed.clocked.advance(DAY + 60)
    assert deployed.invoke(WATCH)["backup_age_hours"] < 2 * 24
    deployed.becomes("backup-overdue", "OK")
