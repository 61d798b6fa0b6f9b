"""The contract that every store keeps; each store to come is one more parameter here."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from moto.server import ThreadedMotoServer

from catalog import derive, load
from catalog.environment import Environment
from stores.aws import AwsStore
from stores.document import Document
from stores.file import FileStore
from stores.store import (
    CURRENT,
    PREVIOUS,
    ConflictError,
    NotBootstrappedError,
    NotFoundError,
    Reading,
    Store,
    StoreError,
)

CANARY = "C4n4ry+9s8d7f6g5h4j3k2l1q0w9e8r7t6y5u4i3o2p1aZ="
NAME, OTHER = "redis-password", "openai-api-key"


@pytest.fixture(scope="module")
def moto() -> Iterator[str]:
    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def environment() -> Environment:
    """Moto's server keeps its state, so each test has a region of its own."""
    regions = ["us-east-1", "us-west-2", "eu-west-1", "eu-central-1", "ap-south-1", "sa-east-1", "ca-central-1"]
    number = int(uuid.uuid5(uuid.NAMESPACE_DNS, os.environ["PYTEST_CURRENT_TEST"])) % len(regions)
    return load.environment("staging").model_copy(update={"region": regions[number]})


@pytest.fixture(params=["file", "aws"])
def store(request: pytest.FixtureRequest, tmp_path: Path, environment: Environment) -> Store:
    catalog = load.catalog()
    if request.param == "file":
        return FileStore(tmp_path / "secrets", catalog)
    client = boto3.client(
        "secretsmanager",
        region_name=environment.region,
        endpoint_url=request.getfixturevalue("moto"),
        aws_access_key_id="AKIAMADEUP0000000000",
        aws_secret_access_key="made-up",
    )
    # The server is shared with other tests, whose secrets are theirs: some are replicas, which cannot be deleted here.
    names = {derive.secret_name(environment, secret) for secret in catalog.secrets}
    for page in client.get_paginator("list_secrets").paginate():
        for entry in page["SecretList"]:
            if entry["Name"] in names:
                client.delete_secret(SecretId=entry["Name"], ForceDeleteWithoutRecovery=True)
    for name in names:
        client.create_secret(Name=name)
    return AwsStore(client, environment, catalog)


def token() -> str:
    return str(uuid.uuid4())


class TestEveryStore:
    def test_gives_back_what_was_put(self, store: Store) -> None:
        version = store.put(NAME, Document({"host": "h", "port": 6379, "password": CANARY}), token())
        reading = store.get(NAME)
        assert reading.document == {"host": "h", "port": 6379, "password": CANARY}
        assert reading.version.id == version
        assert CURRENT in reading.version.labels

    def test_keeps_the_version_before(self, store: Store) -> None:
        first = store.put(NAME, Document({"password": "1"}), token())
        second = store.put(NAME, Document({"password": "2"}), token())
        assert store.get(NAME).document["password"] == "2"
        metadata = store.describe(NAME)
        assert metadata.has_value
        assert metadata.current is not None
        assert metadata.current.id == second
        previous = metadata.holder(PREVIOUS)
        assert previous is not None
        assert previous.id == first

    def test_dates_its_versions_newest_first(self, store: Store) -> None:
        first, second = (store.put(NAME, Document({"password": text}), token()) for text in ("1", "2"))
        versions = store.versions(NAME)
        assert {version.id for version in versions} == {first, second}
        dates = [version.created for version in versions]
        assert all(date is not None and date.tzinfo is not None for date in dates)
        assert dates == sorted(dates, key=str, reverse=True)

    def test_takes_the_same_token_twice_for_the_same_value(self, store: Store) -> None:
        once = token()
        assert store.put(NAME, Document({"password": "1"}), once) == store.put(NAME, Document({"password": "1"}), once)
        assert len(store.versions(NAME)) == 1

    def test_refuses_the_same_token_for_another_value(self, store: Store) -> None:
        once = token()
        store.put(NAME, Document({"password": CANARY}), once)
        with pytest.raises(ConflictError) as caught:
            store.put(NAME, Document({"password": CANARY + "2"}), once)
        assert CANARY not in str(caught.value)
        assert store.get(NAME).document["password"] == CANARY

    def test_says_that_a_secret_has_no_value_yet(self, store: Store) -> None:
        with pytest.raises(NotBootstrappedError, match=f"secret '{NAME}'"):
            store.get(NAME)
        assert not store.describe(NAME).has_value

    def test_says_that_the_catalogue_has_no_such_secret(self, store: Store) -> None:
        for call in (store.get, store.describe, store.versions):
            with pytest.raises(NotFoundError, match="secret 'no-such': the catalogue has none of that name"):
                call("no-such")
        with pytest.raises(NotFoundError):
            store.put("no-such", Document({}), token())

    def test_reads_many_and_hides_no_failure(self, store: Store) -> None:
        store.put(NAME, Document({"password": "1"}), token())
        answers = store.get_many([OTHER, NAME])
        assert list(answers) == [OTHER, NAME]
        assert isinstance(answers[NAME], Reading)
        assert isinstance(answers[OTHER], StoreError)

    def test_lists_what_it_has(self, store: Store) -> None:
        store.put(NAME, Document({"password": "1"}), token())
        assert NAME in store.names()
        assert list(store.names()) == sorted(store.names())
