"""New passwords."""

import base64
import secrets

from rotation.document import Document
from rotation.errors import RotationError

PASSWORD_BYTES = 24  # 192 bits, which base64 writes as 32 characters without padding


def new_password() -> str:
    """32 characters of base64's alphabet that carry 192 bits from the system's random source.

    Made here and not by GetRandomPassword: one call and one permission less, and an alphabet that we know.
    """
    return base64.b64encode(secrets.token_bytes(PASSWORD_BYTES)).decode("ascii")


def renewed(name: str, current: Document) -> Document:
    """The document with a new password, for a login that changes its own; refused while nothing knows the first one."""
    if "password" not in current:
        raise RotationError(
            f"secret '{name}' has no value yet; give it the server's password with `secretsctl bootstrap`"
        )
    return {**current, "password": new_password()}
