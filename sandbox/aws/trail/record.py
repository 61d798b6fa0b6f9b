"""A call and its answer as a CloudTrail event. Pure.

Source: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html. On
AWS an event is there after some minutes; here at once.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl

from botocore.parsers import ResponseParserError, create_parser

from sandbox.aws.exchange import Answer, Call
from sandbox.aws.trail.hidden import shown, texts, told
from sandbox.aws.trail.operations import event_name, is_data, is_read_only
from sandbox.aws.trail.resources import Named, resources_of
from sandbox.aws.trail.who import moment, user_identity

Record = dict[str, Any]
VERSION = "1.11"
# docs.aws.amazon.com/IAM/latest/UserGuide/cloudtrail-integration.html: the new session's key id is in the response.
_TELLS_RESULT = re.compile(r"^(AssumeRole|GetSessionToken|GetFederationToken)")
# A read's answer is looked at for nothing but the ARN of what was named.
_TELLS_ARN = frozenset({"secretsmanager", "kms"})
_REQUEST_ID = re.compile(rb"<RequestI[dD]>([^<]+)</RequestI[dD]>")


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """An event and everything that it is found by. `at` is in seconds since the epoch."""

    event: Record
    at: float
    named: tuple[Named, ...] = ()


def record(call: Call, answer: Answer, *, account: str, at: float) -> Recorded:
    """The event of one call. `at` is in seconds since the epoch."""
    reads, of_data = is_read_only(call.operation), is_data(call.service, call.operation)
    failed = answer.status >= 300 and answer.status != 304
    model = call.routed.model
    tells_result = not failed and not of_data and (not reads or bool(_TELLS_RESULT.match(call.operation)))
    is_parsed = failed or tells_result or (call.service in _TELLS_ARN and not of_data)
    result = _parsed(call, answer) if is_parsed else {}
    parameters = _parameters(call)
    named = resources_of(call.service, call.parameters, {} if failed else result, region=call.region, account=account)
    event: Record = {
        "eventVersion": VERSION,
        "userIdentity": user_identity(call.caller, account),
        "eventTime": moment(at),
        "eventSource": f"{call.service}.amazonaws.com",
        "eventName": event_name(call.service, call.operation),
        "awsRegion": call.region,
        "sourceIPAddress": call.source_ip,
        "userAgent": call.headers.get("user-agent", ""),
    }
    if failed:
        error = result.get("Error", {})
        event["errorCode"] = _error_code(call, str(error.get("Code", answer.status)))
        visible = (*texts(parameters), *texts(event["userIdentity"]), *(item.name for item in named), call.operation)
        event["errorMessage"] = told(str(error.get("Message", "")), _sent(call), visible)
    event |= {
        "requestParameters": parameters,
        "responseElements": shown(result, model.output_shape) if tells_result and model is not None else None,
        "requestID": _request_id(call, answer),
        "eventID": str(uuid.uuid4()),
        "readOnly": reads,
        "resources": _resources(named, account),
        "eventType": "AwsApiCall",
        "managementEvent": not of_data,
        "recipientAccountId": account,
        "eventCategory": "Data" if of_data else "Management",
    }
    return Recorded(event=event, at=at, named=tuple(named))


def service_record(
    *, name: str, source: str, region: str, account: str, at: float, details: Mapping[str, Any], about: Named
) -> Recorded:
    """An event of something that a service did by itself, such as a step of a rotation."""
    event: Record = {
        "eventVersion": VERSION,
        "userIdentity": {"accountId": account, "invokedBy": source},
        "eventTime": moment(at),
        "eventSource": source,
        "eventName": name,
        "awsRegion": region,
        "sourceIPAddress": source,
        "userAgent": source,
        "requestParameters": None,
        "responseElements": None,
        "additionalEventData": dict(details),
        "eventID": str(uuid.uuid4()),
        "readOnly": False,
        "resources": _resources([about], account),
        "eventType": "AwsServiceEvent",
        "managementEvent": True,
        "recipientAccountId": account,
        "eventCategory": "Management",
    }
    return Recorded(event=event, at=at, named=(about,))


def internal_record(
    *,
    name: str,
    source: str,
    region: str,
    account: str,
    at: float,
    identity: Record,
    invoked_by: str,
    parameters: Record,
    response: Record | None,
    about: Named,
) -> Recorded:
    """The event of an API call that a service makes by itself or on a principal's behalf."""
    whole = service_record(name=name, source=source, region=region, account=account, at=at, details={}, about=about)
    event = {key: value for key, value in whole.event.items() if key != "additionalEventData"}
    event |= {
        "userIdentity": identity,
        "sourceIPAddress": invoked_by,
        "userAgent": invoked_by,
        "requestParameters": parameters,
        "responseElements": response,
        "requestID": str(uuid.uuid4()),
        "readOnly": is_read_only(name),
        "eventType": "AwsApiCall",
    }
    return Recorded(event=event, at=at, named=whole.named)


def _parameters(call: Call) -> Any:
    model = call.routed.model
    parameters = shown(call.parameters, model.input_shape) if model is not None else None
    if call.service == "s3" and isinstance(parameters, dict) and "bucket" in parameters:
        return {"bucketName": parameters.pop("bucket"), **parameters}
    return parameters


def _resources(named: list[Named], account: str) -> list[dict[str, str]]:
    return [{"accountId": account, "type": item.type, "ARN": item.name} for item in named if item.is_arn]


def _error_code(call: Call, code: str) -> str:
    # Both spellings occur in CloudTrail; published filters look for "AccessDenied*" (unverified for each service).
    if code == "AccessDeniedException":
        return "AccessDenied"
    if call.service != "iam" or call.routed.model is None:
        return code
    # IAM's codes on the wire are shorter than the names that CloudTrail writes: NoSuchEntity, NoSuchEntityException.
    names = {shape.metadata.get("error", {}).get("code"): shape.name for shape in call.routed.model.error_shapes}
    return str(names.get(code, code))


def _sent(call: Call) -> Iterator[str]:
    """Every text of the request, whether its model knows it or not."""
    yield from texts(call.parameters)
    yield from (value for _, value in parse_qsl(call.query))
    body = call.body.decode("utf-8", "replace")
    if call.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        yield from (value for name, value in parse_qsl(body) if name not in {"Action", "Version"})
        return
    try:
        yield from texts(json.loads(body))
    except ValueError:
        yield body


def _request_id(call: Call, answer: Answer) -> str:
    headers = {name.lower(): value for name, value in answer.headers}
    found = headers.get("x-amzn-requestid") or headers.get("x-amz-request-id")
    if found:
        return found
    inside = _REQUEST_ID.search(answer.body[-500:])
    return inside.group(1).decode("ascii", "replace") if inside else call.id


def _parsed(call: Call, answer: Answer) -> Mapping[str, Any]:
    model = call.routed.model
    if model is None:
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
