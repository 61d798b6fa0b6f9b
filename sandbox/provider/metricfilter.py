"""Amazon CloudWatch Logs: metric filters, which count what lines say, and saved queries."""

from collections.abc import Iterator
from typing import Any

from sandbox.provider.resource import AutoName, Call, Kind, Property, ResourceType, block, flag, text
from sandbox.provider.values import Props
from sandbox.provider.wire import camel, from_aws, to_aws

_TRANSFORMATION = {
    "defaultValue": text(),
    "dimensions": Property(kind=Kind.MAP),
    "name": text(required=True, aws="metricName"),
    "namespace": text(required=True, aws="metricNamespace"),
    "unit": text(default="None"),
    "value": text(required=True, aws="metricValue"),
}


def _put_filter(call: Call) -> str:
    new = call.new
    transformation = to_aws(_TRANSFORMATION, new["metricTransformation"], camel)
    if "defaultValue" in transformation:
        transformation["defaultValue"] = float(transformation["defaultValue"])
    call.client("logs").put_metric_filter(
        filterName=new["name"],
        filterPattern=new["pattern"],
        logGroupName=new["logGroupName"],
        metricTransformations=[transformation],
        **call.given(applyOnTransformedLogs="applyOnTransformedLogs"),
    )
    return str(new["name"])


def _where(call: Call) -> tuple[str, str]:
    """The group and the name; an import has both in its id."""
    group = call.new.get("logGroupName") or call.state.get("logGroupName")
    if group is not None:
        return str(group), call.id.removeprefix(f"{group}:")
    group, _, name = call.id.rpartition(":")
    return group, name


def _read_filter(call: Call) -> Props | None:
    group, name = _where(call)
    pages = call.client("logs").get_paginator("describe_metric_filters")
    found = (
        item
        for page in pages.paginate(logGroupName=group, filterNamePrefix=name)
        for item in page["metricFilters"]
        if item["filterName"] == name
    )
    live = next(found, None)
    if live is None:
        return None
    transformation = from_aws(_TRANSFORMATION, live["metricTransformations"][0], camel)
    if "defaultValue" in transformation:
        transformation["defaultValue"] = _number_text(call, transformation["defaultValue"])
    return {
        "name": name,
        "logGroupName": group,
        "pattern": live["filterPattern"],
        "metricTransformation": transformation,
        "applyOnTransformedLogs": live.get("applyOnTransformedLogs"),
    }


def _number_text(call: Call, live: float) -> str:
    """The number as the program spelled it, where it is the same."""
    given = (call.new.get("metricTransformation") or {}).get("defaultValue")
    return str(given) if given is not None and float(given) == float(live) else f"{float(live):g}"


def _update_filter(call: Call) -> None:
    # AWS replaces a filter that it is given again; moto keeps both, and counts twice.
    _delete_filter(call)
    _put_filter(call)


def _delete_filter(call: Call) -> None:
    group, name = _where(call)
    call.client("logs").delete_metric_filter(logGroupName=group, filterName=name)


METRIC_FILTER = ResourceType(
    type_name="aws:cloudwatch/logMetricFilter:LogMetricFilter",
    inputs={
        "applyOnTransformedLogs": flag(computed=True),
        "logGroupName": text(required=True, replaces=True),
        "metricTransformation": block(_TRANSFORMATION, required=True),
        "name": text(replaces=True, computed=True),
        "pattern": text(required=True),
    },
    outputs=(),
    create=_put_filter,
    read=_read_filter,
    update=_update_filter,
    delete=_delete_filter,
    identity=("logGroupName", "name"),
    autoname=AutoName(prefix=None, max_length=512),
    verified=True,
)


def _create_query(call: Call) -> str:
    return str(call.client("logs").put_query_definition(**_query(call))["queryDefinitionId"])


def _query(call: Call) -> Props:
    return {
        "name": call.new["name"],
        "queryString": call.new["queryString"],
        "logGroupNames": call.new.get("logGroupNames") or [],
    }


def _query_id(call: Call) -> str:
    """An import has the ARN as its id."""
    return call.id.rsplit(":", 1)[-1]


def _queries(logs: Any) -> Iterator[Props]:
    """All of them: they can be looked for by the beginning of their name only, and botocore has no paginator here."""
    page: Props = {}
    while True:
        page = logs.describe_query_definitions(**page)
        yield from page["queryDefinitions"]
        if not page.get("nextToken"):
            return
        page = {"nextToken": page["nextToken"]}


def _read_query(call: Call) -> Props | None:
    query_id = _query_id(call)
    live = next((item for item in _queries(call.client("logs")) if item["queryDefinitionId"] == query_id), None)
    if live is None:
        return None
    aws = call.aws
    return {
        "arn": f"arn:{aws.partition}:logs:{aws.region}:{aws.account}:query-definition:{query_id}",
        "queryDefinitionId": query_id,
        "name": live["name"],
        "queryString": live["queryString"],
        "logGroupNames": live.get("logGroupNames") or [],
    }


def _update_query(call: Call) -> None:
    call.client("logs").put_query_definition(queryDefinitionId=_query_id(call), **_query(call))


def _delete_query(call: Call) -> None:
    call.client("logs").delete_query_definition(queryDefinitionId=_query_id(call))


QUERY_DEFINITION = ResourceType(
    type_name="aws:cloudwatch/queryDefinition:QueryDefinition",
    inputs={
        "logGroupNames": Property(kind=Kind.LIST),
        "name": text(computed=True),
        "queryString": text(required=True),
    },
    outputs=("arn", "queryDefinitionId"),
    create=_create_query,
    read=_read_query,
    update=_update_query,
    delete=_delete_query,
    autoname=AutoName(prefix=None, max_length=255),
    verified=True,
)

TYPES = (METRIC_FILTER, QUERY_DEFINITION)
