"""AWS Private CA, which signs our requests: issue, wait, revoke.

Sources: docs.aws.amazon.com/privateca/latest/APIReference/API_IssueCertificate.html, API_GetCertificate.html and
API_RevokeCertificate.html there. ACME is not built: AWS Private CA has no ACME endpoint (unverified), and a public
authority gives no certificate for a private name.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError
from cryptography import x509

from rotation.errors import RotationError, ServerBusyError, ServerUnreachableError
from rotation.targets.certificate_request import Request

if TYPE_CHECKING:
    from mypy_boto3_acm_pca import ACMPCAClient

# For servers only, with the names of the request. The role may use no other template, so that it can make no authority:
# docs.aws.amazon.com/privateca/latest/userguide/template-definitions.html
TEMPLATE = "arn:aws:acm-pca:::template/EndEntityServerAuthCertificate/V1"
WAITS = (0.25, 0.5, 1.0, 2.0, 2.0, 4.0, 4.0, 4.0)  # seconds; together well under the function's 60
_BUSY = frozenset({"ThrottlingException", "LimitExceededException", "ConcurrentModificationException"})
_UNDER_WAY = "RequestInProgressException"


@dataclass(frozen=True, kw_only=True)
class Issued:
    """A certificate, the authorities between it and the root, which a server presents too, and the root."""

    leaf: x509.Certificate
    between: tuple[x509.Certificate, ...]
    root: x509.Certificate


class Authority:
    """Calls of AWS Private CA. Errors hold AWS's code and not its text."""

    def __init__(self, client: "ACMPCAClient", sleep: Callable[[float], None] = time.sleep) -> None:
        self._client = client
        self._sleep = sleep

    def issue(self, arn: str, request: Request, days: int) -> Issued:
        """A certificate for the request that ends `days` from now.

        The call only starts the work: until it is done GetCertificate answers RequestInProgressException. A process
        that dies in between leaves a certificate that ends by itself, and whose key died with the process: it cannot
        be found again, as Private CA lists no certificates, and it cannot be used.
        """
        with _translated("DescribeCertificateAuthority", arn):
            authority = self._client.describe_certificate_authority(CertificateAuthorityArn=arn)["CertificateAuthority"]
        with _translated("IssueCertificate", arn):
            certificate_arn = self._client.issue_certificate(
                CertificateAuthorityArn=arn,
                Csr=request.csr_pem,
                # Of the family of the authority's own key, as it must be.
                SigningAlgorithm=authority["CertificateAuthorityConfiguration"]["SigningAlgorithm"],
                TemplateArn=TEMPLATE,
                Validity={"Value": days, "Type": "DAYS"},
                IdempotencyToken=request.token,
            )["CertificateArn"]
        answer = self._patiently(
            "GetCertificate",
            arn,
            lambda: self._client.get_certificate(CertificateAuthorityArn=arn, CertificateArn=certificate_arn),
        )
        return _issued(answer["Certificate"], answer["CertificateChain"], arn)

    def revoke(self, arn: str, serial: str) -> None:
        """Put a certificate on the authority's revocation list, as one whose key is known; nothing if it is there.

        Only clients that read that list or ask OCSP notice, and the list is half an hour old.
        """
        pairs = ":".join(serial[index : index + 2] for index in range(0, len(serial), 2))  # as openssl prints it

        def ask() -> object:
            return self._client.revoke_certificate(
                CertificateAuthorityArn=arn, CertificateSerial=pairs, RevocationReason="KEY_COMPROMISE"
            )

        try:
            self._patiently("RevokeCertificate", arn, ask)
        except _AlreadyDoneError:
            return

    def _patiently(self, operation: str, arn: str, ask: Callable[[], Any]) -> Any:
        for seconds in (*WAITS, None):
            try:
                with _translated(operation, arn):
                    return ask()
            except _UnderWayError:
                if seconds is None:
                    raise
                self._sleep(seconds)
        raise AssertionError("the last wait raises")


class _UnderWayError(ServerBusyError):
    """The authority is still working on it."""


class _AlreadyDoneError(RotationError):
    """The authority has done this before."""


@contextmanager
def _translated(operation: str, arn: str) -> Iterator[None]:
    place = f"private CA {arn}"
    try:
        yield
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "Unknown")
        if code == _UNDER_WAY:
            raise _UnderWayError(f"{place}: {operation} is not done yet; it is tried again by itself") from None
        if code == "RequestAlreadyProcessedException":
            raise _AlreadyDoneError(f"{place}: {operation} was done before") from None
        if code in _BUSY:
            raise ServerBusyError(f"{place} is too busy for {operation} ({code}); try again later") from None
        if code == "InvalidStateException":
            raise RotationError(
                f"{place} is not active, so it refused {operation}; enable it, or name another one for the environment"
            ) from None
        raise RotationError(f"{place} refused {operation} with {code}; check the function's role and the CA") from None
    except BotoCoreError as error:
        raise ServerUnreachableError(
            f"{place}: {operation} got no answer ({type(error).__name__}); check the function's way to acm-pca"
        ) from None


def _issued(leaf: str, chain: str, arn: str) -> Issued:
    *between, root = x509.load_pem_x509_certificates(chain.encode("ascii"))
    if root.subject != root.issuer:
        raise RotationError(f"private CA {arn}: its chain does not end in a root; install the CA's whole chain")
    return Issued(leaf=x509.load_pem_x509_certificate(leaf.encode("ascii")), between=tuple(between), root=root)
