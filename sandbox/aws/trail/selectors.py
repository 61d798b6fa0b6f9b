"""Which events a trail wants: its event selectors, basic or advanced. Pure.

Sources: https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_EventSelector.html,
API_AdvancedFieldSelector.html and userguide/cloudtrail-concepts.html (global service events).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sandbox.aws.trail.record import Record

# A regional endpoint of STS is recorded where it is: only its events of us-east-1 may be of the global one.
_GLOBAL = frozenset({"iam.amazonaws.com", "sts.amazonaws.com", "cloudfront.amazonaws.com", "route53.amazonaws.com"})
_GLOBAL_REGION = "us-east-1"
_MANAGEMENT: Mapping[str, Any] = {"ReadWriteType": "All", "IncludeManagementEvents": True}


def in_reach(event: Record, *, home: str, is_multi_region: bool, with_global: bool) -> bool:
    """Whether the event happened where the trail looks."""
    if event["eventSource"] in _GLOBAL and event["awsRegion"] == _GLOBAL_REGION:
        return with_global and (is_multi_region or home == _GLOBAL_REGION)
    return is_multi_region or bool(event["awsRegion"] == home)


def wanted(event: Record, selectors: Sequence[Mapping[str, Any]], advanced: Sequence[Mapping[str, Any]]) -> bool:
    """Whether some selector takes the event; without any, all management events are taken.

    The ones put last are in force: moto empties the basic ones when advanced ones are put, not the other way round.
    """
    if advanced and not selectors:
        return any(_takes(event, selector.get("FieldSelectors", ())) for selector in advanced)
    return any(_wants(event, selector) for selector in selectors or (_MANAGEMENT,))


def _wants(event: Record, selector: Mapping[str, Any]) -> bool:
    kinds = selector.get("ReadWriteType", "All")
    if kinds != "All" and (kinds == "ReadOnly") != event["readOnly"]:
        return False
    if event["managementEvent"]:
        excluded = selector.get("ExcludeManagementEventSources") or ()
        return bool(selector.get("IncludeManagementEvents", True)) and event["eventSource"] not in excluded
    return any(
        _covers(value, item["ARN"])
        for data in selector.get("DataResources") or ()
        for value in data.get("Values") or ()
        for item in event["resources"]
        if data.get("Type") == item["type"]
    )


def _covers(value: str, arn: str) -> bool:
    # Source: API_DataResource.html. "arn:aws:s3" and "arn:aws:lambda" are all of the account, "…:bucket/" all of a
    # bucket, "…:bucket/prefix" what begins so; a function or a table is named whole.
    if value.rstrip("/:") in {"arn:aws:s3", "arn:aws:s3::", "arn:aws:lambda", "arn:aws:dynamodb"}:
        return True
    return arn.startswith(value) if value.startswith("arn:aws:s3:::") else arn == value


def _takes(event: Record, fields: Sequence[Mapping[str, Any]]) -> bool:
    return bool(fields) and all(_meets(_values(event, field["Field"]), field) for field in fields)


def _meets(values: Sequence[str], field: Mapping[str, Any]) -> bool:
    def any_of(test: Any, wanted_values: Sequence[str]) -> bool:
        return any(test(value, one) for value in values for one in wanted_values)

    checks = (
        ("Equals", lambda value, one: value == one, True),
        ("StartsWith", str.startswith, True),
        ("EndsWith", str.endswith, True),
        ("NotEquals", lambda value, one: value == one, False),
        ("NotStartsWith", str.startswith, False),
        ("NotEndsWith", str.endswith, False),
    )
    return all(any_of(test, field[name]) is expected for name, test, expected in checks if field.get(name))


def _values(event: Record, field: str) -> list[str]:
    match field:
        case "resources.type":
            return [item["type"] for item in event["resources"]]
        case "resources.ARN":
            return [item["ARN"] for item in event["resources"]]
        case "readOnly":
            return ["true" if event["readOnly"] else "false"]
        case "userIdentity.arn":
            return [str(event["userIdentity"]["arn"])] if "arn" in event["userIdentity"] else []
        case _:
            return [str(event[field])] if field in event else []
