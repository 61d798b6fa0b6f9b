"""One-time codes of MFA devices.

A virtual device of which the sandbox knows the seed takes the codes of its TOTP (RFC 6238: 30 seconds, six digits, one
step of drift). A device without a known seed (a made-up serial that was enabled for the user) takes any six digits:
nobody could compute its codes. AWS refuses a code that was used before; here that is not checked.
"""

import base64
import binascii
import hashlib
import hmac
import re
import struct

_STEP_SECONDS = 30
_CODE = re.compile(r"^\d{6}$")


def code_is_valid(seed: str, code: str, now: float) -> bool:
    """Whether a device with this base32 seed, empty when not known, shows `code` at `now` (seconds)."""
    if not _CODE.match(code):
        return False
    if not seed:
        return True
    step = int(now) // _STEP_SECONDS
    return any(hmac.compare_digest(totp(seed, step + drift), code) for drift in (-1, 0, 1))


def totp(seed: str, step: int) -> str:
    """The six digits of one 30-second step since the epoch."""
    try:
        key = base64.b32decode(seed + "=" * (-len(seed) % 8))
    except binascii.Error:
        return ""
    digest = hmac.new(key, struct.pack(">Q", step), hashlib.sha1).digest()
    offset = digest[-1] & 15
    return f"{(int.from_bytes(digest[offset : offset + 4]) & 0x7FFFFFFF) % 1_000_000:06d}"
