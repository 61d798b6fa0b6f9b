"""What follows from the catalogue is what the guide asks for."""

import re
from fnmatch import fnmatchcase
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog import derive, load
from catalog.__main__ import derived_files

CATALOG = load.catalog()
STAGING = load.environment("staging")
GUIDE_NAMES = {
    1: {
        "DB_USER",
        "DB_PASSWORD",
        "DB_APP_PASSWORD",
        "DB_READONLY_PASSWORD",
        "DB_REPLICATION_PASSWORD",
        "SECRET_KEY",
        "JWT_SECRET",
        "BACKUP_ENCRYPTION_KEY",
        "REDIS_PASSWORD",
    },
    2: {
        "GRAFANA_ADMIN_USER",
        "GRAFANA_ADMIN_PASSWORD",
        "GRAFANA_SECRET_KEY",
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "S3_KMS_KEY_ID",
        "SMTP_PASSWORD",
    },
    3: {"OPENAI_API_KEY", "ANTHROPIC_API_KEY", "SENTRY_DSN"},
}
# What rotating those takes: who may change them at their issuer or heal them, and the user that a key is of.
OUR_NAMES = {
    1: {"DB_RECOVERY_PASSWORD", "OPENAI_ADMIN_KEY", "ANTHROPIC_ADMIN_KEY", "SENTRY_AUTH_TOKEN"},
    2: {"SMTP_USER"},
    3: set[str](),
}


def test_the_catalogue_holds_the_guides_nineteen_names_in_its_three_tiers() -> None:
    ours = {tier: {n for s in CATALOG.secrets if s.tier == tier for n in s.names} for tier in GUIDE_NAMES}
    assert ours == {tier: names | OUR_NAMES[tier] for tier, names in GUIDE_NAMES.items()}
    assert sum(len(names) for names in GUIDE_NAMES.values()) == 19


def test_the_tiers_rotate_as_the_guide_says() -> None:
    assert {tier.number: tier.max_rotation_days for tier in CATALOG.tiers} == {1: 90, 2: 180, 3: 365}
    assert all(
        derive.rotation_days(CATALOG, secret) <= CATALOG.tier_by_number[secret.tier].max_rotation_days
        for secret in CATALOG.secrets
    )


def test_an_arn_pattern_matches_its_own_secret_only() -> None:
    patterns = {secret.name: derive.secret_arn(STAGING, secret) for secret in CATALOG.secrets}
    for name in patterns:
        arn = f"arn:aws:secretsmanager:us-east-1:222233334444:secret:llm-observatory/staging/{name}-Ab12Cd"
        assert [other for other, pattern in patterns.items() if fnmatchcase(arn, pattern)] == [name]


def test_a_marker_holds_every_field_but_the_credentials() -> None:
    for secret in CATALOG.secrets:
        assert derive.marker(STAGING, secret).keys() == secret.fields - secret.spec.credentials


def test_the_application_does_not_log_in_as_superuser() -> None:
    url = next(entry for entry in CATALOG.derived if entry.name == "DATABASE_URL")
    assert url.secret == "db-app-password"
    assert CATALOG.by_name["db-password"].consumers == []


@given(password=st.text(min_size=1), username=st.text(min_size=1))
def test_any_user_and_password_come_back_out_of_the_database_url(username: str, password: str) -> None:
    secret = CATALOG.by_name["db-app-password"]
    document = derive.marker(STAGING, secret) | {"username": username, "password": password}
    url = urlsplit(derive.values(CATALOG, secret, document)["DATABASE_URL"])
    assert (unquote(url.username or ""), unquote(url.password or "")) == (username, password)
    assert (url.hostname, url.port, url.path) == (STAGING.database.host, 5432, "/llm_observatory")
    assert "sslmode=verify-full" in url.query


def test_a_name_without_a_value_yet_says_how_to_get_one() -> None:
    secret = CATALOG.by_name["jwt-secret"]
    with pytest.raises(derive.DocumentError, match=r"'jwt-secret' has no field 'key' yet; .*`secretsctl bootstrap"):
        derive.values(CATALOG, secret, derive.marker(STAGING, secret))


def test_file_names_are_those_of_the_guide() -> None:
    assert [derive.file_name(name) for name in ("DB_PASSWORD", "DATABASE_URL")] == [
        "db_password.txt",
        "database_url.txt",
    ]


@pytest.mark.parametrize("path", derived_files(CATALOG))
def test_derived_files_are_fresh(path: Path) -> None:
    committed = (load.ROOT / path).read_text(encoding="utf-8")
    assert committed == derived_files(CATALOG)[path], f"{path} is stale; run `make docs`"


def test_tags_carry_what_the_rotation_function_obeys() -> None:
    tags = derive.secret_tags(STAGING, CATALOG, CATALOG.by_name["db-app-password"])
    assert tags == {
        "Environment": "staging",
        "Service": "llm-observatory",
        "Tier": "1",
        "Owner": "platform",
        "Kind": "postgres-role",
        "RotationDays": "90",
        "OverlapSeconds": "900",
    }
    assert all(re.fullmatch(r"[\w .:/=+@-]{1,256}", value) for value in tags.values())
