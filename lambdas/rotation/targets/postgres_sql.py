"""The statements of PostgreSQL that rotation needs, with every name quoted and no cleartext password in any."""

import base64
import binascii
import re
import secrets
from datetime import datetime

from pg8000.native import identifier, literal  # type: ignore[import-untyped]
from scramp import ScramException, ScramMechanism  # type: ignore[import-untyped]
from scramp.utils import saslprep  # type: ignore[import-untyped]

from rotation.errors import RotationError
from rotation.targets.postgres_session import Session

ITERATIONS = 4096  # PostgreSQL's own count; the password has 192 bits, so more would only slow the logins
SALT_BYTES = 16
# Bytes. What is longer is cut without an error and names another role: postgresql.org/docs/15/limits.html
LONGEST_NAME = 63
_RESERVED = ("public", "none")  # RoleSpec in gram.y; `pg_`: IsReservedName in catalog.c
# Names our advisory locks, so that they meet no other application's: "llmo" in ASCII.
_LOCK_SPACE = 0x6C6C6D6F
_VERIFIER = re.compile(r"SCRAM-SHA-256\$(\d+):([A-Za-z0-9+/=]+)\$([A-Za-z0-9+/=]+):[A-Za-z0-9+/=]+")


def verifier(password: str) -> str:
    """What PostgreSQL stores for a password under SCRAM-SHA-256, made here so that the server and its log never see it.

    SASLprep, RFC 5802 section 3; layout `SCRAM-SHA-256$<iterations>:<salt>$<StoredKey>:<ServerKey>` as in pg_authid.
    """
    salt, stored_key, server_key, iterations = _auth_info(password, ITERATIONS, secrets.token_bytes(SALT_BYTES))
    encoded = [base64.b64encode(part).decode("ascii") for part in (salt, stored_key, server_key)]
    return f"SCRAM-SHA-256${iterations}:{encoded[0]}${encoded[1]}:{encoded[2]}"


def matches(stored: str | None, password: str) -> bool:
    """Whether a verifier that PostgreSQL holds is this password's; False for none and for every other kind."""
    parts = _VERIFIER.fullmatch(stored or "")
    if parts is None:
        return False
    iterations, salt, stored_key = parts.groups()
    try:
        given = base64.b64decode(stored_key, validate=True)
        made = _auth_info(password, int(iterations), base64.b64decode(salt, validate=True))[1]
    except binascii.Error:
        return False
    return secrets.compare_digest(given, made)


def is_role_name(name: str) -> bool:
    """Whether PostgreSQL can hold a role of this very name."""
    if not name or "\0" in name or name in _RESERVED or name.startswith("pg_"):
        return False
    return len(name.encode("utf-8")) <= LONGEST_NAME


def _auth_info(password: str, iterations: int, salt: bytes) -> tuple[bytes, bytes, bytes, int]:
    try:
        # libpq makes a space of U+200B, scramp nothing (it is in both of SASLprep's tables), and libpq sends a password
        # of which nothing is left as it is: such a login would depend on the driver.
        if "\u200b" in password or not saslprep(password):
            raise ScramException("")
        made: tuple[bytes, bytes, bytes, int] = ScramMechanism("SCRAM-SHA-256").make_auth_info(
            password, iteration_count=iterations, salt=salt
        )
    except ScramException:
        raise RotationError("the password holds characters that SASLprep forbids; choose another") from None
    return made


def lock(session: Session, username: str) -> datetime:
    """Keep other rotators of this role out until the transaction ends; waits up to the session's lock_timeout.

    Returns the server's time when the lock was got.
    """
    rows = session.run(f"SELECT pg_advisory_xact_lock({_LOCK_SPACE}, hashtext({literal(username)})), clock_timestamp()")
    moment: datetime = rows[0][1]
    return moment


def set_password(session: Session, username: str, password: str, *, attributes: str = "") -> None:
    """Change the password of an existing role, and nothing else of it but the attributes given."""
    more = f"{attributes} " if attributes else ""
    session.run(f"ALTER ROLE {identifier(username)} {more}PASSWORD {literal(verifier(password))}")


def disable(session: Session, username: str) -> None:
    """Leave a role no password, and no login either.

    NOLOGIN is more than a second lock: PostgreSQL asks for the right to log in after the password exchange
    (InitPostgres calls PerformAuthentication, then InitializeSessionUserId; postinit.c). Somebody who was given the old
    verifier's salt before this, and answers up to authentication_timeout later, is stopped by nothing else: VALID UNTIL
    is looked at when the exchange begins (get_role_password, crypt.c).
    """
    session.run(f"ALTER ROLE {identifier(username)} NOLOGIN PASSWORD NULL")
