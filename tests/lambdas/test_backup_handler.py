"""What a backup holds: every value in force, under one key with its history, and what it says about what it lacks."""

from __future__ import annotations

import json
from typing import Any

import pytest

from backup.errors import BackupError
from tests.lambdas.backing_up import CANARY, PREFIX, VARIABLES, Bench
from tests.lambdas.storing import ARCHIVE, KEY_ARN, MANIFEST, refusal


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_every_value_in_force_is_in_the_archive_as_it_is_stored_and_a_marker_is_not(bench: Bench) -> None:
    answer = bench.run()
    document = f'{{ "password" : "{CANARY}" }}'
    assert bench.saved() == {"db-password": document, "jwt-secret": document}
    assert (answer["saved"], answer["without_value"], answer["lacking"]) == (2, ["sentry-dsn"], {})
    assert bench.counts.counts == {"BackupDone": 1, "BackupIncomplete": 0, "BackupSecrets": 2}


def test_archive_and_manifest_are_encrypted_with_the_backup_key_and_the_archive_is_in_its_class(bench: Bench) -> None:
    bench.run()
    for key, storage_class in ((ARCHIVE, "GLACIER_IR"), (MANIFEST, "STANDARD")):
        (written,) = bench.bucket.versions[key]
        assert (written["ServerSideEncryption"], written["SSEKMSKeyId"]) == ("aws:kms", KEY_ARN)
        assert (written["StorageClass"], written["ChecksumAlgorithm"]) == (storage_class, "SHA256")


def test_the_manifest_names_the_version_of_the_archive_that_it_describes(bench: Bench) -> None:
    bench.run()
    bench.run()
    told = bench.manifest()
    assert told["archive"]["version_id"] == bench.bucket.versions[ARCHIVE][-1]["VersionId"] == "v2"
    assert told["archive"]["bytes"] == len(bench.bucket.content(ARCHIVE))
    assert [secret["name"] for secret in told["secrets"]] == ["db-password", "jwt-secret"]
    assert {secret["kind"] for secret in told["secrets"]} == {"postgres-superuser", "keyring"}


def test_history_is_kept_by_versions_of_one_key(bench: Bench) -> None:
    bench.run()
    bench.give("jwt-secret", "younger")
    bench.run()
    assert [b"younger" in version["Body"] for version in bench.bucket.versions[ARCHIVE]] == [False, True]


def test_one_broken_secret_costs_the_others_nothing_and_is_told(
    bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    bench.breaks("db-password", refusal("DecryptionFailure", "GetSecretValue"))
    answer = bench.run()
    assert list(bench.saved()) == ["jwt-secret"]
    assert bench.counts.counts == {"BackupDone": 1, "BackupIncomplete": 1, "BackupSecrets": 1}
    assert answer["level"] == "WARNING"
    assert answer["lacking"] == bench.manifest()["lacking"] == {"db-password": "DecryptionFailure"}
    assert "the archive lacks db-password (DecryptionFailure)" in json.loads(capsys.readouterr().out)["message"]


def test_a_secret_that_is_gone_or_binary_is_lacking(bench: Bench) -> None:
    del bench.secrets.secrets[PREFIX + "db-password"]
    real = bench.secrets.get_secret_value

    def binary(**asked: Any) -> Any:
        answer = dict(real(**asked))
        del answer["SecretString"]
        return answer if asked["SecretId"].endswith("sentry-dsn") else real(**asked)

    bench.give("sentry-dsn")
    bench.secrets.get_secret_value = binary  # type: ignore[method-assign]
    lacking = {"db-password": "ResourceNotFoundException", "sentry-dsn": "is binary, not text"}
    assert bench.run()["lacking"] == lacking


def test_a_secret_that_lost_its_value_is_lacking_until_it_has_one_again(bench: Bench) -> None:
    bench.run()
    stored = bench.secrets.secrets[PREFIX + "db-password"]
    before = {id_: set(version.stages) for id_, version in stored.versions.items()}
    for version in stored.versions.values():
        version.stages = {"AWSCURRENT", "LLMOBS_BOOTSTRAP"} if "LLMOBS_BOOTSTRAP" in version.stages else set()
    for _ in range(2):  # the second time the last archive lacks it too
        answer = bench.run()
        assert list(answer["lacking"]) == ["db-password"]
        assert answer["without_value"] == ["sentry-dsn"]
    for id_, stages in before.items():
        stored.versions[id_].stages = stages
    assert bench.run()["lacking"] == {}


def test_a_secret_that_is_no_longer_declared_is_not_lacking(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.run()
    monkeypatch.setitem(VARIABLES, "DECLARED", json.dumps({"jwt-secret": "keyring"}))
    assert bench.run()["lacking"] == {}


def test_if_nothing_can_be_read_nothing_is_written(bench: Bench) -> None:
    bench.run()
    for name in ("db-password", "jwt-secret", "sentry-dsn"):
        bench.breaks(name, refusal("AccessDeniedException", "GetSecretValue"))
    bench.counts.counts.clear()
    with pytest.raises(BackupError, match=r"no value could be read.*db-password \(AccessDeniedException\)"):
        bench.run()
    assert [len(versions) for versions in bench.bucket.versions.values()] == [1, 1]
    assert bench.counts.counts == {}


def test_before_the_first_value_there_is_nothing_to_back_up(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(VARIABLES, "DECLARED", json.dumps({"sentry-dsn": "sentry"}))
    assert bench.run()["event"] == "nothing to back up"
    assert bench.bucket.versions == {}
    assert bench.counts.counts == {"BackupDone": 0, "BackupIncomplete": 0, "BackupSecrets": 0}
