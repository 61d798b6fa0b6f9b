"""A private certificate authority and the servers' certificates, made once under a folder and used again.

Everything is ECDSA P-256 and lives on this machine only. A certificate is made anew when its names changed, when it has
less than `RENEW_DAYS` left, or when the authority was made anew.
"""

import ipaddress
import os
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from sandbox.servers.process import Account

AUTHORITY_DAYS, SERVER_DAYS, RENEW_DAYS = 3650, 397, 30
LOOPBACK_NAMES = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, kw_only=True)
class Pair:
    """A certificate and its private key, which only its owner may read (0600)."""

    certificate: Path
    key: Path


@dataclass(frozen=True, kw_only=True)
class Authority:
    """The private CA. `pem` is public: it is what clients trust."""

    pair: Pair

    @property
    def pem(self) -> str:
        """The CA's certificate as PEM text."""
        return self.pair.certificate.read_text(encoding="ascii")


def authority(folder: Path) -> Authority:
    """The CA in a folder, made if it is missing or nearly expired."""
    pair = _pair(folder, "ca")
    if not _usable(pair):
        key = ec.generate_private_key(ec.SECP256R1())
        name = _name("LLM Observatory sandbox CA")
        builder = (
            _builder(name, name, key, AUTHORITY_DAYS)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage(signs_certificates=True), critical=True)
        )
        _write(pair, builder.sign(key, hashes.SHA256()), key, None)
    return Authority(pair=pair)


def server_pair(ca: Authority, folder: Path, names: Iterable[str], owner: Account | None) -> Pair:
    """A server's certificate for loopback and the extra names, signed by the CA; the key is the owner's."""
    pair = _pair(folder, "server")
    wanted = _alternatives([*LOOPBACK_NAMES, *names])
    issuer = x509.load_pem_x509_certificate(ca.pair.certificate.read_bytes())
    if not (_usable(pair) and _matches(pair, issuer, wanted)):
        key = ec.generate_private_key(ec.SECP256R1())
        ca_key = serialization.load_pem_private_key(ca.pair.key.read_bytes(), password=None)
        assert isinstance(ca_key, ec.EllipticCurvePrivateKey)
        builder = (
            _builder(_name("localhost"), issuer.subject, key, SERVER_DAYS)
            .add_extension(wanted, critical=False)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(signs_certificates=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key()),
                critical=False,
            )
        )
        _write(pair, builder.sign(ca_key, hashes.SHA256()), key, owner)
    return pair


def _pair(folder: Path, stem: str) -> Pair:
    return Pair(certificate=folder / f"{stem}.pem", key=folder / f"{stem}.key")


def _usable(pair: Pair) -> bool:
    try:
        certificate = x509.load_pem_x509_certificate(pair.certificate.read_bytes())
        key = serialization.load_pem_private_key(pair.key.read_bytes(), password=None)
    except (OSError, ValueError):
        return False
    fresh = certificate.not_valid_after_utc - datetime.now(UTC) > timedelta(days=RENEW_DAYS)
    return fresh and certificate.public_key() == key.public_key()


def _matches(pair: Pair, issuer: x509.Certificate, wanted: x509.SubjectAlternativeName) -> bool:
    certificate = x509.load_pem_x509_certificate(pair.certificate.read_bytes())
    try:
        certificate.verify_directly_issued_by(issuer)
    except (InvalidSignature, ValueError):
        return False
    return certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value == wanted


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _alternatives(names: Iterable[str]) -> x509.SubjectAlternativeName:
    def general(name: str) -> x509.GeneralName:
        try:
            return x509.IPAddress(ipaddress.ip_address(name))
        except ValueError:
            return x509.DNSName(name)

    return x509.SubjectAlternativeName([general(name) for name in dict.fromkeys(names)])


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, days: int
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))  # clocks of containers on one machine still differ a little
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _write(pair: Pair, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey, owner: Account | None) -> None:
    pair.key.parent.mkdir(parents=True, exist_ok=True)
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    for path, content, mode in ((pair.key, pem, 0o600), (pair.certificate, _pem(certificate), 0o644)):
        # Made beside and moved in: a crash leaves the old file or the new one, and the key is never readable by others.
        making = path.with_name(path.name + ".making")
        making.unlink(missing_ok=True)
        with os.fdopen(os.open(making, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
            file.write(content)
        if owner is not None:
            owner.take(making)
        making.replace(path)


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)
