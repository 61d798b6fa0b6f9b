"""Versions and tokens. Source: https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_PutSecretValue.html."""

import pytest
from botocore.exceptions import ClientError

from tests.contract.aws.harness import ContractAws, error_of, token


def test_the_same_token_and_value_again_changes_nothing(aws: ContractAws) -> None:
    """Source: "the operation succeeds but does nothing"."""
    secret, same = aws.secret(), token()
    for _ in range(2):
        aws.sm.put_secret_value(SecretId=secret, ClientRequestToken=same, SecretString="second")
    aws.sm.put_secret_value(SecretId=secret, SecretString="third")
    before = aws.stages(secret)
    aws.sm.put_secret_value(
        SecretId=secret, ClientRequestToken=same, SecretString="second", VersionStages=["AWSPREVIOUS"]
    )
    assert aws.stages(secret) == before


@pytest.mark.parametrize("stage", ["AWSCURRENT", pytest.param("AWSPENDING", marks=pytest.mark.diverges)])
def test_the_same_token_with_another_value_fails(aws: ContractAws, stage: str) -> None:
    """Source: "you can't modify an existing version; you can only create new ones"."""
    secret, used = aws.secret(), token()
    arguments = {"SecretId": secret, "ClientRequestToken": used, "VersionStages": [stage]}
    aws.sm.put_secret_value(**arguments, SecretString="second")
    with pytest.raises(ClientError) as caught:
        aws.sm.put_secret_value(**arguments, SecretString="other")
    assert error_of(caught.value)[0] == "ResourceExistsException"
    assert aws.sm.get_secret_value(SecretId=secret, VersionId=used)["SecretString"] == "second"


@pytest.mark.diverges
def test_update_secret_with_a_used_token_always_fails(aws: ContractAws) -> None:
    """Source: .../API_UpdateSecret.html: "the operation results in an error"."""
    secret, used = aws.secret(), token()
    aws.sm.update_secret(SecretId=secret, ClientRequestToken=used, SecretString="second")
    with pytest.raises(ClientError) as caught:
        aws.sm.update_secret(SecretId=secret, ClientRequestToken=used, SecretString="second")
    assert error_of(caught.value)[0] == "ResourceExistsException"


def test_creating_again_with_the_same_token_and_value_is_a_no_op(aws: ContractAws) -> None:
    """Source: .../API_CreateSecret.html: "then the request is ignored"; another value fails."""
    name, same = aws.name(), token()
    first = aws.sm.create_secret(Name=name, ClientRequestToken=same, SecretString="first")
    with pytest.raises(ClientError) as caught:
        aws.sm.create_secret(Name=name, ClientRequestToken=token(), SecretString="other")
    assert error_of(caught.value)[0] == "ResourceExistsException"
    assert aws.sm.describe_secret(SecretId=name)["ARN"] == first["ARN"]


def test_creating_twice_with_one_token_answers_the_same_version(aws: ContractAws) -> None:
    """Source: .../API_CreateSecret.html, ClientRequestToken."""
    name, same = aws.name(), token()
    first = aws.sm.create_secret(Name=name, ClientRequestToken=same, SecretString="first")
    again = aws.sm.create_secret(Name=name, ClientRequestToken=same, SecretString="first")
    assert (again["ARN"], again["VersionId"]) == (first["ARN"], same)


def test_version_and_label_must_agree(aws: ContractAws) -> None:
    """Source: .../API_GetSecretValue.html: "the two parameters must refer to the same secret version"."""
    secret = aws.secret()
    first = aws.holder(secret, "AWSCURRENT")
    aws.sm.put_secret_value(SecretId=secret, SecretString="second")
    with pytest.raises(ClientError) as caught:
        aws.sm.get_secret_value(SecretId=secret, VersionId=first, VersionStage="AWSCURRENT")
    assert error_of(caught.value)[0] == "InvalidRequestException"


@pytest.mark.diverges
def test_deprecated_versions_are_listed_only_when_asked_for(aws: ContractAws) -> None:
    """Source: .../API_ListSecretVersionIds.html, IncludeDeprecated."""
    secret = aws.secret()
    first = aws.holder(secret, "AWSCURRENT")
    for value in ("second", "third"):
        aws.sm.put_secret_value(SecretId=secret, SecretString=value)

    def listed(**arguments: bool) -> set[str]:
        versions = aws.sm.list_secret_version_ids(SecretId=secret, **arguments)["Versions"]
        return {version["VersionId"] for version in versions}

    assert first not in listed()
    assert first in listed(IncludeDeprecated=True)
    assert aws.sm.get_secret_value(SecretId=secret, VersionId=first)["SecretString"] == "first"


def test_binary_values_come_back_as_they_were_given(aws: ContractAws) -> None:
    """Source: .../API_GetSecretValue.html, SecretBinary."""
    name, data = aws.name(), bytes(range(256))
    aws.sm.create_secret(Name=name, SecretBinary=data)
    answer = aws.sm.get_secret_value(SecretId=name)
    assert answer["SecretBinary"] == data
    assert "SecretString" not in answer


@pytest.mark.diverges
def test_a_value_has_at_most_65536_bytes(aws: ContractAws) -> None:
    """Source: https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html."""
    secret = aws.secret()
    aws.sm.put_secret_value(SecretId=secret, SecretString="x" * 65536)
    with pytest.raises(ClientError):
        aws.sm.put_secret_value(SecretId=secret, SecretString="é" * 40000)


def test_a_put_needs_a_value(aws: ContractAws) -> None:
    """Source: "You must include SecretBinary or SecretString, but not both"."""
    with pytest.raises(ClientError) as caught:
        aws.sm.put_secret_value(SecretId=aws.secret())
    assert error_of(caught.value)[0] in {"InvalidRequestException", "InvalidParameterException"}
