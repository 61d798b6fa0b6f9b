"""What only the AWS store does: batches, errors of AWS, and values that stay out of errors."""

from __future__ import annotations

import json
import traceback
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.stub import Stubber

from catalog import derive, load
from catalog.model import Catalog, Secret
from stores import aws
from stores.aws import AwsStore
from stores.document import Document
from stores.store import (
    ConflictError,
    DeniedError,
    NotBootstrappedError,
    NotFoundError,
    Reading,
    StoreError,
    UnreachableError,
)

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

CANARY = "C4n4ry+9s8d7f6g5h4j3k2l1q0w9e8r7t6y5u4i3o2p1aZ="
ENVIRONMENT = load.environment("staging")
CATALOG = load.catalog()


@pytest.fixture
def client() -> SecretsManagerClient:
    return boto3.client(
        "secretsmanager", region_name="us-east-1", aws_access_key_id="A" * 20, aws_secret_access_key="made-up"
    )


@pytest.fixture
def stub(client: SecretsManagerClient) -> Iterator[Stubber]:
    with Stubber(client) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


def value(name: str, *labels: str, text: str | None = None) -> dict[str, Any]:
    secret = CATALOG.by_name[name]
    return {
        "Name": derive.secret_name(ENVIRONMENT, secret),
        "VersionId": "v" * 32,
        "VersionStages": list(labels or ("AWSCURRENT",)),
        "SecretString": text or json.dumps({"password": CANARY}),
    }


def test_it_reads_in_batches_of_twenty(stub: Stubber, client: SecretsManagerClient) -> None:
    template = CATALOG.by_name["redis-password"]
    secrets = [template.model_copy(update={"name": f"s{number}"}) for number in range(45)]
    catalog = Catalog.model_construct(tiers=[], consumers=[], secrets=secrets, derived=[])
    for start in (0, 20, 40):
        ids = [derive.secret_name(ENVIRONMENT, secret) for secret in secrets[start : start + aws.BATCH]]
        values = [value("redis-password") | {"Name": id_} for id_ in ids]
        stub.add_response("batch_get_secret_value", {"SecretValues": values, "Errors": []}, {"SecretIdList": ids})
    answers = AwsStore(client, ENVIRONMENT, catalog).get_many(secret.name for secret in secrets)
    assert len(answers) == 45
    assert all(isinstance(answer, Reading) for answer in answers.values())


def test_it_follows_the_pages_of_a_batch_and_tells_each_error(stub: Stubber, client: SecretsManagerClient) -> None:
    names = ["jwt-secret", "redis-password", "db-password", "sentry-dsn"]
    ids = [derive.secret_name(ENVIRONMENT, CATALOG.by_name[name]) for name in names]
    stub.add_response(
        "batch_get_secret_value",
        {"SecretValues": [value("jwt-secret")], "Errors": [], "NextToken": "more"},
        {"SecretIdList": ids},
    )
    error = {"SecretId": ids[2], "ErrorCode": "AccessDeniedException", "Message": "User is not authorized to read"}
    stub.add_response(
        "batch_get_secret_value",
        {"SecretValues": [value("redis-password", "AWSCURRENT", derive.BOOTSTRAP_LABEL)], "Errors": [error]},
        {"SecretIdList": ids, "NextToken": "more"},
    )
    answers = AwsStore(client, ENVIRONMENT, CATALOG).get_many(names)
    assert isinstance(answers["jwt-secret"], Reading)
    assert isinstance(answers["redis-password"], NotBootstrappedError)
    assert "secretsctl bootstrap" in str(answers["redis-password"])
    assert isinstance(answers["db-password"], DeniedError)
    assert "not authorized to read" in str(answers["db-password"])
    assert isinstance(answers["sentry-dsn"], NotFoundError)


def test_a_caller_who_may_not_batch_reads_one_by_one(stub: Stubber, client: SecretsManagerClient) -> None:
    stub.add_client_error("batch_get_secret_value", "AccessDeniedException")
    stub.add_response("get_secret_value", value("jwt-secret"))
    stub.add_client_error("get_secret_value", "AccessDeniedException")
    answers = AwsStore(client, ENVIRONMENT, CATALOG).get_many(["jwt-secret", "redis-password"])
    assert isinstance(answers["jwt-secret"], Reading)
    assert isinstance(answers["redis-password"], DeniedError)


@pytest.mark.parametrize(
    ("code", "text", "kind", "shown"),
    [
        ("ResourceNotFoundException", "can't find the specified secret.", NotFoundError, "create it with `pulumi up`"),
        ("ResourceNotFoundException", "value for staging label: AWSCURRENT", NotBootstrappedError, "no version yet"),
        ("InvalidRequestException", "currently marked deleted", NotFoundError, "restore-secret"),
        ("AccessDeniedException", "x is not authorized to perform: y", DeniedError, "not authorized to perform"),
        ("DecryptionFailure", CANARY, DeniedError, "DecryptionFailure"),
        ("ExpiredTokenException", CANARY, DeniedError, "credentials have expired"),
        ("ThrottlingException", CANARY, UnreachableError, "busy"),
        ("ResourceExistsException", CANARY, ConflictError, "somebody else was faster"),
        ("InvalidParameterException", CANARY, StoreError, "AWS refuses with InvalidParameterException"),
    ],
)
def test_each_refusal_is_its_own_error_and_shows_no_value(
    stub: Stubber, client: SecretsManagerClient, code: str, text: str, kind: type[StoreError], shown: str
) -> None:
    stub.add_client_error("put_secret_value", code, text)
    with pytest.raises(StoreError) as caught:
        AwsStore(client, ENVIRONMENT, CATALOG).put("jwt-secret", Document({"key": CANARY}), "t" * 32)
    assert type(caught.value) is kind
    assert shown in str(caught.value)
    assert "cannot write secret 'jwt-secret': " in str(caught.value)
    assert CANARY not in str(caught.value)
    assert CANARY not in "".join(traceback.format_exception(caught.value))


def test_a_value_that_is_no_object_is_not_shown(stub: Stubber, client: SecretsManagerClient) -> None:
    stub.add_response("get_secret_value", value("jwt-secret", text=CANARY))
    with pytest.raises(StoreError, match="no JSON object") as caught:
        AwsStore(client, ENVIRONMENT, CATALOG).get("jwt-secret")
    assert CANARY not in repr(caught.value)


def test_a_rotation_under_way_is_a_conflict(stub: Stubber, client: SecretsManagerClient) -> None:
    stub.add_client_error("rotate_secret", "InvalidRequestException", "A previous rotation isn't complete.")
    labels = {"a" * 32: ["AWSCURRENT"], "b" * 32: ["AWSPENDING"]}
    stub.add_response("describe_secret", {"VersionIdsToStages": labels})
    with pytest.raises(ConflictError, match="another rotation is under way"):
        AwsStore(client, ENVIRONMENT, CATALOG).rotate("jwt-secret", "t" * 32)


def test_all_pages_of_versions_are_read(stub: Stubber, client: SecretsManagerClient) -> None:
    secret: Secret = CATALOG.by_name["jwt-secret"]
    request = {"SecretId": derive.secret_name(ENVIRONMENT, secret), "IncludeDeprecated": True}
    first = {"VersionId": "a" * 32, "CreatedDate": "2024-01-01T00:00:00Z", "VersionStages": ["AWSPREVIOUS"]}
    second = {"VersionId": "b" * 32, "CreatedDate": "2024-02-01T00:00:00Z", "VersionStages": ["AWSCURRENT"]}
    stub.add_response("list_secret_version_ids", {"Versions": [first], "NextToken": "n"}, request)
    stub.add_response("list_secret_version_ids", {"Versions": [second]}, request | {"NextToken": "n"})
    versions = AwsStore(client, ENVIRONMENT, CATALOG).versions("jwt-secret")
    assert [version.id[0] for version in versions] == ["b", "a"]


def test_a_supplied_value_has_its_own_label_and_is_not_the_current_one(
    stub: Stubber, client: SecretsManagerClient
) -> None:
    wanted = {
        "SecretId": derive.secret_name(ENVIRONMENT, CATALOG.by_name["openai-api-key"]),
        "ClientRequestToken": "t" * 32,
        "SecretString": Document({"key": CANARY}).text(),
        "VersionStages": ["LLMOBS_SUPPLIED"],
    }
    stub.add_response("put_secret_value", {"VersionId": "t" * 32}, wanted)
    store = AwsStore(client, ENVIRONMENT, CATALOG)
    assert store.supply("openai-api-key", Document({"key": CANARY}), "t" * 32) == "t" * 32


def test_an_unfinished_rotation_is_given_up_by_taking_its_label_off(
    stub: Stubber, client: SecretsManagerClient
) -> None:
    name = derive.secret_name(ENVIRONMENT, CATALOG.by_name["openai-api-key"])
    wanted = {"SecretId": name, "VersionStage": "AWSPENDING", "RemoveFromVersionId": "v" * 32}
    stub.add_response("update_secret_version_stage", {}, wanted)
    AwsStore(client, ENVIRONMENT, CATALOG).abandon("openai-api-key", "v" * 32)
