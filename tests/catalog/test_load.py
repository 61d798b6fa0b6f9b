"""The catalogue refuses what breaks its rules, and says where and what to do."""

import re
from pathlib import Path

import pytest

from catalog import load

SOURCE = load.CATALOG_FILE.read_text(encoding="utf-8")
STAGING = (load.ROOT / "Pulumi.staging.yaml").read_text(encoding="utf-8")


def edited(tmp_path: Path, source: str, old: str, new: str) -> Path:
    assert old in source, f"the text to edit is gone: {old!r}"
    path = tmp_path / "edited.yaml"
    path.write_text(source.replace(old, new, 1), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "tier: 3\n    kind: openai",
            "teir: 3\n    kind: openai",
            "secret 'openai-api-key', field 'teir': unknown field; did you mean 'tier'?",
        ),
        ("tier: 3\n    kind: openai", "kind: openai", "secret 'openai-api-key', field 'tier': is missing; add it"),
        (
            "tier: 3\n    kind: openai",
            "tier: 4\n    kind: openai",
            "secret 'openai-api-key', field 'tier': 4 is no tier; choose one of [1, 2, 3]",
        ),
        ("kind: sentry", "kind: sentri", "secret 'sentry-dsn', field 'kind': 'sentri' is not allowed"),
        ("- name: jwt-secret", "- name: secret-key", "secret 'secret-key' is declared twice; keep one"),
        ("JWT_SECRET: key", "SECRET_KEY: key", "name 'SECRET_KEY' is declared twice; keep one"),
        ("name: DATABASE_URL", "name: DB_PASSWORD", "name 'DB_PASSWORD' is declared twice; keep one"),
        (
            "user_name: llm-observatory-{environment}-smtp",
            "user_name: llm-observatory-{environment}-backup",
            "IAM user 'llm-observatory-{environment}-backup' is declared twice; keep one",
        ),
        ("- name: ci\n", "- name: backup\n", "consumer 'backup' is declared twice; keep one"),
        ("- name: sentry-dsn", "- name: jwt", "secret 'jwt-secret' can be mistaken for the ARN of 'jwt'; rename one"),
        (
            "/{dbname}?",
            "/{database}?",
            "derived 'DATABASE_URL', field 'template': secret 'db-app-password' has no field 'database'",
        ),
        ("{host}:{port}/{dbname}?", "{host}:{port/{dbname}?", "derived 'DATABASE_URL': template 'postgresql://"),
        ("{host}:{port}/{dbname}?", "{host}:{port!r}/{dbname}?", "template formats field 'port'; write {port} alone"),
        ("consumers: [replication]", "consumers: []", "consumer 'replication' reads no secret"),
        (
            "kind: postgres-superuser",
            "kind: postgres-recovery",
            "through the one secret of kind 'postgres-superuser', and",
        ),
        ("secret: redis-password", "secret: redis", "derived 'REDIS_URL', field 'secret': there is no secret 'redis'"),
        (
            "overlap_seconds: 3600",
            "overlap_seconds: 1799",
            "secret 'db-readonly-password', field 'rotation.overlap_seconds': 1799 s is under twice",
        ),
        (
            "overlap_seconds: 900",
            "overlap_second: 900",
            "secret 'db-app-password', field 'rotation.overlap_second': unknown field; did you mean 'overlap_seconds'?",
        ),
        (
            "consumers: [backup]",
            "consumers: [bakcup]",
            "secret 'backup-encryption-key', field 'consumers': 'bakcup' is no consumer",
        ),
        (
            "JWT_SECRET: key",
            "JWT_SECRET: secret",
            "secret 'jwt-secret': JWT_SECRET points to field 'secret', which is none of",
        ),
        (
            "      replication: false\n",
            "",
            "secret 'db-app-password': kind 'postgres-role' needs the constants ['replication']",
        ),
        (
            "      username: admin\n",
            "      username: admin\n      shell: bash\n",
            "secret 'grafana-admin-password': kind 'grafana-admin' has no constants ['shell']",
        ),
        (
            "usernames: [app, app_b]",
            "usernames: [app, app]",
            "secret 'db-app-password': usernames must be two different names",
        ),
        ("owner: platform\n", "owner: platform\n    owner: application\n", "line 51: 'owner' is given twice; keep one"),
        ("tiers:\n", "tiers: [\n", "not valid YAML"),
    ],
)
def test_a_broken_catalogue_names_file_entry_and_field(tmp_path: Path, old: str, new: str, message: str) -> None:
    path = edited(tmp_path, SOURCE, old, new)
    with pytest.raises(load.CatalogError) as caught:
        load.catalog(path)
    assert message in str(caught.value)
    assert str(caught.value).startswith("edited.yaml: ")


def test_every_mistake_is_named_at_once(tmp_path: Path) -> None:
    path = edited(tmp_path, SOURCE, "tier: 3\n    kind: openai", "teir: 3\n    kind: openia")
    with pytest.raises(load.CatalogError) as caught:
        load.catalog(path)
    assert len(str(caught.value).splitlines()) == 3


def test_an_overlap_of_exactly_twice_the_cache_is_enough(tmp_path: Path) -> None:
    path = edited(tmp_path, SOURCE, "overlap_seconds: 3600", "overlap_seconds: 1800")
    assert load.catalog(path).by_name["db-readonly-password"].rotation.overlap_seconds == 1800


@pytest.mark.parametrize("text", ["", "[]", "just words"])
def test_a_file_that_is_no_mapping_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "edited.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(load.CatalogError, match="must be a mapping at the top"):
        load.catalog(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(load.CatalogError, match=r"nothing\.yaml: cannot be read: No such file"):
        load.catalog(tmp_path / "nothing.yaml")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('account: "222233334444"', 'account: "2222"', "field 'account': '2222' is not allowed"),
        ("    region: us-east-1", "    region: america", "field 'region': 'america' is not allowed"),
        ("port: 5432", "port: 70000", "field 'database.port': 70000 is not allowed"),
        ("log_retention_days: 365", "log_retention_days: 30", "field 'log_retention_days': 30 is not allowed"),
        ("recovery_window_days: 7", "recovery_window_days: 0", "field 'recovery_window_days': 0 is not allowed"),
        ("host: redis", "hots: redis", "field 'cache.hots': unknown field; did you mean 'host'?"),
        ("protect: false", "portect: false", "field 'portect': unknown field; did you mean 'protect'?"),
        ("llm-observatory-secrets:environment", "environment", "no key 'config.llm-observatory-secrets:environment'"),
        ("aws:region: us-east-1", "aws:region: us-east-2", "aws:region is 'us-east-2'; make it 'us-east-1'"),
        ("  aws:region: us-east-1\n", "", "aws:region is None; make it 'us-east-1'"),
        ('["222233334444"]', '["333344445555"]', "aws:allowedAccountIds is ['333344445555']; make it ['222233334444']"),
        ('["222233334444"]', '["222233334444", "1"]', "make it ['222233334444'] and no other"),
        ("@llm-observatory.example", "", "field 'alerts.emails.0': 'secrets-alerts' is not allowed"),
        ("emails: [secrets-alerts@llm-observatory.example]", "emails: []", "field 'alerts.emails': [] is not allowed"),
        ("subnet_ids: [subnet-0a1b2c3d4e5f60011, ", "subnet_ids: [", "at least 2 items"),
        ("subnet-0a1b2c3d4e5f60012", "subnet-0a1b2c3d4e5f60011", "field 'network': subnet_ids names a subnet twice"),
        ("vpc_id: vpc-", "vpc_id: VPC-", "field 'network.vpc_id': 'VPC-0a1b2c3d4e5f60001' is not allowed"),
        ("cidrs: [10.20.0.0/16]", "cidrs: [10.20.0.0/17]", "cidrs: '10.20.0.0/17' must be a /8, /16 or /24"),
        ("cidrs: [10.20.0.0/16]", "cidrs: [10.20.0.1/16]", "cidrs: '10.20.0.1/16' is no IPv4 range"),
        ("endpoints: created", "endpoints: mine", "field 'network.endpoints': 'mine' is not allowed"),
        ("lock_days: 365", "lock_days: 364", "field 'audit.lock_days': 364 is not allowed"),
        ("lock_days: 70", "lock_days: 7", "field 'backup.lock_days': 7 is not allowed"),
        (
            "    database:\n",
            "    replica_region: us-east-1\n    database:\n",
            "replica_region 'us-east-1' is the region itself; choose another one",
        ),
    ],
)
def test_a_broken_environment_names_the_path_of_the_key(tmp_path: Path, old: str, new: str, message: str) -> None:
    with pytest.raises(load.CatalogError) as caught:
        load.environment("staging", edited(tmp_path, STAGING, old, new))
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("protect: true", "protect: false", "prod needs protect: true and recovery_window_days: 30"),
        ("    replica_region: us-west-2\n", "", "prod needs replica_region, such as us-west-2"),
        ("      webhook: https:", "      # https:", "prod needs alerts.webhook, the HTTPS address of the pager"),
        ("webhook: https:", "webhook: http:", "field 'alerts.webhook'"),
    ],
)
def test_prod_asks_for_more(tmp_path: Path, old: str, new: str, message: str) -> None:
    source = (load.ROOT / "Pulumi.prod.yaml").read_text(encoding="utf-8")
    with pytest.raises(load.CatalogError, match=re.escape(message)):
        load.environment("prod", edited(tmp_path, source, old, new))


@pytest.mark.parametrize(
    ("cidr", "prefix"), [("10.0.0.0/8", "10.*"), ("10.20.0.0/16", "10.20.*"), ("10.20.30.0/24", "10.20.30.*")]
)
def test_a_range_is_matched_as_text_up_to_its_last_whole_octet(tmp_path: Path, cidr: str, prefix: str) -> None:
    path = edited(tmp_path, STAGING, "10.20.0.0/16", cidr)
    assert load.environment("staging", path).network.prefixes == (prefix,)


def test_an_environment_that_is_no_stack_of_ours_is_refused() -> None:
    with pytest.raises(load.CatalogError, match="field 'name': 'dev' is not allowed"):
        load.environment_from("dev", load.environment("staging").model_dump(exclude={"name"}))
