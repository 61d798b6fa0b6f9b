"""The fake keeps the rules that AWS documents for versions and labels."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from tests.lambdas.fake_secrets_manager import FakeSecretsManager

NAME = "thing"


@pytest.fixture
def fake() -> FakeSecretsManager:
    fake = FakeSecretsManager()
    fake.create(NAME, {}, "marker")
    return fake


def code(caught: pytest.ExceptionInfo[ClientError]) -> str:
    return caught.value.response["Error"]["Code"]


def put(fake: FakeSecretsManager, token: str, value: str, *stages: str) -> None:
    fake.put_secret_value(
        SecretId=NAME, ClientRequestToken=token, SecretString=value, VersionStages=list(stages) or None
    )


def test_a_value_without_labels_becomes_current_and_the_old_one_previous(fake: FakeSecretsManager) -> None:
    put(fake, "a", "1")
    assert fake.document(NAME) == "1"
    assert fake.document(NAME, "AWSPREVIOUS") == "marker"


def test_a_token_with_the_same_value_does_nothing_and_with_another_is_refused(fake: FakeSecretsManager) -> None:
    put(fake, "a", "1", "AWSPENDING")
    put(fake, "a", "1", "AWSPENDING")
    with pytest.raises(ClientError) as caught:
        put(fake, "a", "2", "AWSPENDING")
    assert code(caught) == "ResourceExistsException"


def test_a_label_moves_only_when_told_where_from(fake: FakeSecretsManager) -> None:
    put(fake, "a", "1", "AWSPENDING")
    for wrong in ({}, {"RemoveFromVersionId": "b"}):
        with pytest.raises(ClientError) as caught:
            fake.update_secret_version_stage(SecretId=NAME, VersionStage="AWSCURRENT", MoveToVersionId="a", **wrong)
        assert code(caught) == "InvalidParameterException"


def test_rotating_is_refused_while_another_version_is_pending(fake: FakeSecretsManager) -> None:
    token = fake.rotate(NAME)
    with pytest.raises(ClientError) as caught:
        fake.rotate(NAME)
    assert code(caught) == "InvalidRequestException"
    assert fake.rotate(NAME, token) == token


def test_rotating_is_allowed_while_the_current_version_is_pending_too(fake: FakeSecretsManager) -> None:
    put(fake, "a", "1", "AWSCURRENT", "AWSPENDING")
    assert fake.rotate(NAME)


def test_an_empty_version_has_no_value_to_get(fake: FakeSecretsManager) -> None:
    token = fake.rotate(NAME)
    with pytest.raises(ClientError) as caught:
        fake.get_secret_value(SecretId=NAME, VersionId=token, VersionStage="AWSPENDING")
    assert code(caught) == "ResourceNotFoundException"


def test_a_version_without_labels_is_readable_by_id_and_listed_only_on_request(fake: FakeSecretsManager) -> None:
    put(fake, "a", "1", "AWSPENDING")
    fake.cancel_pending(NAME)
    assert fake.get_secret_value(SecretId=NAME, VersionId="a")["SecretString"] == "1"
    assert "a" not in fake.describe_secret(SecretId=NAME)["VersionIdsToStages"]
    listed = fake.list_secret_version_ids(SecretId=NAME, IncludeDeprecated=True)["Versions"]
    assert "a" in [version["VersionId"] for version in listed]
    assert len(fake.list_secret_version_ids(SecretId=NAME)["Versions"]) == 1
