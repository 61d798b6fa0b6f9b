"""Which certificate a server presents, and whether a client would accept a pair: both by TLS itself.

Nobody judges a chain as OpenSSL does but OpenSSL, which PostgreSQL, Redis and their clients use.
"""

import os
import socket
import ssl
import struct
from dataclasses import dataclass
from datetime import UTC, datetime

from rotation.errors import RotationError, ServerUnreachableError

TIMEOUT_SECONDS = 10
# Times are judged by the caller, who has a clock: X509_V_FLAG_NO_CHECK_TIME of OpenSSL's x509_vfy.h.
_NO_CHECK_TIME = 0x200000
# www.postgresql.org/docs/15/protocol-message-formats.html, SSLRequest: length 8 and the number 1234 5679
_SSL_REQUEST = struct.pack("!II", 8, 80877103)
_MESSAGES = 10  # a handshake takes fewer turns


@dataclass(frozen=True, kw_only=True)
class Presented:
    """What a server shows to a client that trusts us; `serial` is empty, with the reason, when that client refuses."""

    serial: str
    until: str = ""
    refused: str = ""


def rehearse(chain_pem: str, key_pem: str, ca_pem: str, host: str) -> None:
    """A handshake in memory between a server with the pair and a client that trusts `ca_pem` and wants `host`.

    Raises:
        RotationError: the key is not the certificate's, the chain does not lead to `ca_pem`, or the name differs.
    """
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    # OpenSSL reads keys from files alone: this one lives in memory, so that the key is on no disk.
    memory = os.memfd_create("pair", os.MFD_CLOEXEC)
    try:
        os.write(memory, f"{key_pem}\n{chain_pem}".encode())
        server.load_cert_chain(f"/proc/self/fd/{memory}")
    except ssl.SSLError as error:
        detail = "the key is not that of the certificate" if error.reason == "KEY_VALUES_MISMATCH" else error.reason
        raise RotationError(f"certificate of '{host}': {detail}; rotate the secret again") from None
    finally:
        os.close(memory)
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = _trusting(ca_pem).wrap_bio(to_client, to_server, server_hostname=host)
    sides = [client, server.wrap_bio(to_server, to_client, server_side=True)]
    for _ in range(_MESSAGES):
        for side in tuple(sides):
            try:
                side.do_handshake()
                sides.remove(side)
            except ssl.SSLWantReadError:
                continue
            except ssl.SSLCertVerificationError as error:
                raise RotationError(
                    f"certificate of '{host}': a client that trusts the given CA refuses it ({error.verify_message}); "
                    f"compare the authority's root with the CA that the environment gives to consumers"
                ) from None
    if sides:
        raise RotationError(f"certificate of '{host}': the handshake did not end; rotate the secret again")


def presented(server: str, host: str, port: int, ca_pem: str) -> Presented:
    """What the server shows now. Sends no credential, and tells an expired certificate from one that is not trusted.

    Raises:
        ServerUnreachableError: no connection, or no TLS.
    """
    place = f"{server} at {host}:{port}"
    try:
        with socket.create_connection((host, port), TIMEOUT_SECONDS) as line:
            if server == "postgres":
                line.sendall(_SSL_REQUEST)
                # One byte and no more: what else is in the buffer came without TLS (CVE-2021-23222).
                if line.recv(1) != b"S":
                    raise ServerUnreachableError(f"{place} offers no TLS; switch it on there")
            with _trusting(ca_pem).wrap_socket(line, server_hostname=host) as session:
                shown = session.getpeercert() or {}
    except ssl.SSLCertVerificationError as error:
        return Presented(serial="", refused=error.verify_message)
    except OSError as error:
        raise ServerUnreachableError(
            f"{place} cannot be reached ({type(error).__name__}); check host, port and the network path"
        ) from None
    until = datetime.fromtimestamp(ssl.cert_time_to_seconds(str(shown["notAfter"])), UTC)
    return Presented(serial=str(shown["serialNumber"]), until=until.isoformat(timespec="seconds"))


def _trusting(ca_pem: str) -> ssl.SSLContext:
    context = ssl.create_default_context(cadata=ca_pem)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.verify_flags |= _NO_CHECK_TIME
    return context
