"""Names, ARNs, deletion, listing, tags, keys. Source: https://docs.aws.amazon.com/secretsmanager/latest/apireference/."""

import re
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from botocore.exceptions import ClientError

from tests.contract.aws.harness import PREFIX, ContractAws, error_of


def test_an_arn_ends_with_a_hyphen_and_six_characters_and_works_without_them(aws: ContractAws) -> None:
    """Source: userguide/troubleshoot.html#ARN_secretnamehyphen."""
    name = aws.secret()
    arn = aws.sm.describe_secret(SecretId=name)["ARN"]
    assert re.fullmatch(rf"arn:aws:secretsmanager:[^:]+:{aws.account}:secret:{name}-[A-Za-z0-9]{{6}}", arn)
    for known_as in (name, arn, arn[:-7]):
        assert aws.sm.get_secret_value(SecretId=known_as)["ARN"] == arn


def test_an_unknown_secret_is_resource_not_found(aws: ContractAws) -> None:
    """Source: API_GetSecretValue.html, errors."""
    with pytest.raises(ClientError) as caught:
        aws.sm.get_secret_value(SecretId=f"{PREFIX}/{uuid.uuid4()}")
    assert error_of(caught.value) == (
        "ResourceNotFoundException",
        "Secrets Manager can't find the specified secret.",
    )


@pytest.mark.diverges
def test_a_name_has_only_the_documented_characters(aws: ContractAws) -> None:
    """Source: API_CreateSecret.html: "ASCII letters, numbers, and the following characters: /_+=.@-"."""
    with pytest.raises(ClientError) as caught:
        aws.sm.create_secret(Name=f"{aws.name()} with space", SecretString="x")
    assert error_of(caught.value)[0] == "ValidationException"


def test_deletion_waits_and_can_be_undone(aws: ContractAws) -> None:
    """Source: API_DeleteSecret.html: 7 to 30 days, 30 by default, no reading meanwhile."""
    secret = aws.secret()
    until = aws.sm.delete_secret(SecretId=secret, RecoveryWindowInDays=7)["DeletionDate"]
    assert timedelta(days=6, hours=23) < until - datetime.now(UTC) < timedelta(days=7, hours=1)
    with pytest.raises(ClientError) as caught:
        aws.sm.get_secret_value(SecretId=secret)
    assert error_of(caught.value)[0] == "InvalidRequestException"
    with pytest.raises(ClientError) as caught:
        aws.sm.create_secret(Name=secret, SecretString="x")
    assert error_of(caught.value)[0] in {"InvalidRequestException", "ResourceExistsException"}
    aws.sm.restore_secret(SecretId=secret)
    assert aws.sm.get_secret_value(SecretId=secret)["SecretString"] == "first"


@pytest.mark.parametrize("days", [6, 31])
def test_the_recovery_window_is_7_to_30_days(aws: ContractAws, days: int) -> None:
    """Source: API_DeleteSecret.html, RecoveryWindowInDays."""
    secret = aws.secret()
    with pytest.raises(ClientError) as caught:
        aws.sm.delete_secret(SecretId=secret, RecoveryWindowInDays=days)
    assert error_of(caught.value)[0] == "InvalidParameterException"


def test_forced_deletion_frees_the_name_and_never_misses(aws: ContractAws) -> None:
    """Source: API_DeleteSecret.html: for a nonexistent secret "does not return ResourceNotFoundException"."""
    secret = aws.secret()
    for _ in range(2):
        aws.sm.delete_secret(SecretId=secret, ForceDeleteWithoutRecovery=True)
    with pytest.raises(ClientError) as caught:
        aws.sm.describe_secret(SecretId=secret)
    assert error_of(caught.value)[0] == "ResourceNotFoundException"


def test_listing_filters_by_name_prefix_and_tag_and_comes_in_pages(aws: ContractAws) -> None:
    """Source: API_ListSecrets.html, API_Filter.html."""
    mark = str(uuid.uuid4())
    names = {aws.secret(Tags=[{"Key": "mark", "Value": mark}]) for _ in range(3)}
    aws.secret(Tags=[{"Key": "mark", "Value": "other"}])
    filters = [{"Key": "name", "Values": [PREFIX]}, {"Key": "tag-value", "Values": [mark]}]
    pages = list(aws.sm.get_paginator("list_secrets").paginate(Filters=filters, MaxResults=2))
    assert {secret["Name"] for page in pages for secret in page["SecretList"]} == names
    assert len(pages) == 2


def test_secrets_marked_for_deletion_are_listed_only_when_asked_for(aws: ContractAws) -> None:
    """Source: API_ListSecrets.html, IncludePlannedDeletion."""
    secret = aws.secret()
    aws.sm.delete_secret(SecretId=secret)
    filters = [{"Key": "name", "Values": [secret]}]
    assert aws.sm.list_secrets(Filters=filters)["SecretList"] == []
    assert len(aws.sm.list_secrets(Filters=filters, IncludePlannedDeletion=True)["SecretList"]) == 1


def test_a_batch_reads_what_it_can_and_lists_what_it_cannot(aws: ContractAws) -> None:
    """Source: API_BatchGetSecretValue.html, Errors."""
    secret, missing = aws.secret(), f"{PREFIX}/{uuid.uuid4()}"
    answer = aws.sm.batch_get_secret_value(SecretIdList=[secret, missing])
    assert [value["Name"] for value in answer["SecretValues"]] == [secret]
    assert [error["ErrorCode"] for error in answer["Errors"]] == ["ResourceNotFoundException"]


def test_tags_are_added_replaced_and_removed(aws: ContractAws) -> None:
    """Source: API_TagResource.html, API_UntagResource.html (idempotent)."""
    secret = aws.secret(Tags=[{"Key": "Tier", "Value": "1"}])
    aws.sm.tag_resource(SecretId=secret, Tags=[{"Key": "Tier", "Value": "2"}, {"Key": "Owner", "Value": "team"}])
    aws.sm.untag_resource(SecretId=secret, TagKeys=["Owner", "Absent"])
    assert aws.sm.describe_secret(SecretId=secret)["Tags"] == [{"Key": "Tier", "Value": "2"}]


@pytest.mark.diverges
def test_a_disabled_key_keeps_its_secrets_from_being_read_and_written(aws: ContractAws) -> None:
    """Source: API_GetSecretValue.html DecryptionFailure, API_PutSecretValue.html EncryptionFailure."""
    kms = aws.client("kms")
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    secret = aws.secret(KmsKeyId=key)
    kms.disable_key(KeyId=key)
    with pytest.raises(ClientError) as read:
        aws.sm.get_secret_value(SecretId=secret)
    with pytest.raises(ClientError) as written:
        aws.sm.put_secret_value(SecretId=secret, SecretString="second")
    kms.enable_key(KeyId=key)
    assert aws.sm.get_secret_value(SecretId=secret)["SecretString"] == "first"
    kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    assert (error_of(read.value)[0], error_of(written.value)[0]) == ("DecryptionFailure", "EncryptionFailure")


def test_a_random_password_has_every_kind_of_character(aws: ContractAws) -> None:
    """Source: API_GetRandomPassword.html."""
    password = aws.sm.get_random_password(PasswordLength=4, ExcludeCharacters='"')["RandomPassword"]
    assert len(password) == 4
    assert all(any(test(c) for c in password) for test in (str.islower, str.isupper, str.isdigit))
    with pytest.raises(ClientError) as caught:
        aws.sm.get_random_password(PasswordLength=3)
    assert error_of(caught.value)[0] == "InvalidParameterException"


@pytest.mark.diverges
def test_the_last_access_is_a_date_and_absent_before_the_first_read(aws: ContractAws) -> None:
    """Source: API_DescribeSecret.html, LastAccessedDate."""
    secret = aws.secret()
    assert "LastAccessedDate" not in aws.sm.describe_secret(SecretId=secret)
    aws.sm.get_secret_value(SecretId=secret)
    seen = aws.sm.describe_secret(SecretId=secret)["LastAccessedDate"].astimezone(UTC)
    assert (seen.hour, seen.minute, seen.second) == (0, 0, 0)
