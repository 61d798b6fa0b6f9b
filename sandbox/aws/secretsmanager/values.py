"""The values in requests and answers: exactly one of string and binary, at most 64 KiB.

Source: https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html (65,536 bytes).
"""

import base64
import binascii

from sandbox.aws.errors import AwsError
from sandbox.aws.secretsmanager.context import Request, Result
from sandbox.aws.secretsmanager.model import Value

MAX_BYTES = 65536


def given_value(request: Request) -> Value | None:
    """The value that a request carries, if any."""
    text, binary = request.get("SecretString"), request.get("SecretBinary")
    if text is not None and binary is not None:
        raise AwsError(
            "InvalidParameterException", "You can't specify both a binary secret value and a string secret value."
        )
    if text is not None:
        return _within_limit(Value(kind="string", data=text.encode()))
    if binary is not None:
        try:
            data = base64.b64decode(binary, validate=True)
        except binascii.Error as exc:
            raise AwsError("InvalidParameterException", "SecretBinary is not base64.") from exc
        return _within_limit(Value(kind="binary", data=data))
    return None


def required_value(request: Request) -> Value:
    """The value that a request must carry."""
    value = given_value(request)
    if value is None:
        raise AwsError("InvalidRequestException", "You must provide either SecretString or SecretBinary.")
    return value


def shown_value(value: Value) -> Result:
    """The value as an answer's fields."""
    if value.kind == "string":
        return {"SecretString": value.data.decode()}
    return {"SecretBinary": base64.b64encode(value.data).decode()}


def _within_limit(value: Value) -> Value:
    if not 1 <= len(value.data) <= MAX_BYTES:
        raise AwsError(
            "ValidationException",
            f"1 validation error detected: Value at 'secret{value.kind.capitalize()}' failed to satisfy constraint: "
            f"Member must have length between 1 and {MAX_BYTES}; {len(value.data)} bytes were given.",
        )
    return value
