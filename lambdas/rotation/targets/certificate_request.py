"""A new private key and the certificate signing request that asks for a certificate of it.

Made with `cryptography`, that is OpenSSL: the one pure-Python ECDSA that is kept up calls itself a tool for tests and
leaves the timing of signatures open for good (github.com/tlsfuzzer/python-ecdsa/issues/330). The function's package
therefore carries compiled code, for Lambda's own machine.
"""

import hashlib
import ipaddress
from dataclasses import dataclass, field

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


@dataclass(frozen=True, kw_only=True)
class Request:
    """A key that nobody else knows, and what the authority is asked to sign."""

    key_pem: str = field(repr=False)
    csr_pem: bytes

    @property
    def token(self) -> str:
        """For IssueCertificate, at most 36 characters: one a request, so that only the same request is the same.

        A token of the rotation instead would give a second try, which has a new key, the certificate of the first.
        """
        return hashlib.sha256(self.csr_pem).hexdigest()[:32]


def new_request(host: str, server: str) -> Request:
    """A P-256 key and a request for the one name that clients verify.

    The name is a subject alternative name: with one, clients do not look at the common name (RFC 6125, 6.4.4), which
    may be no longer than 64 characters (RFC 5280, appendix A) and tells a person what the certificate is for.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    csr = (
        x509.CertificateSigningRequestBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"llm-observatory {server}")]))
        .add_extension(x509.SubjectAlternativeName([_general(host)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    return Request(
        key_pem=key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()).decode("ascii"),
        csr_pem=csr.public_bytes(pem),
    )


def _general(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)
