"""Values at rest: AES-256-GCM under a key file of mode 0600 in the state folder.

The sandbox's KMS keys guard who may read, as on AWS; this key only keeps values out of the database file.
"""

import os
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from sandbox.aws.errors import SandboxError

_NONCE_BYTES = 12


class Seal:
    """Seals and opens values, each bound to the place it belongs to."""

    def __init__(self, key_file: Path) -> None:
        """Use the key in `key_file`, made at the first use with mode 0600."""
        if not key_file.exists():
            fresh = key_file.with_suffix(".new")
            with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as stream:
                stream.write(AESGCM.generate_key(bit_length=256))
                stream.flush()
                os.fsync(stream.fileno())
            fresh.rename(key_file)
        self._cipher = AESGCM(key_file.read_bytes())

    def close(self, plain: bytes, *, place: str) -> bytes:
        """The value sealed for `place`, such as "arn|version"."""
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, plain, place.encode())

    def open(self, sealed: bytes, *, place: str) -> bytes:
        """The value that `close` sealed for the same place; SandboxError when key or place differ."""
        try:
            return self._cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], place.encode())
        except InvalidTag as exc:
            raise SandboxError(
                f"the stored value of {place} was sealed with another key; remove the state folder and start again"
            ) from exc
