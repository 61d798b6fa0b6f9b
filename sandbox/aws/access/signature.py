"""Signature Version 4, checked: in the Authorization header and in a presigned URL.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html. Neither the age of a
signature nor the expiry of a presigned URL is checked, because the sandbox's clock can be moved away from that of its
clients; of a streamed S3 payload (aws-chunked) the seed signature is checked and its chunks' are not.
"""

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from urllib.parse import quote, unquote

from botocore.utils import normalize_url_path

from sandbox.aws.exchange import Call

_ALGORITHM = "AWS4-HMAC-SHA256"
_HEADER = re.compile(r"(Credential|SignedHeaders|Signature)=([^,\s]+)")
_SCOPE_PARTS = 5
# What stands for the payload's hash when the payload itself is not signed:
# https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
_UNSIGNED = "UNSIGNED-PAYLOAD"
_STREAMING = "STREAMING-"


@dataclass(frozen=True, kw_only=True)
class Signature:
    """A signature as it was sent. `scope` is date/region/service/aws4_request, `date` the time that was signed."""

    access_key: str
    scope: str
    signed_headers: tuple[str, ...]
    value: str
    date: str
    token: str | None = field(default=None, repr=False)
    presigned: bool = False


def read_signature(call: Call) -> Signature | None:
    """The signature of a call; None for an anonymous one or one that is not in this form."""
    authorization = call.headers.get("authorization", "")
    if authorization.startswith(_ALGORITHM):
        given = dict(_HEADER.findall(authorization))
        date = call.headers.get("x-amz-date") or call.headers.get("date", "")
        return _signature(given, date, call.headers.get("x-amz-security-token"), presigned=False)
    query = _query(call.query)
    if query.get("X-Amz-Algorithm") != _ALGORITHM:
        return None
    given = {name: query.get(f"X-Amz-{name}", "") for name in ("Credential", "SignedHeaders", "Signature")}
    return _signature(given, query.get("X-Amz-Date", ""), query.get("X-Amz-Security-Token"), presigned=True)


def is_signed_with(call: Call, signature: Signature, secret_key: str) -> bool:
    """Whether the holder of `secret_key` signed this very request."""
    payload = _payload_hash(call, signature)
    if payload is None:
        return False
    canonical = "\n".join(
        (
            call.method.upper(),
            _path(call),
            _canonical_query(call.query),
            *(f"{name}:{_header(call, name)}" for name in signature.signed_headers),
            "",
            ";".join(signature.signed_headers),
            payload,
        )
    )
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    text = "\n".join((_ALGORITHM, signature.date, signature.scope, digest))
    key = _signing_key(secret_key, *signature.scope.split("/")[:3])
    return hmac.compare_digest(hmac.new(key, text.encode(), hashlib.sha256).hexdigest(), signature.value)


def _signature(given: Mapping[str, str], date: str, token: str | None, *, presigned: bool) -> Signature | None:
    access_key, _, scope = given.get("Credential", "").partition("/")
    if scope.count("/") != _SCOPE_PARTS - 2 or not given.get("SignedHeaders") or not given.get("Signature"):
        return None
    return Signature(
        access_key=access_key,
        scope=scope,
        signed_headers=tuple(given["SignedHeaders"].split(";")),
        value=given["Signature"],
        date=date,
        token=token,
        presigned=presigned,
    )


def _payload_hash(call: Call, signature: Signature) -> str | None:
    """The hash that was signed, or None when the body is not what it says."""
    given = call.headers.get("x-amz-content-sha256")
    if signature.presigned and call.service == "s3":
        return given or _UNSIGNED
    if given is not None and (given == _UNSIGNED or given.startswith(_STREAMING)):
        return given if call.service == "s3" else None
    actual = hashlib.sha256(call.body).hexdigest()
    return actual if given is None or given == actual else None


def _path(call: Call) -> str:
    path = call.raw_path or "/"
    # "You do not normalize URI paths for requests to Amazon S3", and only there the path is encoded once.
    return path if call.service == "s3" else quote(normalize_url_path(path), safe="/~")


def _canonical_query(query: str) -> str:
    pairs = [part.partition("=") for part in query.split("&") if part]
    # As sent, encoded: the order of encoded names decides.
    kept = sorted((name, value) for name, _, value in pairs if name != "X-Amz-Signature")
    return "&".join(f"{name}={value}" for name, value in kept)


def _header(call: Call, name: str) -> str:
    value = str(len(call.body)) if name == "content-length" else call.headers.get(name, "")
    return " ".join(value.split())


def _query(text: str) -> dict[str, str]:
    if "X-Amz-" not in text:
        return {}
    return {unquote(name): unquote(value) for name, _, value in (part.partition("=") for part in text.split("&"))}


@lru_cache(maxsize=256)
def _signing_key(secret_key: str, date: str, region: str, service: str) -> bytes:
    key = f"AWS4{secret_key}".encode()
    for part in (date, region, service, "aws4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return key
