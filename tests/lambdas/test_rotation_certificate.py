"""A certificate is renewed whole, checked as a client checks it, and its adoption by the server is proved."""

from __future__ import annotations

import json
import traceback
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from rotation.errors import RotationError, ServerBusyError, ServerUnreachableError
from rotation.targets.certificate import serial_text
from rotation.targets.certificate_authority import WAITS
from tests.lambdas.certificate_bench import DAYS, NAME, CertificateBench
from tests.lambdas.workbench import Crash, Fuse


@pytest.fixture
def bench() -> CertificateBench:
    return CertificateBench()


def leaf(document: dict[str, Any]) -> x509.Certificate:
    return x509.load_pem_x509_certificates(document["certificate_pem"].encode())[0]


def roots(document: dict[str, Any]) -> list[str]:
    return [
        one.subject.rfc4514_string().removeprefix("CN=")
        for one in x509.load_pem_x509_certificates(document["ca_pem"].encode())
    ]


def test_the_first_rotation_makes_key_chain_and_dates_as_one_document(bench: CertificateBench) -> None:
    bench.rotate(NAME)
    document = bench.value(NAME)
    assert document.keys() == bench.constants.keys() | bench.target.credential
    certificate = leaf(document)
    key = serialization.load_pem_private_key(document["key_pem"].encode(), None)
    assert key.public_key() == certificate.public_key()
    assert document["serial"] == serial_text(certificate.serial_number)
    assert datetime.fromisoformat(document["not_before"]) == certificate.not_valid_before_utc
    assert datetime.fromisoformat(document["not_after"]) == certificate.not_valid_after_utc
    assert certificate.not_valid_after_utc - bench.fake.now > timedelta(days=DAYS, minutes=-1)
    chain = x509.load_pem_x509_certificates(document["certificate_pem"].encode())
    assert chain == [certificate, bench.ca.sub]
    assert roots(document) == ["root one"]


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "db.internal", "a" * 63 + "." + "b" * 63 + ".internal"])
def test_the_host_is_the_one_name_of_the_certificate(host: str) -> None:
    bench = CertificateBench(host=host)
    bench.rotate(NAME)
    names = leaf(bench.value(NAME)).extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert [str(name.value) for name in names] == [host]


def test_each_rotation_has_a_new_key_and_one_certificate(bench: CertificateBench) -> None:
    for _ in range(3):
        bench.rotate(NAME)
    assert len({serial_text(one.serial_number) for one in bench.ca.issued.values()}) == 3
    assert len({one.public_key().public_numbers() for one in bench.ca.issued.values()}) == 3  # type: ignore[union-attr]


def test_an_issuance_takes_time_and_is_waited_for(bench: CertificateBench) -> None:
    bench.ca.slowness = 3
    bench.rotate(NAME)
    assert bench.waited == list(WAITS[:3])
    assert bench.ca.asked == ["DescribeCertificateAuthority", "IssueCertificate", *["GetCertificate"] * 4]


def test_an_issuance_that_does_not_end_is_given_up_and_the_next_run_makes_another(bench: CertificateBench) -> None:
    bench.ca.slowness = len(WAITS) + 1
    token = bench.fake.rotate(NAME)
    with pytest.raises(ServerBusyError, match="GetCertificate is not done yet"):
        bench.steps(NAME, token)
    assert sum(bench.waited) < 60
    bench.ca.slowness = 0
    bench.steps(NAME, token)
    assert leaf(bench.value(NAME)) == list(bench.ca.issued.values())[1]


def test_the_token_is_of_the_request_so_a_second_key_never_gets_the_first_ones_certificate(
    bench: CertificateBench,
) -> None:
    """Within five minutes the CA answers one token with one certificate, whatever key the second request has."""
    token = bench.fake.rotate(NAME)
    bench.ca.refused["GetCertificate"] = "RequestFailedException"
    with pytest.raises(RotationError, match="refused GetCertificate with RequestFailedException"):
        bench.step(NAME, token, "createSecret")
    del bench.ca.refused["GetCertificate"]
    bench.steps(NAME, token)
    bench.target.verify(bench.value(NAME))
    assert len(bench.ca.tokens) == 2


@pytest.mark.parametrize("after", [False, True])
def test_a_death_at_any_call_is_made_good_by_the_next_run(after: bool) -> None:
    counted = CertificateBench()
    counted.rotate(NAME)
    counted.tap = fuse = Fuse()
    counted.rotate(NAME)
    for at in range(1, len(fuse.names) + 1):
        bench = CertificateBench()
        bench.rotate(NAME)
        token = bench.fake.rotate(NAME)
        bench.tap = Fuse(at=at, after=after)
        with suppress(Crash):  # after a call that was refused there is no death
            bench.steps(NAME, token)
        bench.tap = Fuse()
        bench.target.verify(bench.value(NAME))  # whoever reads now gets a sound pair
        bench.steps(NAME, token)
        bench.target.verify(bench.value(NAME))
        assert bench.fake.secrets[NAME].holder("AWSCURRENT") == token


@pytest.mark.parametrize(
    ("code", "error", "match"),
    [
        ("InvalidStateException", RotationError, "not active, so it refused IssueCertificate"),
        ("ThrottlingException", ServerBusyError, "too busy for IssueCertificate"),
        ("LimitExceededException", ServerBusyError, "too busy for IssueCertificate"),
        ("AccessDeniedException", RotationError, "refused IssueCertificate with AccessDeniedException"),
    ],
)
def test_a_refusal_of_the_authority_is_named(
    bench: CertificateBench, code: str, error: type[RotationError], match: str
) -> None:
    bench.ca.refused["IssueCertificate"] = code
    with pytest.raises(error, match=match) as caught:
        bench.rotate(NAME)
    assert "a text of AWS" not in "".join(traceback.format_exception(caught.value))


def test_an_authority_without_an_answer_is_unreachable(
    bench: CertificateBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def silent(**_: Any) -> Any:
        raise EndpointConnectionError(endpoint_url="https://nowhere")

    monkeypatch.setattr(bench.ca, "issue_certificate", silent)
    with pytest.raises(ServerUnreachableError, match="IssueCertificate got no answer"):
        bench.rotate(NAME)


def test_a_certificate_that_ends_before_its_validity_days_is_refused(
    bench: CertificateBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The alarm before its end counts on those days."""
    issue = bench.ca.issue_certificate

    def shorter(**asked: Any) -> Any:
        return issue(**{**asked, "Validity": {"Value": DAYS - 2, "Type": "DAYS"}})

    monkeypatch.setattr(bench.ca, "issue_certificate", shorter)
    with pytest.raises(RotationError, match=f"ends before the {DAYS} days"):
        bench.rotate(NAME)


def test_a_chain_without_a_root_is_refused(bench: CertificateBench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench.ca, "root", bench.ca.sub)
    with pytest.raises(RotationError, match="its chain does not end in a root"):
        bench.rotate(NAME)


def test_an_unknown_server_is_refused_before_anything_is_issued() -> None:
    bench = CertificateBench(server="mysql")
    with pytest.raises(RotationError, match="field 'server' is 'mysql'"):
        bench.rotate(NAME)
    assert bench.ca.asked == []


def test_a_pair_that_no_client_would_accept_is_never_published(bench: CertificateBench) -> None:
    bench.rotate(NAME)
    good = bench.value(NAME)
    other = CertificateBench(host="other.internal")
    other.rotate(NAME)
    foreign = other.value(NAME)
    for changes, match in (
        ({"key_pem": foreign["key_pem"]}, "the key is not that of the certificate"),
        ({"ca_pem": foreign["ca_pem"]}, "refuses it"),
        ({"host": "other.internal"}, "mismatch"),
        ({"serial": foreign["serial"]}, "'serial' is that of another one"),
        ({"certificate_pem": "no PEM"}, "no certificate in PEM"),
        ({"certificate_pem": leaf(good).public_bytes(serialization.Encoding.PEM).decode()}, "refuses it"),
    ):
        with pytest.raises(RotationError, match=match):
            bench.target.verify({**good, **changes})


def test_a_pair_is_refused_outside_of_its_time(bench: CertificateBench) -> None:
    bench.rotate(NAME)
    document = bench.value(NAME)
    for moved in (timedelta(days=DAYS), -timedelta(hours=2)):
        now = bench.fake.now
        bench.fake.now += moved
        with pytest.raises(RotationError, match="is not valid now"):
            bench.target.heal(document, None)  # type: ignore[arg-type]
        bench.fake.now = now
    bench.target.heal(document, None)  # type: ignore[arg-type]


def test_a_chain_that_leads_elsewhere_than_consumers_trust_is_refused(bench: CertificateBench) -> None:
    bench.rotate(NAME)
    bench.change_authority()
    with pytest.raises(RotationError, match="compare the authority's root with the CA"):
        bench.rotate(NAME)
    assert roots(bench.value(NAME)) == ["root one"]


def test_during_a_change_of_the_authority_both_roots_are_in_the_document_and_then_one() -> None:
    bench = CertificateBench(trusted=False)
    bench.rotate(NAME)
    bench.change_authority()
    bench.rotate(NAME)
    assert roots(bench.value(NAME)) == ["root two", "root one"]
    bench.rotate(NAME)
    assert roots(bench.value(NAME)) == ["root two"]


def test_a_former_root_is_not_trusted_when_its_certificate_is_over() -> None:
    bench = CertificateBench(trusted=False)
    bench.rotate(NAME)
    bench.fake.now += timedelta(days=DAYS)
    bench.change_authority()
    bench.rotate(NAME)
    assert roots(bench.value(NAME)) == ["root two"]


def test_no_key_leaves_in_a_request_an_error_or_a_log(
    bench: CertificateBench, capsys: pytest.CaptureFixture[str]
) -> None:
    bench.rotate(NAME)
    document = bench.value(NAME)
    secret = "".join(document["key_pem"].splitlines()[1:-1])
    broken = {**document, "certificate_pem": document["certificate_pem"][:-200]}
    with pytest.raises(RotationError) as caught:
        bench.target.verify(broken)
    told = capsys.readouterr().out + "".join(traceback.format_exception(caught.value))
    assert secret[:40] not in told.replace("\n", "")
    assert json.dumps(document["key_pem"]) not in told
