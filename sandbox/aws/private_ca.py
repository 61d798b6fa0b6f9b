"""AWS Private CA's IssueCertificate, with the validity and the templates that were asked for. The rest is moto's.

moto issues for 365 days whatever is asked, and knows neither the template for servers nor a token. Sources:
https://docs.aws.amazon.com/privateca/latest/APIReference/API_IssueCertificate.html and
https://docs.aws.amazon.com/privateca/latest/userguide/template-definitions.html. A certificate is there at once; on AWS
GetCertificate answers RequestInProgressException for some seconds.
"""

import time
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509.oid import ExtendedKeyUsageOID
from moto.acmpca.models import acmpca_backends

from sandbox.aws.errors import AwsError
from sandbox.aws.exchange import Answer, Call
from sandbox.aws.memory.memory import Memory
from sandbox.aws.wire import answered, refused

_TEMPLATES = "arn:aws:acm-pca:::template/"
ROOT, SERVER = f"{_TEMPLATES}RootCACertificate/V1", f"{_TEMPLATES}EndEntityServerAuthCertificate/V1"
_DAYS = {"DAYS": 1, "MONTHS": 30, "YEARS": 365}
_TOKEN_SECONDS = 300  # "Idempotency tokens for IssueCertificate time out after five minutes"
_EARLIER = timedelta(hours=1)  # "Not Before" is an hour before the issuance


class PrivateCa:
    """The authorities of one account, kept with moto's."""

    def __init__(self, *, account: str, memory: Memory, ahead: Callable[[], float]) -> None:
        """`ahead` is how many seconds the local AWS is ahead of real time.

        A certificate begins in real time: real servers and OpenSSL judge it by that, and it is no later than ours.
        """
        self._account = account
        self._memory = memory
        self._ahead = ahead

    def answer(self, call: Call) -> Answer | None:
        """Answer IssueCertificate; None for every other call, which moto answers."""
        if call.operation != "IssueCertificate":
            return None
        try:
            with self._memory.work(changes=True):
                return answered(call, {"CertificateArn": self._issue(call)})
        except AwsError as error:
            return refused(call, error)

    def _issue(self, call: Call) -> str:
        given = call.parameters
        authority = self._authority(call.region, str(given["CertificateAuthorityArn"]))
        kept: dict[str, tuple[float, str]] = authority.__dict__.setdefault("sandbox_tokens", {})
        at, arn = kept.get(str(given.get("IdempotencyToken")), (0.0, ""))
        if time.time() - at < _TOKEN_SECONDS:
            return arn
        template = given.get("TemplateArn")
        if template not in (ROOT, SERVER) or (template == SERVER and authority.status != "ACTIVE"):
            raise AwsError("InvalidStateException", "The authority is not active, or has no such template here.")
        try:
            csr = x509.load_pem_x509_csr(given["Csr"])
        except ValueError as exc:
            raise AwsError("MalformedCSRException", "The certificate signing request is invalid.") from exc
        ends = datetime.now(UTC) + _validity(given["Validity"])
        if template == SERVER and ends > authority.certificate.not_valid_after_utc:
            raise AwsError("ValidationException", "The certificate would outlive its authority.")
        arn = f"{authority.arn}/certificate/{uuid.uuid4().hex}"
        authority.issued_certificates[arn] = self._signed(authority, csr, str(template), ends)
        if template == SERVER:
            authority.issued_certificates_certificate_chains[arn] = authority.certificate_bytes
        if token := given.get("IdempotencyToken"):
            kept[token] = (time.time(), arn)
        return arn

    def _signed(self, authority: Any, csr: x509.CertificateSigningRequest, template: str, ends: datetime) -> bytes:
        real = datetime.now(UTC) - timedelta(seconds=self._ahead())
        builder = (
            x509.CertificateBuilder()
            .subject_name(csr.subject)
            .issuer_name(authority.issuer)
            .public_key(csr.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(real - _EARLIER)
            .not_valid_after(ends)
            .add_extension(x509.BasicConstraints(ca=template == ROOT, path_length=None), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(csr.public_key()), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.key.public_key()), False)
        )
        if template == SERVER:
            builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            for extension in csr.extensions:
                if isinstance(extension.value, x509.SubjectAlternativeName):
                    builder = builder.add_extension(extension.value, extension.critical)
        return builder.sign(authority.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

    def _authority(self, region: str, arn: str) -> Any:
        found = acmpca_backends[self._account][region].certificate_authorities.get(arn)
        if found is None:
            raise AwsError("ResourceNotFoundException", f"There is no certificate authority {arn}.")
        return found


def _validity(given: Mapping[str, Any]) -> timedelta:
    if given.get("Type") not in _DAYS:
        raise AwsError("ValidationException", f"Validity of type {given.get('Type')} is not known here.")
    return timedelta(days=int(given["Value"]) * _DAYS[given["Type"]])
