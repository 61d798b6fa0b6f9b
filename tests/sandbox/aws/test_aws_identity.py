"""Signatures, temporary credentials and one-time codes, without a server."""

import hashlib
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth, SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from sandbox.aws.access.mfa import code_is_valid, totp
from sandbox.aws.access.signature import is_signed_with, read_signature
from sandbox.aws.access.temporary import Temporary, TemporaryCredentials
from sandbox.aws.exchange import Call, read_call

SECRET = "made-up-secret"
HOST = "127.0.0.1:4566"
PATHS = ["/", "/2015-03-31/functions/a%3Ab/invocations", "/bucket/a%20b%2Bc/%C3%A9.txt", "/bucket//double/./dot"]


def _sent(request: AWSRequest, body: bytes) -> Call:
    parts = urlsplit(str(request.url))
    headers = {name.lower(): str(value) for name, value in request.headers.items()}
    return read_call(
        str(request.method),
        parts.path,
        parts.query,
        {**headers, "host": HOST},
        body,
        default_region="us-east-1",
        raw_path=parts.path,
    )


def _signed(
    auth: Any, service: str, path: str, *, query: str = "", body: bytes = b"", token: str | None = None, **headers: str
) -> Call:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    url = f"http://{HOST}{path}" + (f"?{query}" if query else "")
    request = AWSRequest("POST" if body else "GET", url, data=body, headers={"Host": HOST, **named})
    auth(Credentials("AKIDEXAMPLE", SECRET, token), service, "us-east-1").add_auth(request)
    return _sent(request, body)


def _good(call: Call, secret: str = SECRET) -> bool:
    signature = read_signature(call)
    assert signature is not None
    return is_signed_with(call, signature, secret)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    ("auth", "service"),
    [(SigV4Auth, "lambda"), (SigV4QueryAuth, "lambda"), (S3SigV4Auth, "s3"), (S3SigV4QueryAuth, "s3")],
)
def test_what_botocore_signs_is_accepted_and_another_secret_is_not(auth: Any, service: str, path: str) -> None:
    query = "list-type=2&prefix=a%2Fb%20c&empty&z=1&a=2"
    call = _signed(auth, service, path, query=query, X_Amz_Meta_Note="  two   spaces ")
    assert _good(call)
    assert not _good(call, "another-secret")


def test_a_session_token_is_part_of_what_is_signed() -> None:
    call = _signed(SigV4Auth, "iam", "/", body=b"Action=ListUsers", token="a-token")
    signature = read_signature(call)
    assert signature is not None
    assert signature.token == "a-token"
    assert _good(call)
    assert not _good(_changed(call, headers={**call.headers, "x-amz-security-token": "another"}))


@pytest.mark.parametrize("part", ["method", "raw_path", "query", "body", "host", "x-amz-date", "x-amz-target"])
def test_a_changed_request_is_not_signed(part: str) -> None:
    call = _signed(SigV4Auth, "kms", "/", query="a=1", body=b"{}", X_Amz_Target="TrentService.ListKeys")
    parts: dict[str, dict[str, Any]] = {
        "method": {"method": "PUT"},
        "raw_path": {"raw_path": "/other"},
        "query": {"query": "a=2"},
        "body": {"body": b"{ }"},
    }
    changed = parts.get(part) or {"headers": {**call.headers, part: "20200101T000000Z"}}
    assert _good(call)
    assert not _good(_changed(call, **changed))


@pytest.mark.parametrize("stands_for", ["UNSIGNED-PAYLOAD", "STREAMING-UNSIGNED-PAYLOAD-TRAILER"])
def test_s3_takes_payloads_that_are_not_signed_and_others_do_not(stands_for: str) -> None:
    class Auth(SigV4Auth):
        def payload(self, _request: Any) -> str:
            return stands_for

        def _normalize_url_path(self, path: str) -> str:
            return path

    s3 = _signed(Auth, "s3", "/bucket/key", body=b"content", X_Amz_Content_Sha256=stands_for)
    kms = _signed(Auth, "kms", "/", body=b"{}", X_Amz_Content_Sha256=stands_for)
    assert _good(_changed(s3, body=b"other content"))
    assert not _good(kms)


def test_a_payload_must_be_the_one_whose_hash_was_sent() -> None:
    call = _signed(S3SigV4Auth, "s3", "/bucket/key", body=b"content")
    assert call.headers["x-amz-content-sha256"] == hashlib.sha256(b"content").hexdigest()
    assert _good(call)
    assert not _good(_changed(call, body=b"other"))


@pytest.mark.parametrize("authorization", ["", "AWS key:signature", "AWS4-HMAC-SHA256 Credential=key", "Bearer x"])
def test_what_is_no_signature_is_none(authorization: str) -> None:
    headers = {"authorization": authorization, "host": HOST}
    call = read_call("GET", "/", "", headers, b"", default_region="us-east-1", raw_path="/")
    assert read_signature(call) is None


def _temporary(access_key: str, *, expires: float) -> Temporary:
    return Temporary(
        access_key=access_key,
        secret_key="s",
        token="t",
        kind="role",
        arn="arn:aws:sts::222233334444:assumed-role/r/s",
        user_id="AROA:s",
        issuer_arn="arn:aws:iam::222233334444:role/r",
        issuer_id="AROA",
        issuer_name="r",
        issued=0.0,
        expires=expires,
        tags={"Team": "blue"},
        transitive=("Team",),
        policies=("{}",),
        mfa=True,
    )


def test_temporary_credentials_outlive_the_process_and_are_private(tmp_path: Path) -> None:
    first = TemporaryCredentials(tmp_path)
    made = _temporary("ASIA1", expires=4e9)
    first.put(made)
    again = TemporaryCredentials(tmp_path)
    assert again.get("ASIA1") == made
    assert again.get("ASIA2") is None
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o600}
    assert "secret_key" not in repr(made)
    first.close()
    again.close()


def test_credentials_that_expired_are_known_for_a_week(tmp_path: Path) -> None:
    now = [0.0]
    table = TemporaryCredentials(tmp_path, clock=lambda: now[0])
    table.put(_temporary("ASIA1", expires=3600.0))
    now[0] = 8 * 86400.0
    table.put(_temporary("ASIA2", expires=now[0] + 1))
    table.close()
    again = TemporaryCredentials(tmp_path)
    assert (again.get("ASIA1"), again.get("ASIA2") is None) == (None, False)
    again.close()


def test_one_time_codes_are_those_of_rfc_6238() -> None:
    """Source: RFC 6238, appendix B, the last six of eight digits."""
    seed = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
    times = {59: "287082", 1111111109: "081804", 1234567890: "005924", 20000000000: "353130"}
    assert {moment: totp(seed, moment // 30) for moment in times} == times


def test_a_code_is_good_for_one_step_around_its_own() -> None:
    seed, now = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", 1_700_000_000
    codes = {drift: totp(seed, now // 30 + drift) for drift in range(-3, 4)}
    good = {drift for drift, code in codes.items() if code_is_valid(seed, code, now)}
    assert good == {-1, 0, 1}


def test_a_device_without_a_known_seed_takes_six_digits_and_nothing_else() -> None:
    assert code_is_valid("", "123456", 0)
    assert not any(code_is_valid("", code, 0) for code in ("", "12345", "1234567", "abcdef", "12345\n"))


def _changed(call: Call, **parts: Any) -> Call:
    given: dict[str, Any] = {
        "method": call.method,
        "query": call.query,
        "headers": call.headers,
        "body": call.body,
        "raw_path": call.raw_path,
        **parts,
    }
    return read_call(
        given["method"],
        given["raw_path"],
        given["query"],
        given["headers"],
        given["body"],
        default_region="us-east-1",
        raw_path=given["raw_path"],
    )
