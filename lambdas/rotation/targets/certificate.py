"""TLS certificates: key and chain of a server as one document, signed by AWS Private CA, in force when it is delivered.

A rotation publishes the pair and touches no server; the server's own machine fetches it (package `delivery`). The old
certificate stays good until it expires, so nobody is cut off; what is looked for is a server that still presents it.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

import boto3
from botocore.config import Config
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from rotation import document as documents
from rotation.document import Document
from rotation.errors import RotationError
from rotation.targets.certificate_authority import Authority, Issued
from rotation.targets.certificate_handshake import Presented, presented, rehearse
from rotation.targets.certificate_request import new_request
from rotation.targets.target import Fallbacks

SERVERS = {"postgres": "PostgreSQL", "redis": "Redis"}
_CLIENT = Config(connect_timeout=3, read_timeout=10, retries={"mode": "standard", "total_max_attempts": 4})


class Certificate:
    """One server's certificate. `ca_pem` is the bundle that consumers trust: a chain that leads elsewhere is refused.

    So a change of the authority is two steps: first consumers get a bundle with both roots, then the rotation gets
    through. The document's own `ca_pem` holds the root of its chain, and for one rotation the former root as well,
    because until the delivery the server presents a certificate of that one.
    """

    credential = frozenset({"certificate_pem", "key_pem", "ca_pem", "serial", "not_before", "not_after"})
    value = "key_pem"
    overlaps = True
    issued = True
    retires = True

    def __init__(
        self,
        ca_pem: str | None = None,
        *,
        authority: Authority | None = None,
        look: Callable[[str, str, int, str], Presented] = presented,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._ca_pem = ca_pem
        self._authority = authority or Authority(boto3.client("acm-pca", config=_CLIENT))
        self._look = look
        self._clock = clock

    def generate(self, name: str, current: Document, fallbacks: Fallbacks, *, urgent: bool) -> Document:
        """A new key with a new certificate for the same host; an emergency is no different, every key is new."""
        del name, fallbacks, urgent
        host, days = documents.text(current, "host"), documents.number(current, "validity_days")
        request = new_request(host, _server(current))
        issued = self._authority.issue(documents.text(current, "issuer_arn"), request, days)
        leaf = issued.leaf
        # The watch counts the days of the constant, as it reads no value.
        if leaf.not_valid_after_utc < self._clock() + timedelta(days=days - 1):
            raise RotationError(
                f"the authority's certificate for '{host}' ends before the {days} days of 'validity_days' are over; "
                f"look how long the authority itself is valid"
            )
        return {
            **{field: content for field, content in current.items() if field not in self.credential},
            "certificate_pem": _pem(leaf, *issued.between),
            "key_pem": request.key_pem,
            "ca_pem": self._trusted(issued, current),
            "serial": serial_text(leaf.serial_number),
            "not_before": leaf.not_valid_before_utc.isoformat(timespec="seconds"),
            "not_after": leaf.not_valid_after_utc.isoformat(timespec="seconds"),
        }

    def apply(self, current: Document, pending: Callable[[], Document], fallbacks: Fallbacks) -> None:
        """No server: check that the pair is sound, as the server takes it from AWSCURRENT."""
        del current, fallbacks
        self.verify(pending())

    def verify(self, document: Document) -> None:
        """What a client would check, without the server: key, chain, name, time; RotationError says what is wrong."""
        host = documents.text(document, "host")
        chain_pem, key_pem = documents.text(document, "certificate_pem"), documents.text(document, "key_pem")
        ca_pem = documents.text(document, "ca_pem")
        try:
            chain = x509.load_pem_x509_certificates(chain_pem.encode())
            root, *_ = x509.load_pem_x509_certificates(ca_pem.encode())
        except ValueError:
            raise RotationError(f"certificate of '{host}': no certificate in PEM; rotate the secret again") from None
        now = self._clock()
        for certificate in (*chain, root):
            if not certificate.not_valid_before_utc <= now < certificate.not_valid_after_utc:
                until = certificate.not_valid_after_utc.isoformat(timespec="seconds")
                raise RotationError(
                    f"certificate of '{host}': '{certificate.subject.rfc4514_string()}' is not valid now (until "
                    f"{until}); rotate the secret, or renew the authority"
                )
        if documents.text(document, "serial") != serial_text(chain[0].serial_number):
            raise RotationError(f"certificate of '{host}': 'serial' is that of another one; rotate the secret again")
        for trusted in filter(None, (ca_pem, self._ca_pem)):
            rehearse(chain_pem, key_pem, trusted, host)

    def heal(self, current: Document, fallbacks: Fallbacks) -> None:
        """Nothing at a server can differ from the document that a delivery would not put right; check the document."""
        del fallbacks
        self.verify(current)

    def retire(
        self, current: Document, previous: Document, fallbacks: Fallbacks, quiet_since: datetime | None
    ) -> Sequence[str]:
        """Proof that the server presents AWSCURRENT; the old certificate then ends by itself.

        In an emergency every other certificate that is still valid is revoked, and the server is not looked at: the
        leak ends with the delivery, or for clients that read the authority's list.
        """
        if quiet_since is None:
            self._revoke([previous, *fallbacks.own()], current, fallbacks.unchanged)
            return ()
        if self.value not in previous:
            return ()
        host, port = documents.text(current, "host"), documents.number(current, "port")
        server = _server(current)
        trusted = "\n".join(documents.text(document, "ca_pem") for document in (current, previous))
        shown = self._look(server, host, port, trusted)
        if shown.serial == documents.text(current, "serial"):
            return ()
        place = f"{SERVERS[server]} at {host}:{port}"
        if shown.refused:
            return (f"{place} presents a certificate that clients of '{host}' refuse ({shown.refused})",)
        which = "" if shown.serial == previous.get("serial") else ", which is neither AWSCURRENT's nor AWSPREVIOUS's,"
        return (f"{place} still presents certificate {shown.serial}{which} until {shown.until}",)

    def _revoke(self, others: Sequence[Document], current: Document, unchanged: Callable[[], None]) -> None:
        valid = {
            documents.text(other, "serial"): documents.text(other, "issuer_arn")
            for other in others
            if self.value in other and datetime.fromisoformat(documents.text(other, "not_after")) > self._clock()
        }
        valid.pop(documents.text(current, "serial"), None)
        unchanged()
        for serial, issuer_arn in valid.items():
            self._authority.revoke(issuer_arn, serial)

    def _trusted(self, issued: Issued, current: Document) -> str:
        roots = [issued.root]
        if self.value in current and datetime.fromisoformat(documents.text(current, "not_after")) > self._clock():
            former, *_ = x509.load_pem_x509_certificates(documents.text(current, "ca_pem").encode())
            roots += [former] if former != issued.root else []
        return _pem(*roots)


def serial_text(number: int) -> str:
    """A serial number in hexadecimal, in whole bytes, as OpenSSL writes it."""
    digits = f"{number:X}"
    return digits.zfill(len(digits) + len(digits) % 2)


def _pem(*certificates: x509.Certificate) -> str:
    return "".join(certificate.public_bytes(Encoding.PEM).decode("ascii") for certificate in certificates)


def _server(document: Document) -> str:
    server = documents.text(document, "server")
    if server not in SERVERS:
        raise RotationError(f"field 'server' is '{server}'; correct the catalogue: one of {', '.join(SERVERS)}")
    return server
