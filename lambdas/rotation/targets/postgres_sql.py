# ruff: noqa: S608 - names in SQL are quoted by identifier() or literal()
"""The statements of PostgreSQL that rotation needs, with every name quoted and no cleartext password in any."""

import base64
import secrets

from pg8000.native import identifier, literal  # type: ignore[import-untyped]
from scramp import ScramException, ScramMechanism  # type: ignore[import-untyped]

from rotation.errors import RotationError
from rotation.targets.postgres_session import Session

ITERATIONS = 4096  # PostgreSQL's own count; the password has 192 bits, so more would only slow the logins
SALT_BYTES = 16
# Names our advisory locks, so that they meet no other application's: "llmo" in ASCII.
_LOCK_SPACE = 0x6C6C6D6F


def verifier(password: str) -> str:
    """What PostgreSQL stores for a password under SCRAM-SHA-256, made here so that the server and its log never see it.

    SASLprep, RFC 5802 section 3; layout `SCRAM-SHA-256$<iterations>:<salt>$<StoredKey>:<ServerKey>` as in pg_authid.
    """
    try:
        salt, stored_key, server_key, iterations = ScramMechanism("SCRAM-SHA-256").make_auth_info(
            password, iteration_count=ITERATIONS, salt=secrets.token_bytes(SALT_BYTES)
        )
    except ScramException:
        raise RotationError("the password holds characters that SASLprep forbids; choose another") from None
    encoded = [base64.b64encode(part).decode("ascii") for part in (salt, stored_key, server_key)]
    return f"SCRAM-SHA-256${iterations}:{encoded[0]}${encoded[1]}:{encoded[2]}"


def lock(session: Session, username: str) -> None:
    """Keep other rotators of this role out until the transaction ends; waits up to the session's lock_timeout."""
    session.run(f"SELECT pg_advisory_xact_lock({_LOCK_SPACE}, hashtext({literal(username)}))")


def set_password(session: Session, username: str, password: str) -> None:
    """Change the password of an existing role and nothing else of it."""
    session.run(f"ALTER ROLE {identifier(username)} PASSWORD {literal(verifier(password))}")


def end_sessions(session: Session, username: str) -> None:
    """Terminate the sessions of a role. They survive every change of its password, so retirement needs this."""
    session.run(
        f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        f"WHERE usename = {literal(username)} AND pid <> pg_backend_pid()"
    )
