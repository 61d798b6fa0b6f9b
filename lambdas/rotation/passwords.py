"""New passwords."""

import base64
import secrets

PASSWORD_BYTES = 24  # 192 bits, which base64 writes as 32 characters without padding


def new_password() -> str:
    """32 characters of base64's alphabet that carry 192 bits from the system's random source.

    Made here and not by GetRandomPassword: one call and one permission less, and an alphabet that we know.
    """
    return base64.b64encode(secrets.token_bytes(PASSWORD_BYTES)).decode("ascii")
