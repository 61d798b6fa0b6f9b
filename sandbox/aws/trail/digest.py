"""Digest files: the hashes of delivered log files, chained and signed.

Source: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-log-file-validation-digest-file-structure.html
and cloudtrail-log-file-custom-validation.html (the string to sign). AWS rotates its keys; here there is one a sandbox.
"""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

ALGORITHM = "SHA256withRSA"


@dataclass(frozen=True, kw_only=True)
class Signed:
    """A digest's place and signature, which the next digest names. `signature` is in hexadecimal."""

    bucket: str
    key: str
    sha256: str
    signature: str


class Signer:
    """The key pair of CloudTrail in one sandbox."""

    def __init__(self, file: Path) -> None:
        """Use the key in `file`, made at the first use with mode 0600."""
        if not file.exists():
            key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
            pem = key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
            fresh = file.with_suffix(".new")
            with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as stream:
                stream.write(pem)
            fresh.rename(file)
        loaded = serialization.load_pem_private_key(file.read_bytes(), password=None)
        assert isinstance(loaded, rsa.RSAPrivateKey)
        self._key = loaded
        self.public = loaded.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.PKCS1)
        self.fingerprint = hashlib.md5(self.public, usedforsecurity=False).hexdigest()

    def described(self) -> dict[str, Any]:
        """The key as ListPublicKeys shows it."""
        return {"Value": base64.b64encode(self.public).decode(), "Fingerprint": self.fingerprint}

    def sign(self, text: str) -> str:
        """The signature over `text`, in hexadecimal."""
        return self._key.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256()).hex()


def content(
    *,
    account: str,
    start: str,
    end: str,
    bucket: str,
    key: str,
    fingerprint: str,
    files: Sequence[Mapping[str, str]],
    previous: Signed | None,
) -> dict[str, Any]:
    """What a digest file says; `files` are the log files with their hashes and times."""
    return {
        "awsAccountId": account,
        "digestStartTime": start,
        "digestEndTime": end,
        "digestS3Bucket": bucket,
        "digestS3Object": key,
        "digestPublicKeyFingerprint": fingerprint,
        "digestSignatureAlgorithm": ALGORITHM,
        "newestEventTime": max((file["newestEventTime"] for file in files), default=None),
        "oldestEventTime": min((file["oldestEventTime"] for file in files), default=None),
        "previousDigestS3Bucket": previous.bucket if previous else None,
        "previousDigestS3Object": previous.key if previous else None,
        "previousDigestHashValue": previous.sha256 if previous else None,
        "previousDigestHashAlgorithm": "SHA-256" if previous else None,
        "previousDigestSignature": previous.signature if previous else None,
        "logFiles": [dict(file) for file in files],
    }


def string_to_sign(*, end: str, bucket: str, key: str, sha256: str, previous: Signed | None) -> str:
    """What the signature of a digest is over."""
    return f"{end}\n{bucket}/{key}\n{sha256}\n{previous.signature if previous else 'null'}"
