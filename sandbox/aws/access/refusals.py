"""The errors of authentication and authorization, with the code and status that each protocol gives them.

Sources: https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html, the common errors of KMS
(JSON), of IAM (query, https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html) and
https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html.
"""

from enum import Enum, unique

from sandbox.aws.errors import AwsError
from sandbox.aws.exchange import Call

# Services that do not answer AccessDenied as the others of their protocol do:
# https://docs.aws.amazon.com/sns/latest/api/API_Publish.html (AuthorizationError); that SQS keeps the code of its old
# query protocol is unverified.
_DENIED_CODES = {"sns": "AuthorizationError", "sqs": "AccessDenied"}


@unique
class _Style(Enum):
    JSON = "json"
    REST_JSON = "rest-json"
    QUERY = "query"
    S3 = "s3"


def denied(call: Call, message: str) -> AwsError:
    """AccessDenied in the words of the call's protocol."""
    style = _style(call)
    usual = "AccessDeniedException" if style in (_Style.JSON, _Style.REST_JSON) else "AccessDenied"
    return AwsError(_DENIED_CODES.get(call.service, usual), message, status=_status(style))


def invalid_token(call: Call) -> AwsError:
    """The access key, or the session token that goes with it, is not one of ours."""
    style = _style(call)
    text = "The security token included in the request is invalid."
    if style is _Style.S3:
        return AwsError("InvalidToken", "The provided token is malformed or otherwise invalid.", status=400)
    code = "InvalidClientTokenId" if style is _Style.QUERY else "UnrecognizedClientException"
    return AwsError(code, text, status=_status(style))


def unknown_key(call: Call) -> AwsError:
    """There is no such access key, or it is inactive."""
    if _style(call) is _Style.S3:
        text = "The AWS Access Key Id you provided does not exist in our records."
        return AwsError("InvalidAccessKeyId", text, status=403)
    return invalid_token(call)


def expired_token(call: Call) -> AwsError:
    """The temporary credentials are past their time."""
    style = _style(call)
    if style is _Style.S3:
        return AwsError("ExpiredToken", "The provided token has expired.", status=400)
    code = "ExpiredToken" if style is _Style.QUERY else "ExpiredTokenException"
    return AwsError(code, "The security token included in the request is expired", status=_status(style))


def bad_signature(call: Call) -> AwsError:
    """The request was not signed with the secret key of this access key."""
    style = _style(call)
    text = "The request signature we calculated does not match the signature you provided. Check your "
    if style is _Style.S3:
        return AwsError("SignatureDoesNotMatch", f"{text}key and signing method.", status=403)
    code = "SignatureDoesNotMatch" if style is _Style.QUERY else "InvalidSignatureException"
    detail = "AWS Secret Access Key and signing method. Consult the service documentation for details."
    return AwsError(code, text + detail, status=_status(style))


def unsigned(call: Call) -> AwsError:
    """The service takes no anonymous request."""
    style = _style(call)
    code = "MissingAuthenticationToken" if style is _Style.QUERY else "MissingAuthenticationTokenException"
    text = "Request is missing Authentication Token" if style is _Style.QUERY else "Missing Authentication Token"
    return AwsError(code, text, status=_status(style))


def other_scheme(call: Call) -> AwsError:
    """An Authorization header that is not Signature Version 4."""
    text = (
        "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256; the local AWS "
        "knows no other."
    )
    code = "InvalidRequest" if _style(call) is _Style.S3 else "IncompleteSignatureException"
    return AwsError(code, text)


def _status(style: _Style) -> int:
    return 400 if style is _Style.JSON else 403


def _style(call: Call) -> _Style:
    if call.service == "s3":
        return _Style.S3
    if "x-amz-target" in call.headers:
        return _Style.JSON
    form = call.headers.get("content-type", "").startswith("application/x-www-form-urlencoded")
    return _Style.QUERY if form or "Action=" in call.query else _Style.REST_JSON
