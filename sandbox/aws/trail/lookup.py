"""LookupEvents: management events of the last 90 days by one attribute, a page at a time.

Source: https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sandbox.aws.errors import AwsError
from sandbox.aws.trail.history import KEPT_SECONDS, Entry, History
from sandbox.aws.trail.who import username

PAGE = 50
_COLUMNS = {
    "AccessKeyId": "access_key = ?",
    "EventId": "id = ?",
    "EventName": "name = ?",
    "EventSource": "source = ?",
    "ReadOnly": "read_only = ?",
    "ResourceName": "seq IN (SELECT seq FROM resources WHERE name = ?)",
    "ResourceType": "seq IN (SELECT seq FROM resources WHERE type = ?)",
    "Username": "username = ?",
}


def lookup_events(history: History, given: Mapping[str, Any], *, region: str, now: float) -> dict[str, Any]:
    """One page, newest first. AwsError as documented for a wrong attribute, range, page size or token."""
    if given.get("EventCategory"):
        # Insights are the one category that can be asked for, and there are none here.
        if given["EventCategory"] != "insight":
            raise AwsError("InvalidEventCategoryException", f"'{given['EventCategory']}' is no event category.")
        return {"Events": []}
    conditions, values = ["management = 1", "region = ?", "at >= ?"], [region, now - KEPT_SECONDS]
    attribute = _attribute(given)
    if attribute is not None:
        conditions.append(_COLUMNS[attribute[0]])
        values.append(attribute[1])
    start, end = _seconds(given.get("StartTime")), _seconds(given.get("EndTime"))
    if start is not None and end is not None and start > end:
        raise AwsError("InvalidTimeRangeException", "The start time must be before the end time.")
    for bound, comparison in ((start, "at >= ?"), (end, "at < ?")):
        if bound is not None:
            conditions.append(comparison)
            # Events are written with whole seconds, and so is the end: the second it names is included.
            values.append(bound if comparison == "at >= ?" else bound + 1)
    asked = given.get("MaxResults", PAGE)
    if not 1 <= asked <= PAGE:
        raise AwsError("InvalidMaxResultsException", f"MaxResults must be between 1 and {PAGE}, not {asked}.")
    scope = json.dumps([region, attribute, start, end])
    token = given.get("NextToken")
    if token:
        conditions.append("seq < ?")
        values.append(_after(token, scope))
    found = history.find(" AND ".join(conditions), values, asked + 1)
    result: dict[str, Any] = {"Events": [_shown(entry) for entry in found[:asked]]}
    if len(found) > asked:
        result["NextToken"] = base64.b64encode(json.dumps([scope, found[asked - 1].seq]).encode()).decode()
    return result


def _attribute(given: Mapping[str, Any]) -> tuple[str, Any] | None:
    attributes = given.get("LookupAttributes") or []
    if not attributes:
        return None
    if len(attributes) > 1:
        raise AwsError("InvalidLookupAttributesException", "You can specify only one lookup attribute.")
    key, value = attributes[0].get("AttributeKey"), attributes[0].get("AttributeValue")
    if key not in _COLUMNS or not value:
        raise AwsError("InvalidLookupAttributesException", f"'{key}' is no lookup attribute with a value.")
    if key == "ReadOnly":
        if value not in {"true", "false"}:
            raise AwsError("InvalidLookupAttributesException", f"ReadOnly is true or false, not '{value}'.")
        return key, int(value == "true")
    return key, value


def _after(token: str, scope: str) -> int:
    try:
        given, seq = json.loads(base64.b64decode(token, validate=True))
        number = int(seq)
    except (ValueError, TypeError) as exc:
        raise AwsError("InvalidNextTokenException", "The token is not one that was returned.") from exc
    if given != scope:
        raise AwsError("InvalidNextTokenException", "The token is of a request with other parameters.")
    return number


def _seconds(value: Any) -> float | None:
    if isinstance(value, datetime):
        return value.replace(tzinfo=value.tzinfo or UTC).timestamp()
    return None if value is None else float(value)


def _shown(entry: Entry) -> dict[str, Any]:
    event, who = entry.body, entry.body["userIdentity"]
    shown = {
        "EventId": event["eventID"],
        "EventName": event["eventName"],
        "ReadOnly": "true" if event["readOnly"] else "false",
        "EventTime": float(int(entry.at)),
        "EventSource": event["eventSource"],
        "Resources": [{"ResourceType": item.type, "ResourceName": item.name} for item in entry.named],
        "CloudTrailEvent": json.dumps(event),
    }
    optional = {"AccessKeyId": who.get("accessKeyId", ""), "Username": username(who)}
    return shown | {key: value for key, value in optional.items() if value}
