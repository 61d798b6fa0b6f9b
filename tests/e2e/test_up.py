"""What `make up` promises, on the real engine, the local AWS and real servers."""

from __future__ import annotations

import json
import os
import re
import shutil
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import boto3
import psycopg
import pytest

from catalog import derive, load
from sandbox import consumer, up
from sandbox.aws import process as aws
from sandbox.aws.settings import ADMINISTRATOR_KEY, ADMINISTRATOR_SECRET
from sandbox.place import Place
from sandbox.stack import Stack, StackError
from tests.servers import reachable_folder

pytestmark = [pytest.mark.e2e, pytest.mark.servers]

CATALOG = load.catalog()
NOT_SECRET = {"DB_USER", "GRAFANA_ADMIN_USER", "S3_KMS_KEY_ID"}


@pytest.fixture(scope="module")
def place() -> Iterator[Place]:
    """A sandbox that `make up` has just brought up."""
    with reachable_folder() as folder:
        place = Place(name="staging", base=folder)
        try:
            up.up(place)
            yield place
        finally:
            up.stop(place)


@pytest.fixture(scope="module")
def cloud(place: Place) -> aws.LocalAws:
    found = aws.find(place.root / "aws")
    assert found is not None
    return found


@pytest.fixture
def stack(place: Place, cloud: aws.LocalAws) -> Stack:
    return up.stack(place, cloud, up.engine())


def secretsctl(place: Place, cloud: aws.LocalAws, *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(load.ROOT / "bin" / "secretsctl"), *command],
        env={**os.environ, **up.variables(place, cloud)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def labels(place: Place, cloud: aws.LocalAws, name: str) -> dict[str, str]:
    """The version that holds each label of a secret."""
    client = boto3.client(
        "secretsmanager",
        endpoint_url=cloud.endpoint,
        region_name=cloud.region,
        aws_access_key_id=ADMINISTRATOR_KEY,
        aws_secret_access_key=ADMINISTRATOR_SECRET,
    )
    described = client.describe_secret(SecretId=f"llm-observatory/{place.name}/{name}")
    return {label: version for version, held in described["VersionIdsToStages"].items() for label in held}


def test_every_name_of_the_guide_is_a_private_file(place: Place) -> None:
    names = {name for secret in CATALOG.secrets for name in secret.names} | {entry.name for entry in CATALOG.derived}
    assert {path.name for path in place.fetched.iterdir()} == {derive.file_name(name) for name in names}
    assert stat.S_IMODE(place.fetched.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in place.fetched.iterdir()} == {0o600}


def test_a_consumer_logs_in_with_the_rotated_credential(place: Place) -> None:
    # The first value was of role app; `make up` rotated once.
    assert consumer.database_user(place) == "app_b"
    assert consumer.cache_user(place) == "default"


def test_the_first_passwords_are_off_the_disk(place: Place) -> None:
    assert place.first_values == {}


def test_a_program_runs_with_the_values_in_its_environment(place: Place, cloud: aws.LocalAws) -> None:
    ran = secretsctl(
        place,
        cloud,
        "run",
        "--",
        "psql",
        "-Atc",
        "select session_user",
    )
    assert (ran.returncode, ran.stdout.strip()) == (0, "app_b"), ran.stderr


def test_a_rotation_inside_the_overlap_is_refused_and_one_outside_leaves_the_old_credential_alive(
    place: Place, cloud: aws.LocalAws
) -> None:
    refused = secretsctl(place, cloud, "rotate", "db-app-password")
    assert refused.returncode == 1
    assert "consumers may still use the credential before this one; rotate it after" in refused.stderr
    before = readonly_login(place)
    assert secretsctl(place, cloud, "rotate", "db-readonly-password").returncode == 0
    assert secretsctl(place, cloud, "fetch", "--to", str(place.fetched)).returncode == 0
    after = readonly_login(place)
    assert (before[0], after[0]) == ("readonly", "readonly_b")
    assert session_user(place, *before) == "readonly"
    assert session_user(place, *after) == "readonly_b"


def readonly_login(place: Place) -> tuple[str, str]:
    """User and password of db-readonly-password, read as a consumer that speaks to the API does."""
    found = aws.find(place.root / "aws")
    assert found is not None
    ran = secretsctl(
        place, found, "run", "--psql", "db-readonly-password", "--", "sh", "-c", 'echo "$PGUSER $PGPASSWORD"'
    )
    user, password = ran.stdout.split()
    return user, password


def session_user(place: Place, user: str, password: str) -> str:
    database = load.environment(place.name, place.stack_file).database
    with psycopg.connect(
        host=database.host,
        port=database.port,
        dbname=database.name,
        user=user,
        password=password,
        sslmode="verify-full",
        sslrootcert=database.ca_path,
    ) as connection:
        row = connection.execute("select session_user").fetchone()
    assert row is not None
    return str(row[0])


def test_up_again_changes_nothing(stack: Stack) -> None:
    outcome = stack.up()
    assert outcome.changed == 0
    assert outcome.changes["same"] > 100


def test_a_refresh_after_rotations_leaves_the_live_value_alone(place: Place, cloud: aws.LocalAws, stack: Stack) -> None:
    for _ in range(2):  # now the marker holds neither AWSCURRENT nor AWSPREVIOUS
        assert secretsctl(place, cloud, "rotate", "jwt-secret").returncode == 0
    before = labels(place, cloud, "jwt-secret")
    assert len({before["AWSCURRENT"], before["AWSPREVIOUS"], before["LLMOBS_BOOTSTRAP"]}) == 3
    stack.refresh()
    assert stack.up().changed == 0
    assert labels(place, cloud, "jwt-secret") == before


def test_no_value_is_in_the_state_or_in_any_log(place: Place, cloud: aws.LocalAws, stack: Stack) -> None:
    assert secretsctl(place, cloud, "fetch", "--to", str(place.fetched)).returncode == 0
    fetched = {path.stem.upper(): path.read_text(encoding="utf-8") for path in place.fetched.iterdir()}
    values = {name: value for name, value in fetched.items() if name not in NOT_SECRET}
    assert len(values) == 18
    files = [path for folder in ("postgres", "redis", "aws") for path in (place.root / folder).rglob("*.log")]
    files += [path for path in (place.root / "state").rglob("*") if path.is_file()]
    texts = {str(path): path.read_text("utf-8", errors="replace") for path in files}
    # What the state holds as a secret is ciphertext in its files, so it is searched decrypted.
    texts["state"] = decrypted(stack)
    assert len(texts) > 5
    assert derive.key_alias(place.declared, "backup") in texts["state"]  # a marker's field: the search does see inputs
    assert [(name, where) for name, value in values.items() for where, text in texts.items() if value in text] == []


def decrypted(stack: Stack) -> str:
    """Every string of the state, secrets included, a line each."""

    def strings(node: object) -> Iterator[str]:
        match node:
            case str():
                yield node
            case dict():
                for value in node.values():
                    yield from strings(value)
            case list():
                for value in node:
                    yield from strings(value)

    state = json.loads(stack.run("stack", "export", "--show-secrets", "--stack", stack.place.name))
    return "\n".join(strings(state))


def test_no_value_is_in_a_functions_log(place: Place, cloud: aws.LocalAws) -> None:
    client = boto3.client(
        "logs",
        endpoint_url=cloud.endpoint,
        region_name=cloud.region,
        aws_access_key_id=ADMINISTRATOR_KEY,
        aws_secret_access_key=ADMINISTRATOR_SECRET,
    )
    environment = load.environment(place.name)
    said = "".join(
        event["message"]
        for target in CATALOG.targets
        for event in client.filter_log_events(logGroupName=derive.log_group(environment, target))["events"]
    )
    assert '"event": "finished"' in said
    values = [path.read_text("utf-8") for path in place.fetched.iterdir() if path.stem.upper() not in NOT_SECRET]
    assert [value for value in values if value in said] == []


def test_a_tier_1_secret_at_120_days_blocks_the_preview(place: Place, stack: Stack, tmp_path: Path) -> None:
    planted = tmp_path / "planted"
    shutil.copytree(
        load.ROOT,
        planted,
        ignore=shutil.ignore_patterns(".git", ".venv", ".sandbox", "build", "secrets", "__pycache__", ".*_cache"),
    )
    (planted / ".venv").symlink_to(load.ROOT / ".venv")
    catalogue = planted / "catalog" / "secrets.yaml"
    text = catalogue.read_text(encoding="utf-8")
    entry = "      JWT_SECRET: key\n"
    assert entry in text
    catalogue.write_text(text.replace(entry, f"{entry}    rotation:\n      days: 120\n"), encoding="utf-8")
    violating = Stack(place=place, engine=stack.engine, variables=stack.variables, program=planted)
    with pytest.raises(StackError) as caught:
        violating.run("preview", *violating.target)
    said = re.sub(r"\s+", " ", str(caught.value))
    assert "jwt-secret" in said
    assert "90" in said
    assert "rotation: {days: 90}" in said
    assert "mandatory" in said


def test_the_table_is_machine_readable_too(place: Place, cloud: aws.LocalAws) -> None:
    listed = json.loads(secretsctl(place, cloud, "list", "--json").stdout)
    assert len(listed if isinstance(listed, list) else listed["secrets"]) == len(CATALOG.secrets)
