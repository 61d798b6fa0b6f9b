"""The private CA of a sandbox: made once, kept over restarts, and signing as AWS Private CA does."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

from catalog import load
from rotation.targets.certificate_authority import TEMPLATE, Authority
from rotation.targets.certificate_handshake import rehearse
from rotation.targets.certificate_request import new_request
from sandbox.authority import authority
from sandbox.aws import process
from sandbox.aws.process import LocalAws
from sandbox.identity import ADMINISTRATOR_IDENTITY
from tests.sandbox.aws.test_aws_rules import needs

STAGING = load.environment("staging")
DAYS = 135


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("authority")
    yield folder
    process.stop(folder)


@pytest.fixture
def cloud(state: Path) -> LocalAws:
    return process.start(state, STAGING.account, STAGING.region, timeout=120)


def client(cloud: LocalAws) -> Any:
    return ADMINISTRATOR_IDENTITY.client(cloud, "acm-pca")


def issued(cloud: LocalAws) -> x509.Certificate:
    """A certificate as the deployed rotation function asks for one."""
    arn = authority(cloud).arn
    return Authority(client(cloud)).issue(arn, new_request("localhost", "postgres"), DAYS).leaf


def test_it_is_made_once_and_outlives_its_process(cloud: LocalAws, state: Path) -> None:
    first = authority(cloud)
    assert authority(cloud) == first
    assert process.stop(state)
    again = process.start(state, STAGING.account, STAGING.region, timeout=120)
    assert authority(again) == first
    assert issued(again).issuer == x509.load_pem_x509_certificate(first.pem.encode()).subject


def test_a_rotation_gets_a_certificate_that_clients_of_its_root_accept(cloud: LocalAws) -> None:
    ours = authority(cloud)
    request = new_request("localhost", "postgres")
    made = Authority(client(cloud)).issue(ours.arn, request, DAYS)
    chain = made.leaf.public_bytes(Encoding.PEM).decode()
    rehearse(chain, request.key_pem, ours.pem, "localhost")
    assert made.root.public_bytes(Encoding.PEM).decode().strip() == ours.pem.strip()
    usage = made.leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(usage) == [ExtendedKeyUsageOID.SERVER_AUTH]


def test_a_certificate_is_valid_for_the_days_that_were_asked_for(cloud: LocalAws) -> None:
    now = datetime.now(UTC)
    left = issued(cloud).not_valid_after_utc - now
    assert abs(left - timedelta(days=DAYS)) < timedelta(minutes=5)


def test_the_same_token_gives_the_same_certificate(cloud: LocalAws) -> None:
    ours, request = authority(cloud), new_request("localhost", "redis")
    made = [Authority(client(cloud)).issue(ours.arn, request, DAYS).leaf for _ in range(2)]
    assert made[0] == made[1]


def test_another_template_and_a_life_longer_than_the_authoritys_are_refused(cloud: LocalAws) -> None:
    ours, request = authority(cloud), new_request("localhost", "postgres")
    asked = {"CertificateAuthorityArn": ours.arn, "Csr": request.csr_pem, "SigningAlgorithm": "SHA256WITHRSA"}
    for more, code in (
        (
            {"TemplateArn": TEMPLATE.replace("ServerAuth", "ClientAuth"), "Validity": {"Value": 1, "Type": "DAYS"}},
            "Inv",
        ),
        ({"TemplateArn": TEMPLATE, "Validity": {"Value": 30, "Type": "YEARS"}}, "ValidationException"),
    ):
        with pytest.raises(ClientError, match=code):
            client(cloud).issue_certificate(**asked, **more)


def test_a_certificate_of_a_moved_clock_is_good_in_real_time_too(cloud: LocalAws) -> None:
    cloud.ask("POST", "clock", {"advance_seconds": 90 * 24 * 3600})
    leaf = issued(cloud)
    assert leaf.not_valid_before_utc < datetime.now(UTC)
    left = leaf.not_valid_after_utc - datetime.now(UTC)
    assert abs(left - timedelta(days=90 + DAYS)) < timedelta(minutes=5)


def test_a_request_is_judged_with_its_authority_and_its_template() -> None:
    arn = STAGING.certificate_authority.arn
    (need,) = needs("acm-pca", "IssueCertificate", CertificateAuthorityArn=arn, TemplateArn=TEMPLATE)
    assert (need.action, need.resource, need.given) == (
        "acm-pca:IssueCertificate",
        arn,
        {"acm-pca:TemplateArn": TEMPLATE},
    )
