"""A call and its answer as a CloudTrail event. Pure.

Source: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html and
cloudtrail-event-reference-user-identity.html. On AWS an event is there after some minutes; here at once.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from botocore.parsers import ResponseParserError, create_parser

from iam.principal import PrincipalKind
from sandbox.aws.caller import Caller
from sandbox.aws.exchange import Answer, Call
from sandbox.aws.trail.hidden import HIDDEN_TEXT, hidden_texts, shown
from sandbox.aws.trail.resources import resources_of

Record = dict[str, Any]
VERSION = "1.11"
# Lambda's own page lists names with the date of the API; unverified for each operation, so the plain names are used:
# docs.aws.amazon.com/lambda/latest/dg/logging-using-cloudtrail.html
_READS = re.compile(
    r"^(Get|List|Describe|Head|BatchGet|Lookup|Simulate|Filter|Test|Validate|Decrypt|Encrypt|ReEncrypt|Verify|Sign"
    r"|GenerateDataKey|GenerateMac|GenerateRandom|AssumeRole|Query$|Scan$|Search|Select)"
)
_DATA = {
    "s3": re.compile(r"(Object|Upload|Part)(s|V2|Acl|Tagging|Retention|LegalHold|Attributes)?$"),
    "lambda": re.compile(r"^Invoke"),
    "sns": re.compile(r"^Publish"),
    "sqs": re.compile(r"Message"),
    "dynamodb": re.compile(r"Item|^Query$|^Scan$|Transact"),
    "events": re.compile(r"^PutEvents$"),
    "monitoring": re.compile(r"^(PutMetricData|GetMetric)"),
    "logs": re.compile(r"^(PutLogEvents|GetLogEvents|FilterLogEvents)$"),
}
"""High-volume operations: recorded only for trails whose selectors ask, and never looked up."""


def record(call: Call, answer: Answer, *, account: str, at: float) -> Record:
    """The event of one call. `at` is in seconds since the epoch."""
    reads = is_read_only(call.operation)
    model = call.routed.model
    result = _parsed(call, answer)
    error = result.get("Error", {}) if answer.status >= 300 else {}
    given = call.parameters
    parameters = shown(given, model.input_shape) if model is not None else None
    resources = resources_of(call.service, given, {} if error else result, account=account)
    event: Record = {
        "eventVersion": VERSION,
        "userIdentity": user_identity(call.caller, account),
        "eventTime": moment(at),
        "eventSource": f"{call.service}.amazonaws.com",
        "eventName": call.operation,
        "awsRegion": call.region,
        "sourceIPAddress": call.source_ip,
        "userAgent": call.headers.get("user-agent", ""),
    }
    if error:
        hidden = [text for text in hidden_texts(given, model.input_shape if model else None) if len(text) > 2]
        event |= {"errorCode": _error_code(error.get("Code", "")), "errorMessage": _safe(error, hidden)}
    event |= {
        "requestParameters": parameters,
        "responseElements": None if reads or error or model is None else shown(result, model.output_shape),
        "requestID": call.id,
        "eventID": str(uuid.uuid4()),
        "readOnly": reads,
        "resources": resources,
        "eventType": "AwsApiCall",
        "managementEvent": not is_data(call.service, call.operation),
        "recipientAccountId": account,
        "eventCategory": "Data" if is_data(call.service, call.operation) else "Management",
    }
    return event


def service_record(
    *, name: str, source: str, region: str, account: str, at: float, details: Mapping[str, Any], invoked_by: str
) -> Record:
    """An event of something that a service did by itself, such as a step of a rotation."""
    return {
        "eventVersion": VERSION,
        "userIdentity": {"accountId": account, "invokedBy": invoked_by},
        "eventTime": moment(at),
        "eventSource": source,
        "eventName": name,
        "awsRegion": region,
        "sourceIPAddress": invoked_by,
        "userAgent": invoked_by,
        "requestParameters": None,
        "responseElements": None,
        "additionalEventData": dict(details),
        "eventID": str(uuid.uuid4()),
        "readOnly": False,
        "resources": [],
        "eventType": "AwsServiceEvent",
        "managementEvent": True,
        "recipientAccountId": account,
        "eventCategory": "Management",
    }


def is_read_only(operation: str) -> bool:
    """Whether the operation only reads, as the event's readOnly says."""
    return bool(_READS.match(operation))


def is_data(service: str, operation: str) -> bool:
    """Whether the operation is of the data plane."""
    pattern = _DATA.get(service)
    return pattern is not None and pattern.search(operation) is not None


def moment(at: float) -> str:
    """A time as events write it, such as 2026-11-24T09:30:00Z."""
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%M:%SZ}"


def user_identity(caller: Caller | None, account: str) -> dict[str, Any]:
    """Who made the call, as the event's userIdentity says."""
    if caller is None or caller.principal.kind is PrincipalKind.ANONYMOUS:
        return {"type": "AWSAccount", "principalId": "", "accountId": "anonymous"}
    who: dict[str, Any] = {
        "type": _TYPES.get(caller.principal.kind, "Unknown"),
        "principalId": caller.id,
        "arn": caller.principal.arn,
        "accountId": caller.principal.account or account,
        "accessKeyId": caller.access_key,
    }
    if caller.user_name is not None:
        who["userName"] = caller.user_name
    session = caller.session
    if session is not None:
        attributes = {"creationDate": moment(session.issued), "mfaAuthenticated": "true" if session.mfa else "false"}
        who["sessionContext"] = {"attributes": attributes}
        if caller.principal.kind is PrincipalKind.ROLE_SESSION:
            who["sessionContext"]["sessionIssuer"] = {
                "type": "Role",
                "principalId": session.issuer_id,
                "arn": session.issuer_arn,
                "accountId": caller.principal.account or account,
                "userName": session.issuer_name,
            }
        if session.source_identity is not None:
            who["sessionContext"]["sourceIdentity"] = session.source_identity
    if caller.service is not None:
        who["invokedBy"] = caller.service
    return who


_TYPES = {
    PrincipalKind.ROOT: "Root",
    PrincipalKind.USER: "IAMUser",
    PrincipalKind.ROLE: "Role",
    PrincipalKind.ROLE_SESSION: "AssumedRole",
    PrincipalKind.FEDERATED_USER: "FederatedUser",
    PrincipalKind.SERVICE: "AWSService",
    PrincipalKind.FEDERATED: "WebIdentityUser",
}


def _error_code(code: str) -> str:
    # Both spellings occur in CloudTrail; published filters look for "AccessDenied*" (unverified for each service).
    return "AccessDenied" if code == "AccessDeniedException" else code


def _safe(error: Mapping[str, Any], hidden: list[str]) -> str:
    message = str(error.get("Message", ""))
    return HIDDEN_TEXT if any(text in message for text in hidden) else message


def _parsed(call: Call, answer: Answer) -> Mapping[str, Any]:
    model = call.routed.model
    if model is None or (call.service == "lambda" and call.operation == "Invoke"):
        return {}
    headers = {name.lower(): value for name, value in answer.headers}
    response = {"body": answer.body, "headers": headers, "status_code": answer.status}
    try:
        parsed: Mapping[str, Any] = _parser(model.service_model.resolved_protocol).parse(response, model.output_shape)
    except (ResponseParserError, ValueError, KeyError, TypeError, AttributeError):
        return {}
    return parsed


@lru_cache(maxsize=8)
def _parser(protocol: str) -> Any:
    return create_parser(protocol)
