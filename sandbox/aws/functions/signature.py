"""The signature of a code package: what it says, how it gets into a zip, and whether it still fits the zip.

AWS Signer's own file format is not documented. This one is a member of the zip that names profile version, job and
expiry, and a message authentication code over these and over every other member. It convinces this local AWS only.
"""

import hashlib
import hmac
import io
import json
import time
import zipfile
from dataclasses import asdict, dataclass

MEMBER = "META-INF/aws_signer_signature_v1.0.SF"


class TamperedError(ValueError):
    """The package is not the one that was signed, or its signature was made by somebody else."""


@dataclass(frozen=True, kw_only=True)
class Signature:
    """Who signed, in which job, and until when that counts (seconds since the epoch)."""

    profile_version_arn: str
    job_arn: str
    expires: float

    @property
    def expired(self) -> bool:
        """Whether the signature's time is over."""
        return time.time() >= self.expires


def signed(package: bytes, signature: Signature, key: bytes) -> bytes:
    """The zip `package` with `signature` in it; one that it had before is replaced."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(package)) as source, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as target:
        for entry in source.infolist():
            if entry.filename != MEMBER:
                target.writestr(entry, source.read(entry))
        content = {**asdict(signature), "code": _code(source, signature, key)}
        target.writestr(zipfile.ZipInfo(MEMBER, (1980, 1, 1, 0, 0, 0)), json.dumps(content))
    return buffer.getvalue()


def signature_of(package: bytes, key: bytes) -> Signature | None:
    """The signature in a zip, None where there is none; TamperedError where it does not fit."""
    try:
        with zipfile.ZipFile(io.BytesIO(package)) as source:
            if MEMBER not in source.namelist():
                return None
            content = json.loads(source.read(MEMBER))
            code = str(content.pop("code"))
            signature = Signature(**content)
            fits = hmac.compare_digest(code, _code(source, signature, key))
    except zipfile.BadZipFile:
        return None  # Lambda itself says what is wrong with it
    except (ValueError, KeyError, TypeError, AttributeError) as exc:
        raise TamperedError("the signature cannot be read") from exc
    if not fits:
        raise TamperedError("the package differs from what was signed")
    return signature


def _code(source: zipfile.ZipFile, signature: Signature, key: bytes) -> str:
    members = {name: hashlib.sha384(source.read(name)).hexdigest() for name in source.namelist() if name != MEMBER}
    content = json.dumps([asdict(signature), sorted(members.items())], sort_keys=True)
    return hmac.new(key, content.encode(), hashlib.sha384).hexdigest()
