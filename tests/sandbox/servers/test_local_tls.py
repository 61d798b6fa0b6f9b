"""The private authority and the servers' certificates."""

from __future__ import annotations

import ipaddress
import stat
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509 import verification

from sandbox.servers import tls


def certificate(pair: tls.Pair) -> x509.Certificate:
    return x509.load_pem_x509_certificate(pair.certificate.read_bytes())


@pytest.fixture
def ca(tmp_path: Path) -> tls.Authority:
    return tls.authority(tmp_path / "tls")


def test_a_certificate_is_valid_for_loopback_and_the_extra_names(ca: tls.Authority, tmp_path: Path) -> None:
    pair = tls.server_pair(ca, tmp_path, ["db.internal", "10.0.0.7"], None)
    store = verification.Store([certificate(ca.pair)])
    for name in ("localhost", "db.internal"):
        verifier = verification.PolicyBuilder().store(store).build_server_verifier(x509.DNSName(name))
        verifier.verify(certificate(pair), [])
    for address in ("127.0.0.1", "::1", "10.0.0.7"):
        subject = x509.IPAddress(ipaddress.ip_address(address))
        verification.PolicyBuilder().store(store).build_server_verifier(subject).verify(certificate(pair), [])
    strange = verification.PolicyBuilder().store(store).build_server_verifier(x509.DNSName("elsewhere.example"))
    with pytest.raises(verification.VerificationError):
        strange.verify(certificate(pair), [])


def test_keys_are_p256_and_only_their_owner_reads_them(ca: tls.Authority, tmp_path: Path) -> None:
    pair = tls.server_pair(ca, tmp_path, [], None)
    for each in (ca.pair, pair):
        key = certificate(each).public_key()
        assert isinstance(key, ec.EllipticCurvePublicKey)
        assert key.curve.name == "secp256r1"
        assert stat.S_IMODE(each.key.stat().st_mode) == 0o600


def test_everything_is_made_once(ca: tls.Authority, tmp_path: Path) -> None:
    first = certificate(tls.server_pair(ca, tmp_path, ["a"], None))
    assert tls.authority(tmp_path / "tls").pem == ca.pem
    assert certificate(tls.server_pair(ca, tmp_path, ["a"], None)) == first


def test_other_names_another_authority_or_a_spoilt_file_make_a_new_certificate(
    ca: tls.Authority, tmp_path: Path
) -> None:
    first = certificate(tls.server_pair(ca, tmp_path, ["a"], None))
    second = certificate(tls.server_pair(ca, tmp_path, ["b"], None))
    assert second != first
    third = certificate(tls.server_pair(tls.authority(tmp_path / "other"), tmp_path, ["b"], None))
    assert third.issuer == second.issuer
    assert third != second
    (tmp_path / "server.key").write_text("spoilt")
    assert certificate(tls.server_pair(ca, tmp_path, ["b"], None)) != third


def test_a_certificate_near_its_end_is_renewed(
    ca: tls.Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tls, "SERVER_DAYS", tls.RENEW_DAYS - 1)
    first = certificate(tls.server_pair(ca, tmp_path, [], None))
    assert first.not_valid_after_utc - first.not_valid_before_utc < timedelta(days=tls.RENEW_DAYS)
    monkeypatch.undo()
    assert certificate(tls.server_pair(ca, tmp_path, [], None)) != first
