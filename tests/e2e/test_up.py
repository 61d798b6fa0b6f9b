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

import psycopg
import pytest

from catalog import derive, load
from sandbox import consumer, up
from sandbox.aws import process as aws
from sandbox.identity import ADMINISTRATOR_IDENTITY
from sandbox.place import Place
from sandbox.stack import Stack, StackError
from secretsctl.selection import names_of

pytestmark = [pytest.mark.e2e, pytest.mark.servers]

CATALOG = load.catalog()
NOT_SECRET = {"DB_USER", "GRAFANA_ADMIN_USER", "S3_KMS_KEY_ID"}


@pytest.fixture(scope="module")
def everything(place: Place, cloud: aws.LocalAws) -> Path:
    """A folder with every value, fetched as break-glass, which alone reads all."""
    folder = place.root / "everything"
    fetched = secretsctl(place, cloud, "fetch", "--to", str(folder), who="break-glass")
    assert fetched.returncode == 0, fetched.stderr
    return folder


def secretsctl(
    place: Place, cloud: aws.LocalAws, *command: str, who: str = "operator"
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(load.ROOT / "bin" / "secretsctl"), *command],
        env={**os.environ, **up.variables_as(place, cloud, who)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def labels(place: Place, cloud: aws.LocalAws, name: str) -> dict[str, str]:
    """The version that holds each label of a secret."""
    client = ADMINISTRATOR_IDENTITY.client(cloud, "secretsmanager")
    described = client.describe_secret(SecretId=f"llm-observatory/{place.name}/{name}")
    return {label: version for version, held in described["VersionIdsToStages"].items() for label in held}


def test_every_name_that_the_consumer_reads_is_a_private_file(place: Place) -> None:
    names = {name for secret in CATALOG.read_by("api-server") for name in names_of(CATALOG, secret)}
    assert {path.name for path in place.fetched.iterdir()} == {derive.file_name(name) for name in names}
    assert stat.S_IMODE(place.fetched.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in place.fetched.iterdir()} == {0o600}


def test_every_name_of_the_guide_has_a_value(everything: Path) -> None:
    names = {name for secret in CATALOG.secrets for name in names_of(CATALOG, secret)}
    assert {path.name for path in everything.iterdir()} == {derive.file_name(name) for name in names}


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
        who="api-server",
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
    after = readonly_login(place)
    assert (before[0], after[0]) == ("readonly", "readonly_b")
    assert session_user(place, *before) == "readonly"
    assert session_user(place, *after) == "readonly_b"


def readonly_login(place: Place) -> tuple[str, str]:
    """User and password of db-readonly-password, read as its consumer does."""
    found = aws.find(place.root / "aws")
    assert found is not None
    command = ("run", "--psql", "db-readonly-password", "--", "sh", "-c", 'echo "$PGUSER $PGPASSWORD"')
    ran = secretsctl(place, found, *command, who="grafana")
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
        assert secretsctl(place, cloud, "rotate", "backup-encryption-key").returncode == 0
    before = labels(place, cloud, "backup-encryption-key")
    assert len({before["AWSCURRENT"], before["AWSPREVIOUS"], before["LLMOBS_BOOTSTRAP"]}) == 3
    stack.refresh()
    assert stack.up().changed == 0
    assert labels(place, cloud, "backup-encryption-key") == before


def test_a_refresh_that_would_read_values_is_denied(stack: Stack) -> None:
    with pytest.raises(StackError, match="secretsmanager:GetSecretValue"):
        stack.run("refresh", "--yes", "--skip-preview", "--stack", stack.place.name, "--config-file", config_of(stack))


def config_of(stack: Stack) -> str:
    return str(stack.place.stack_file)


def test_no_value_is_in_the_state_or_in_any_log(place: Place, everything: Path, stack: Stack) -> None:
    fetched = {path.stem.upper(): path.read_text(encoding="utf-8") for path in everything.iterdir()}
    values = {name: value for name, value in fetched.items() if name not in NOT_SECRET}
    assert len(fetched.keys() - NOT_SECRET) == 23
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


def test_no_value_is_in_a_functions_log(place: Place, cloud: aws.LocalAws, everything: Path) -> None:
    client = ADMINISTRATOR_IDENTITY.client(cloud, "logs")
    environment = load.environment(place.name)
    said = "".join(
        event["message"]
        for target in CATALOG.targets
        for event in client.filter_log_events(logGroupName=derive.log_group(environment, target))["events"]
    )
    assert '"event": "finished"' in said
    values = [path.read_text("utf-8") for path in everything.iterdir() if path.stem.upper() not in NOT_SECRET]
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
    entry = "      BACKUP_ENCRYPTION_KEY: key\n"
    assert entry in text
    catalogue.write_text(text.replace(entry, f"{entry}    rotation:\n      days: 120\n"), encoding="utf-8")
    violating = Stack(place=place, engine=stack.engine, variables=stack.variables, program=planted)
    with pytest.raises(StackError) as caught:
        violating.run("preview", *violating.target)
    said = re.sub(r"\s+", " ", str(caught.value))
    assert "backup-encryption-key" in said
    assert "90" in said
    assert "rotation: {days: 90}" in said
    assert "mandatory" in said


def test_the_table_is_machine_readable_too(place: Place, cloud: aws.LocalAws) -> None:
    listed = json.loads(secretsctl(place, cloud, "list", "--json").stdout)
    assert len(listed if isinstance(listed, list) else listed["secrets"]) == len(CATALOG.secrets)
