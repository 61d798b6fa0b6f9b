"""The record can be asked: one table, one workgroup that keeps its answers encrypted, and saved questions."""

from typing import Any

import pytest

from catalog import load, names, queries
from catalog import record as table
from components.aws.queries import RecordQueries, RecordQueriesArgs
from tests.components.recording import RecordingMocks, record

CATALOG = load.catalog()
KEY = "arn:aws:kms:us-east-1:222233334444:key/0a1b"


@pytest.fixture(scope="module", params=["staging", "prod"])
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def declared(name: str) -> RecordingMocks:
    args = RecordQueriesArgs(
        environment=load.environment(name), catalog=CATALOG, log_key_arn=KEY, access_bucket="the-log-bucket"
    )
    return record(lambda: RecordQueries("queries", args), stack=name)


def the(declared: RecordingMocks, token: str) -> dict[str, Any]:
    (inputs,) = declared.of(token).values()
    return inputs


def test_the_table_is_over_the_trails_files_and_computes_its_partitions(name: str, declared: RecordingMocks) -> None:
    environment = load.environment(name)
    found = the(declared, "aws:glue/catalogTable:CatalogTable")
    assert (found["databaseName"], found["name"]) == (f"llm_observatory_{name}_audit", "events")
    assert found["parameters"] == table.projection(environment)
    assert [key["name"] for key in found["partitionKeys"]] == ["region", "day"]
    storage = found["storageDescriptor"]
    assert storage["location"] == table.location(environment)
    assert {column["name"]: column["type"] for column in storage["columns"]} == dict(table.COLUMNS)


def test_answers_are_encrypted_with_the_key_of_the_record_whatever_a_client_asks_for(
    name: str, declared: RecordingMocks
) -> None:
    settings = the(declared, "aws:athena/workgroup:Workgroup")["configuration"]
    assert settings["enforceWorkgroupConfiguration"] is True
    assert settings["resultConfiguration"] == {
        "outputLocation": f"s3://{names.bucket(load.environment(name), 'audit-queries')}/results/",
        "expectedBucketOwner": load.environment(name).account,
        "encryptionConfiguration": {"encryptionOption": "SSE_KMS", "kmsKeyArn": KEY},
    }


def test_one_query_cannot_read_without_end(declared: RecordingMocks) -> None:
    assert the(declared, "aws:athena/workgroup:Workgroup")["configuration"]["bytesScannedCutoffPerQuery"] == 100 * 2**30


def test_answers_go_after_thirty_days(declared: RecordingMocks) -> None:
    (rule,) = the(declared, "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration")["rules"]
    assert rule["expiration"] == {"days": 30}
    assert the(declared, "aws:s3/bucketLogging:BucketLogging")["targetBucket"] == "the-log-bucket"


def test_every_question_is_saved_in_the_workgroup(name: str, declared: RecordingMocks) -> None:
    saved = declared.of("aws:athena/namedQuery:NamedQuery")
    asked = queries.queries(load.environment(name), CATALOG)
    assert {query: inputs["query"] for query, inputs in saved.items()} == {query.name: query.sql for query in asked}
    assert {inputs["workgroup"] for inputs in saved.values()} == {f"llm-observatory-{name}-audit"}
    assert {inputs["database"] for inputs in saved.values()} == {f"llm_observatory_{name}_audit"}


def test_type_tokens_are_what_the_state_holds(declared: RecordingMocks) -> None:
    assert {resource.token for resource in declared.recorded if resource.token.startswith("llmobs:")} == {
        "llmobs:queries:RecordQueries",
        "llmobs:bucket:ManagedBucket",
    }
