"""Staging labels. Source: https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_UpdateSecretVersionStage.html."""

import pytest
from botocore.exceptions import ClientError

from tests.contract.aws.harness import ContractAws, error_of, token


def test_the_first_version_is_awscurrent(aws: ContractAws) -> None:
    """Source: .../API_CreateSecret.html: "automatically attaches the staging label AWSCURRENT to it"."""
    secret = aws.secret()
    assert list(aws.stages(secret).values()) == [{"AWSCURRENT"}]


@pytest.mark.diverges
def test_a_new_value_moves_awscurrent_and_awsprevious(aws: ContractAws) -> None:
    """Source: .../API_PutSecretValue.html: "also automatically moves the staging label AWSPREVIOUS"."""
    secret = aws.secret()
    first = aws.holder(secret, "AWSCURRENT")
    second = aws.sm.put_secret_value(SecretId=secret, SecretString="second")["VersionId"]
    third = aws.sm.put_secret_value(SecretId=secret, SecretString="third")["VersionId"]
    assert aws.stages(secret) == {third: {"AWSCURRENT"}, second: {"AWSPREVIOUS"}}
    assert first not in aws.stages(secret)


def test_a_label_that_is_attached_moves_only_with_the_version_it_leaves(aws: ContractAws) -> None:
    """Source: "you must include this parameter and specify the version that the label is to be removed from"."""
    secret = aws.secret()
    second, pending = token(), token()
    aws.sm.put_secret_value(SecretId=secret, ClientRequestToken=second, SecretString="second")
    aws.sm.put_secret_value(SecretId=secret, ClientRequestToken=pending, SecretString="x", VersionStages=["AWSPENDING"])
    with pytest.raises(ClientError) as caught:
        aws.sm.update_secret_version_stage(SecretId=secret, VersionStage="AWSCURRENT", MoveToVersionId=pending)
    assert error_of(caught.value)[0] == "InvalidParameterException"
    assert aws.holder(secret, "AWSCURRENT") == second


@pytest.mark.diverges
def test_a_custom_label_too_moves_only_with_the_version_it_leaves(aws: ContractAws) -> None:
    """Source: as above; stock moto leaves the label on two versions."""
    secret = aws.secret()
    second = aws.sm.put_secret_value(SecretId=secret, SecretString="x", VersionStages=["BLUE"])["VersionId"]
    third = aws.sm.put_secret_value(SecretId=secret, SecretString="y", VersionStages=["GREEN"])["VersionId"]
    with pytest.raises(ClientError) as caught:
        aws.sm.update_secret_version_stage(SecretId=secret, VersionStage="BLUE", MoveToVersionId=third)
    code, message = error_of(caught.value)
    assert code == "InvalidParameterException"
    assert "RemoveFromVersionId" in message
    assert aws.holder(secret, "BLUE") == second


def test_removing_a_label_from_a_version_that_does_not_carry_it_fails(aws: ContractAws) -> None:
    """Source: "or the version ID does not match, then the operation fails": the compare-and-swap of every rotation."""
    secret = aws.secret()
    first = aws.holder(secret, "AWSCURRENT")
    aws.sm.put_secret_value(SecretId=secret, SecretString="second")
    third = aws.sm.put_secret_value(SecretId=secret, SecretString="x", VersionStages=["AWSPENDING"])["VersionId"]
    with pytest.raises(ClientError) as caught:
        aws.sm.update_secret_version_stage(
            SecretId=secret, VersionStage="AWSCURRENT", RemoveFromVersionId=first, MoveToVersionId=third
        )
    assert error_of(caught.value)[0] == "InvalidParameterException"


@pytest.mark.diverges
def test_reading_without_a_label_follows_awscurrent_when_it_is_moved(aws: ContractAws) -> None:
    """Source: .../API_GetSecretValue.html: "Secrets Manager returns the AWSCURRENT version"."""
    secret = aws.secret()
    first = aws.holder(secret, "AWSCURRENT")
    second = aws.sm.put_secret_value(SecretId=secret, SecretString="second", VersionStages=["AWSPENDING"])["VersionId"]
    aws.sm.update_secret_version_stage(
        SecretId=secret, VersionStage="AWSCURRENT", RemoveFromVersionId=first, MoveToVersionId=second
    )
    assert aws.sm.get_secret_value(SecretId=secret)["VersionId"] == second
    assert aws.holder(secret, "AWSPREVIOUS") == first


def test_putting_a_value_with_a_label_in_use_takes_the_label_away(aws: ContractAws) -> None:
    """Source: .../API_PutSecretValue.html: "removes the label from the other version"."""
    secret = aws.secret()
    aws.sm.put_secret_value(SecretId=secret, SecretString="x", VersionStages=["AWSPENDING"])
    later = aws.sm.put_secret_value(SecretId=secret, SecretString="y", VersionStages=["AWSPENDING"])["VersionId"]
    assert [version for version, labels in aws.stages(secret).items() if "AWSPENDING" in labels] == [later]


@pytest.mark.diverges
def test_a_custom_label_stays_through_later_versions(aws: ContractAws) -> None:
    """Labels keep a version from being deprecated: our bootstrap marker depends on it."""
    secret = aws.secret()
    marker = aws.holder(secret, "AWSCURRENT")
    aws.sm.update_secret_version_stage(SecretId=secret, VersionStage="LLMOBS_BOOTSTRAP", MoveToVersionId=marker)
    for value in ("second", "third", "fourth"):
        aws.sm.put_secret_value(SecretId=secret, SecretString=value)
    assert aws.stages(secret)[str(marker)] == {"LLMOBS_BOOTSTRAP"}
    assert aws.sm.get_secret_value(SecretId=secret, VersionId=marker)["SecretString"] == "first"


@pytest.mark.diverges
def test_awscurrent_cannot_be_removed_without_moving_it(aws: ContractAws) -> None:
    """A secret with a value always has a current version (text of the error: unverified)."""
    secret = aws.secret()
    first = aws.holder(secret, "AWSCURRENT")
    with pytest.raises(ClientError) as caught:
        aws.sm.update_secret_version_stage(SecretId=secret, VersionStage="AWSCURRENT", RemoveFromVersionId=first)
    assert error_of(caught.value)[0] == "InvalidParameterException"


@pytest.mark.diverges
def test_a_secret_has_at_most_twenty_labels(aws: ContractAws) -> None:
    """Source: https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html."""
    secret = aws.secret()
    first = aws.holder(secret, "AWSCURRENT")
    for number in range(19):
        aws.sm.update_secret_version_stage(SecretId=secret, VersionStage=f"LABEL_{number}", MoveToVersionId=first)
    with pytest.raises(ClientError) as caught:
        aws.sm.update_secret_version_stage(SecretId=secret, VersionStage="LABEL_20", MoveToVersionId=first)
    assert error_of(caught.value)[0] == "LimitExceededException"
