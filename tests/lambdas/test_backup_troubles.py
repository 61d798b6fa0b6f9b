"""What a backup checks and how it fails: where, with which code, and never with a value."""

from __future__ import annotations

import json
import traceback
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from backup import archive, handler
from backup.errors import BackupError
from backup.settings import Settings
from tests.lambdas.backing_up import CANARY, VARIABLES, Bench
from tests.lambdas.storing import ARCHIVE, MANIFEST, NOW, refusal

NO_ANSWER = EndpointConnectionError(endpoint_url=f"https://{CANARY}")


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.mark.parametrize(
    ("held", "match"),
    [
        ({"ContentLength": 1}, "ContentLength is 1"),
        ({"ChecksumSHA256": "other"}, "ChecksumSHA256 is 'other'"),
        ({"ChecksumSHA256": None}, "ChecksumSHA256 is None"),
        ({"VersionId": "v9"}, "VersionId is 'v9'"),
        ({"ServerSideEncryption": "AES256"}, "ServerSideEncryption is 'AES256'"),
        ({"SSEKMSKeyId": "arn:of:another"}, "SSEKMSKeyId is 'arn:of:another'"),
        ({"StorageClass": "STANDARD"}, "StorageClass is 'STANDARD'"),
        ({"ObjectLockMode": "GOVERNANCE"}, "ObjectLockMode is 'GOVERNANCE'"),
        ({"ObjectLockRetainUntilDate": None}, "ObjectLockRetainUntilDate is None"),
        ({"ObjectLockRetainUntilDate": NOW + timedelta(days=69)}, "ObjectLockRetainUntilDate is 2026-08-15"),
    ],
)
def test_an_archive_that_is_not_what_was_written_is_no_backup(bench: Bench, held: dict[str, Any], match: str) -> None:
    bench.bucket.held = held
    with pytest.raises(BackupError, match=match):
        bench.run()
    assert MANIFEST not in bench.bucket.versions
    assert bench.counts.counts == {}


def test_a_bucket_without_versions_keeps_no_backups(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench.bucket, "put_object", lambda **_: {})
    bench.bucket.versions[ARCHIVE] = [{"Body": b"", "VersionId": ""}]
    with pytest.raises(BackupError, match="the bucket keeps no versions"):
        bench.run()


@pytest.mark.parametrize("operation", [f"PutObject {ARCHIVE}", f"PutObject {MANIFEST}", "HeadObject"])
@pytest.mark.parametrize("error", [refusal("AccessDenied", "x"), NO_ANSWER])
def test_a_write_that_fails_says_where_and_how(bench: Bench, operation: str, error: Exception) -> None:
    bench.bucket.refused[operation] = error
    code = "AccessDenied" if error is not NO_ANSWER else "EndpointConnectionError"
    with pytest.raises(BackupError, match=rf"s3://backups/secrets/\S+: {operation.split()[0]} failed with {code}"):
        bench.run()
    assert MANIFEST not in bench.bucket.versions


@pytest.mark.parametrize("error", [refusal("AccessDenied", "GetObject"), NO_ANSWER])
def test_a_last_manifest_that_cannot_be_read_does_not_prevent_a_backup(bench: Bench, error: Exception) -> None:
    bench.bucket.refused["GetObject"] = error
    answer = bench.run()
    assert (answer["saved"], answer["level"]) == (2, "WARNING")
    assert str(answer["previous_manifest"]).startswith("unreadable")


def test_a_last_manifest_that_is_none_does_not_prevent_a_backup(bench: Bench) -> None:
    bench.bucket.versions[MANIFEST] = [{"Body": b"no manifest"}]
    assert bench.run()["level"] == "WARNING"


@pytest.mark.parametrize("error", [refusal("X", "PutMetricData"), NO_ANSWER])
def test_counts_that_cannot_be_told_fail_the_run_after_the_backup_is_done(bench: Bench, error: Exception) -> None:
    bench.counts.refuses = error
    with pytest.raises(BackupError, match="the backup is done, but PutMetricData failed"):
        bench.run()
    assert bench.manifest()["count"] == 2


def serve(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {**VARIABLES, "AWS_DEFAULT_REGION": "us-east-1"}.items():
        monkeypatch.setenv(name, value)
    fakes = {"secretsmanager": bench.secrets, "s3": bench.bucket, "cloudwatch": bench.counts}
    monkeypatch.setattr("boto3.client", lambda service, config: fakes[service])


def test_the_line_of_a_backup_holds_no_value(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    serve(bench, monkeypatch)
    monkeypatch.setattr(handler, "datetime", Frozen)
    answer = handler.handle({}, None)
    output = capsys.readouterr()
    assert json.loads(output.out) == answer
    assert CANARY not in output.out + output.err
    assert CANARY not in bench.bucket.content(MANIFEST).decode()


class Frozen:
    """The clock of the tests, in the place of datetime."""

    @staticmethod
    def now(_zone: object) -> Any:
        return NOW


@pytest.mark.parametrize("error", [ValueError(CANARY), refusal("AccessDenied", "PutObject")])
def test_whatever_fails_leaves_the_handler_as_an_error_of_ours_without_any_value(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], error: Exception
) -> None:
    serve(bench, monkeypatch)

    def fails(values: object) -> bytes:
        raise error

    monkeypatch.setattr(archive, "encode", fails)
    with pytest.raises(BackupError) as caught:
        handler.handle({}, None)
    output = capsys.readouterr()
    printed = "".join(traceback.TracebackException.from_exception(caught.value, capture_locals=True).format())
    # The test itself holds the canary, so only frames of the function count.
    of_function = "".join(frame for frame in printed.split("  File ") if "/lambdas/backup/" in frame)
    assert CANARY not in str(caught.value) + output.out + output.err + of_function
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
    assert json.loads(output.out)["event"] == "not backed up"
    assert "this is a defect of the function" in str(caught.value)


@pytest.mark.parametrize(
    ("changes", "match"),
    [
        ({"ENVIRONMENT": ""}, "variable ENVIRONMENT is missing or empty"),
        ({"DECLARED": "{"}, "variable DECLARED is no JSON"),
        ({"DECLARED": "[]"}, "variable DECLARED must map each secret's name to its kind"),
        ({"DECLARED": '{"a": 1}'}, "variable DECLARED must map each secret's name to its kind"),
        ({"LOCK_DAYS": "ten"}, "variable LOCK_DAYS is 'ten'; set a whole number of days"),
        ({"KEY_ARN": ""}, "variable KEY_ARN is missing"),
        ({"BUCKET": ""}, "variable BUCKET is missing"),
    ],
)
def test_a_wrong_variable_is_named(changes: dict[str, str], match: str) -> None:
    with pytest.raises(BackupError, match=match):
        Settings.read({**VARIABLES, **changes})
