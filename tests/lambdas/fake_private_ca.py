# ruff: noqa: N803 - boto3 spells its arguments so
"""AWS Private CA in memory, with real certificates and the service's limits.

moto's is not used: it issues at once, for 365 days whatever was asked, knows no token and no template for servers.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

ARN = "arn:aws:acm-pca:us-east-1:222233334444:certificate-authority/11111111-2222-3333-4444-555555555555"
TEMPLATE = "arn:aws:acm-pca:::template/EndEntityServerAuthCertificate/V1"
TOKEN_SECONDS = 300  # "Idempotency tokens for IssueCertificate time out after five minutes"
_PEM = serialization.Encoding.PEM


@dataclass
class FakePrivateCa:
    """A subordinate CA under a root, as the four calls of the `acm-pca` client show it.

    `slowness` is how often GetCertificate and RevokeCertificate answer RequestInProgressException before they are
    done; `refused` maps an operation to an error code; `asked` lists the calls, and `around` sees each.
    """

    name: str = "one"
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    slowness: int = 0
    status: str = "ACTIVE"
    refused: dict[str, str] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    issued: dict[str, x509.Certificate] = field(default_factory=dict)
    revoked: dict[str, str] = field(default_factory=dict)
    tokens: dict[str, tuple[datetime, str]] = field(default_factory=dict)
    around: Callable[[str], AbstractContextManager[Any]] = nullcontext

    def __post_init__(self) -> None:
        self._root_key, self._key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
        self.root = self._authority(f"root {self.name}", self._root_key, f"root {self.name}", self._root_key)
        self.sub = self._authority(f"issuing {self.name}", self._key, f"root {self.name}", self._root_key)
        self._waiting: dict[str, int] = {}

    @property
    def client(self) -> Any:
        """This, in the place of boto3's client."""
        return self

    @property
    def root_pem(self) -> str:
        return self.root.public_bytes(_PEM).decode()

    def describe_certificate_authority(self, *, CertificateAuthorityArn: str) -> dict[str, Any]:
        with self._asked("DescribeCertificateAuthority", CertificateAuthorityArn):
            configuration = {"KeyAlgorithm": "EC_prime256v1", "SigningAlgorithm": "SHA256WITHECDSA"}
            return {"CertificateAuthority": {"Status": self.status, "CertificateAuthorityConfiguration": configuration}}

    def issue_certificate(
        self,
        *,
        CertificateAuthorityArn: str,
        Csr: bytes,
        SigningAlgorithm: str,
        TemplateArn: str,
        Validity: dict[str, Any],
        IdempotencyToken: str,
    ) -> dict[str, str]:
        with self._asked("IssueCertificate", CertificateAuthorityArn):
            if self.status != "ACTIVE":
                raise refusal("InvalidStateException", "IssueCertificate")
            csr = x509.load_pem_x509_csr(Csr)
            if not csr.is_signature_valid:
                raise refusal("MalformedCSRException", "IssueCertificate")
            if (SigningAlgorithm, TemplateArn, Validity["Type"]) != ("SHA256WITHECDSA", TEMPLATE, "DAYS"):
                raise refusal("InvalidArgsException", "IssueCertificate")
            if not re.fullmatch(r"[\w-]{1,36}", IdempotencyToken):
                raise refusal("ValidationException", "IssueCertificate")
            at, arn = self.tokens.get(IdempotencyToken, (None, ""))
            if at is not None and (self.now() - at).total_seconds() < TOKEN_SECONDS:
                return {"CertificateArn": arn}
            ends = self.now() + timedelta(days=Validity["Value"])
            if ends > self.sub.not_valid_after_utc:
                raise refusal("ValidationException", "IssueCertificate")
            leaf = self._leaf(csr, ends)
            arn = f"{ARN}/certificate/{leaf.serial_number:x}"
            self.issued[arn] = leaf
            self.tokens[IdempotencyToken] = (self.now(), arn)
            return {"CertificateArn": arn}

    def get_certificate(self, *, CertificateAuthorityArn: str, CertificateArn: str) -> dict[str, str]:
        with self._asked("GetCertificate", CertificateAuthorityArn):
            if CertificateArn not in self.issued:
                raise refusal("ResourceNotFoundException", "GetCertificate")
            self._take_time(CertificateArn, "GetCertificate")
            chain = "".join(one.public_bytes(_PEM).decode() for one in (self.sub, self.root))
            return {"Certificate": self.issued[CertificateArn].public_bytes(_PEM).decode(), "CertificateChain": chain}

    def revoke_certificate(
        self, *, CertificateAuthorityArn: str, CertificateSerial: str, RevocationReason: str
    ) -> dict[str, str]:
        with self._asked("RevokeCertificate", CertificateAuthorityArn):
            if not re.fullmatch(r"([0-9A-Fa-f]{2}:)*[0-9A-Fa-f]{2}", CertificateSerial):
                raise refusal("InvalidRequestException", "RevokeCertificate")
            serial = CertificateSerial.replace(":", "").upper()
            if int(serial, 16) not in {leaf.serial_number for leaf in self.issued.values()}:
                raise refusal("ResourceNotFoundException", "RevokeCertificate")
            if serial in self.revoked:
                raise refusal("RequestAlreadyProcessedException", "RevokeCertificate")
            self._take_time(f"revoke {serial}", "RevokeCertificate")
            self.revoked[serial] = RevocationReason
            return {}

    @contextmanager
    def _asked(self, operation: str, arn: str) -> Iterator[None]:
        with self.around(operation):
            self.asked.append(operation)
            if operation in self.refused:
                raise refusal(self.refused[operation], operation)
            if arn != ARN:
                raise refusal("ResourceNotFoundException", operation)
            yield

    def _take_time(self, what: str, operation: str) -> None:
        if self._waiting.setdefault(what, self.slowness) > 0:
            self._waiting[what] -= 1
            raise refusal("RequestInProgressException", operation)

    def _leaf(self, csr: x509.CertificateSigningRequest, ends: datetime) -> x509.Certificate:
        """As the template makes one: the subject and names of the request, the service's own extensions."""
        names = csr.extensions.get_extension_for_class(x509.SubjectAlternativeName)
        return (
            self._builder(csr.subject, self.sub.subject, csr.public_key(), ends)
            .add_extension(names.value, critical=names.critical)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=False)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .sign(self._key, hashes.SHA256())
        )

    def _authority(
        self, name: str, key: ec.EllipticCurvePrivateKey, issuer: str, issuer_key: ec.EllipticCurvePrivateKey
    ) -> x509.Certificate:
        return (
            self._builder(_name(name), _name(issuer), key.public_key(), self.now() + timedelta(days=3650))
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(issuer_key, hashes.SHA256())
        )

    def _builder(self, subject: x509.Name, issuer: x509.Name, key: Any, ends: datetime) -> x509.CertificateBuilder:
        """ "Not Before" is an hour before the issuance, as the service sets it."""
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(self.now() - timedelta(hours=1))
            .not_valid_after(ends)
        )


def refusal(code: str, operation: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "a text of AWS"}}, operation)


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
