"""Certificates in the catalogue: whose, signed by whom, renewed when, and what their function may ask the authority."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from catalog import certificate, derive, load
from catalog.access.consumer import rotation_policy
from catalog.kind import Kind

CATALOG = load.catalog()
ENVIRONMENTS = [load.environment(name) for name in ("staging", "prod")]
CERTIFICATES = [secret for secret in CATALOG.secrets if secret.kind is Kind.CERTIFICATE]
ROOT = load.ROOT


def test_each_server_has_one_that_its_own_machine_reads_and_nobody_else() -> None:
    assert {secret.constants["server"]: secret.consumers for secret in CERTIFICATES} == {
        "postgres": ["database"],
        "redis": ["cache"],
    }
    assert {machine: [one.name for one in CATALOG.read_by(machine)] for machine in ("database", "cache")} == {
        "database": ["postgres-certificate"],
        "cache": ["redis-certificate"],
    }


@pytest.mark.parametrize("secret", CERTIFICATES, ids=lambda secret: secret.name)
def test_it_is_renewed_at_two_thirds_of_its_life_which_is_the_limit_of_its_tier(secret: Any) -> None:
    days = derive.rotation_days(CATALOG, secret)
    assert 3 * days == 2 * secret.constants["validity_days"]
    assert days == CATALOG.tier_by_number[secret.tier].max_rotation_days


@pytest.mark.parametrize("environment", ENVIRONMENTS, ids=lambda environment: environment.name)
def test_its_marker_says_where_the_server_is_and_who_signs(environment: Any) -> None:
    markers = {secret.constants["server"]: derive.marker(environment, secret) for secret in CERTIFICATES}
    places = {"postgres": environment.database, "redis": environment.cache}
    for server, place in places.items():
        assert markers[server] == {
            "server": server,
            "host": place.host,
            "port": place.port,
            "issuer_arn": environment.certificate_authority.arn,
            "validity_days": 135,
        }


def test_the_alarm_is_as_long_before_the_end_as_the_watch_takes_it() -> None:
    source = (ROOT / "lambdas" / "watch" / "report.py").read_text(encoding="utf-8")
    assert re.findall(r"^SOON = timedelta\(days=(\d+)\)", source, re.MULTILINE) == [str(certificate.ALARM_DAYS)]


@pytest.mark.parametrize(
    ("constants", "days", "wrong"),
    [
        ({"server": "postgres", "validity_days": 135}, 90, None),
        ({"server": "redis", "validity_days": 365}, 90, None),
        ({"server": "mysql", "validity_days": 135}, 90, "server is 'mysql'; choose one of ['postgres', 'redis']"),
        (
            {"server": "redis", "validity_days": 134},
            90,
            "later than two thirds of its life; make it valid for 135 days",
        ),
        ({"server": "redis", "validity_days": "135"}, 90, "validity_days is '135'; give a whole number of days"),
        ({"server": "redis", "validity_days": True}, 90, "validity_days is True; give a whole number of days"),
        ({"server": "redis", "validity_days": 60}, 30, "when the alarm of 30 days before its end is on"),
        ({"server": "redis", "validity_days": 61}, 30, None),
    ],
)
def test_what_is_wrong_with_a_life_is_said(constants: Mapping[str, object], days: int, wrong: str | None) -> None:
    said = certificate.refusal(constants, days)
    assert (said is None) if wrong is None else (said is not None and wrong in said)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "server: redis\n      validity_days: 135",
            "server: redis\n      validity_days: 120",
            "secret 'redis-certificate', field 'constants': validity_days is 120, and it is renewed after 90 days",
        ),
        (
            "server: redis\n      validity_days: 135",
            "server: memcached\n      validity_days: 135",
            "secret 'redis-certificate', field 'constants': server is 'memcached'",
        ),
    ],
)
def test_the_catalogue_refuses_it(tmp_path: Path, old: str, new: str, message: str) -> None:
    text = load.CATALOG_FILE.read_text(encoding="utf-8")
    assert text.count(old) == 1
    (tmp_path / "secrets.yaml").write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(load.CatalogError, match=re.escape(message)):
        load.catalog(tmp_path / "secrets.yaml")


def test_an_authority_of_another_region_is_refused() -> None:
    settings = ENVIRONMENTS[0].model_dump(exclude={"name"})
    settings["certificate_authority"]["arn"] = settings["certificate_authority"]["arn"].replace(
        "us-east-1", "eu-west-1"
    )
    with pytest.raises(load.CatalogError, match=r"is of region 'eu-west-1'; name one of 'us-east-1'"):
        load.environment_from("staging", settings)


def test_two_bundles_for_one_authority_are_refused() -> None:
    settings = ENVIRONMENTS[0].model_dump(exclude={"name"})
    settings["database"]["ca_pem"] = "a bundle"
    with pytest.raises(load.CatalogError, match=r"database\.ca_pem and cache\.ca_pem differ"):
        load.environment_from("staging", settings)
    settings["cache"]["ca_pem"] = "a bundle"
    assert load.environment_from("staging", settings).cache.ca_pem == "a bundle"


@pytest.mark.parametrize("environment", ENVIRONMENTS, ids=lambda environment: environment.name)
def test_the_function_asks_its_own_authority_alone_for_certificates_of_servers_alone(environment: Any) -> None:
    statements: Any = rotation_policy(environment, CATALOG, "certificate")["Statement"]
    asking = [one for one in statements if any(action.startswith("acm-pca:") for action in one["Action"])]
    assert {arn for one in asking for arn in one["Resource"]} == {environment.certificate_authority.arn}
    (issuing,) = [one for one in asking if "acm-pca:IssueCertificate" in one["Action"]]
    assert issuing["Action"] == ["acm-pca:IssueCertificate"]
    assert issuing["Condition"] == {"StringEquals": {"acm-pca:TemplateArn": _template_of_the_code()}}


@pytest.mark.parametrize("target", [target for target in CATALOG.targets if target != "certificate"])
def test_no_other_function_asks_an_authority(target: str) -> None:
    statements: Any = rotation_policy(ENVIRONMENTS[0], CATALOG, target)["Statement"]
    assert not [action for one in statements for action in one["Action"] if action.startswith("acm-pca:")]


def _template_of_the_code() -> str:
    source = (ROOT / "lambdas" / "rotation" / "targets" / "certificate_authority.py").read_text(encoding="utf-8")
    (template,) = re.findall(r'^TEMPLATE = "(.+)"$', source, re.MULTILINE)
    return str(template)
