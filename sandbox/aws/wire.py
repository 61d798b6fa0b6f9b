"""Results and errors as AWS's protocols put them on the wire, for what is answered without moto.

Sources: https://smithy.io/2.0/aws/protocols/index.html (JSON 1.0 and 1.1, restJson1, query, restXml) and
https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html.
"""

import json
from collections.abc import Mapping
from typing import Any
from xml.sax.saxutils import escape

from sandbox.aws.errors import AwsError
from sandbox.aws.exchange import Answer, Call


def answered(call: Call, body: Mapping[str, Any] | None, *, status: int = 200) -> Answer:
    """The answer of a JSON service: AWS JSON when the call names a target, else restJson1. None is an empty body."""
    kind = "application/x-amz-json-1.1" if "x-amz-target" in call.headers else "application/json"
    content = b"" if body is None else json.dumps(body).encode()
    return Answer(status=status, body=content, headers=(("Content-Type", kind), ("x-amzn-RequestId", call.id)))


def refused(call: Call, error: AwsError) -> Answer:
    """The answer that tells the caller of `error` in the protocol of its call."""
    if call.service == "s3":
        return _xml(call, error, f"<Error>{_code(error)}<RequestId>{call.id}</RequestId></Error>")
    if "x-amz-target" in call.headers:
        return _json(call, error, {"__type": error.code, "message": error.message})
    if call.headers.get("content-type", "").startswith("application/x-www-form-urlencoded") or "Action=" in call.query:
        text = f"<ErrorResponse><Error><Type>{_fault(error)}</Type>{_code(error)}</Error>"
        return _xml(call, error, f"{text}<RequestId>{call.id}</RequestId></ErrorResponse>")
    return _json(call, error, {"message": error.message, "Message": error.message})


def _fault(error: AwsError) -> str:
    return "Sender" if error.status < 500 else "Receiver"


def _code(error: AwsError) -> str:
    return f"<Code>{escape(error.code)}</Code><Message>{escape(error.message)}</Message>"


def _json(call: Call, error: AwsError, body: dict[str, str]) -> Answer:
    kind = "application/x-amz-json-1.1" if "__type" in body else "application/json"
    headers = (("Content-Type", kind), ("x-amzn-ErrorType", error.code), ("x-amzn-RequestId", call.id))
    return Answer(status=error.status, body=json.dumps(body).encode(), headers=headers)


def _xml(call: Call, error: AwsError, text: str) -> Answer:
    headers = (("Content-Type", "text/xml"), ("x-amzn-RequestId", call.id), ("x-amz-request-id", call.id))
    return Answer(status=error.status, body=f'<?xml version="1.0" encoding="UTF-8"?>\n{text}'.encode(), headers=headers)
