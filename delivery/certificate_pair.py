"""A server's certificate and key as the secret's document has them, checked as a client will check them."""

from __future__ import annotations

import json
import re
import ssl
from dataclasses import dataclass, field
from pathlib import Path

from delivery.errors import DeliveryError

_SERIAL = re.compile(r"([0-9A-F]{2}){1,20}")  # at most 20 octets: RFC 5280, 4.1.2.2; it names a folder too
_MESSAGES = 10  # a handshake takes fewer turns
# Without judging times: X509_V_FLAG_NO_CHECK_TIME of OpenSSL's x509_vfy.h.
_NO_CHECK_TIME = 0x200000


@dataclass(frozen=True, kw_only=True)
class Pair:
    """`certificate_pem` is the leaf and what leads to the root; `ca_pem` is what clients trust."""

    server: str
    host: str
    port: int
    serial: str
    certificate_pem: str
    ca_pem: str
    key_pem: str = field(repr=False)

    @classmethod
    def read(cls, text: str) -> Pair:
        """The pair in a version's text.

        Raises:
            DeliveryError: a field is missing or of another type, which names it.
        """
        try:
            document = json.loads(text)
        except ValueError:
            document = None
        if not isinstance(document, dict):
            raise DeliveryError(
                "the document is not one JSON object; give it the value of a secret of kind certificate"
            )
        wanted = {"port": int} | dict.fromkeys(
            ("server", "host", "serial", "certificate_pem", "ca_pem", "key_pem"), str
        )
        for name, kind in wanted.items():
            if not isinstance(document.get(name), kind):
                raise DeliveryError(f"field '{name}' is missing or no {kind.__name__}; rotate the secret first")
        if not _SERIAL.fullmatch(document["serial"]):
            raise DeliveryError("field 'serial' is no hexadecimal number of whole bytes; rotate the secret again")
        return cls(**{name: document[name] for name in wanted})


def check(pair: Pair, certificate: Path, key: Path) -> None:
    """A handshake in memory with the files that the server will load, as a client that trusts the pair's CA.

    Raises:
        DeliveryError: key and certificate do not belong together, or a client would refuse them now.
    """
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        server.load_cert_chain(certificate, key)
    except ssl.SSLError as error:
        raise DeliveryError(f"{certificate} and its key cannot be loaded ({error.reason}); rotate the secret") from None
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = trusting(pair.ca_pem).wrap_bio(to_client, to_server, server_hostname=pair.host)
    sides = [client, server.wrap_bio(to_server, to_client, server_side=True)]
    try:
        for _ in range(_MESSAGES):
            for side in tuple(sides):
                try:
                    side.do_handshake()
                    sides.remove(side)
                except ssl.SSLWantReadError:
                    continue
    except ssl.SSLCertVerificationError as error:
        raise DeliveryError(f"clients of {pair.host} would refuse {certificate}: {error.verify_message}") from None
    shown = (client.getpeercert() or {}).get("serialNumber")
    if shown != pair.serial:
        raise DeliveryError(f"{certificate} has serial {shown}, the document says {pair.serial}; rotate the secret")


def trusting(ca_pem: str, *, at_any_time: bool = False) -> ssl.SSLContext:
    """A client that verifies chain and name, and trusts nobody but `ca_pem`.

    `at_any_time` lets an expired certificate pass, for the server whose certificate is about to be mended.
    """
    try:
        context = ssl.create_default_context(cadata=ca_pem)
    except ssl.SSLError:
        raise DeliveryError("the CA to trust is no certificate in PEM; correct 'ca_pem' or the file") from None
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if at_any_time:
        context.verify_flags |= _NO_CHECK_TIME
    return context
