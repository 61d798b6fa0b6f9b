"""Amazon CloudWatch: alarms on a metric, and what every alarm has."""

from collections.abc import Iterator, Mapping
from typing import Any

from sandbox.provider.naming import tag_changes, tag_list, tag_map
from sandbox.provider.resource import (
    TAGS,
    AutoName,
    Call,
    Failure,
    Kind,
    Property,
    ResourceType,
    block,
    blocks,
    flag,
    number,
    strings,
    text,
)
from sandbox.provider.values import Props
from sandbox.provider.wire import from_aws, to_aws

ACTIONS: Mapping[str, Property] = {
    "alarmActions": strings(),
    "alarmDescription": text(),
    "insufficientDataActions": strings(),
    "okActions": strings(aws="OKActions"),
}
_SINGLE: Mapping[str, Property] = {
    "metricName": text(),
    "namespace": text(),
    "period": number(),
    "statistic": text(),
    "unit": text(),
    "extendedStatistic": text(),
}
_ALARM: Mapping[str, Property] = {
    **ACTIONS,
    **_SINGLE,
    "actionsEnabled": flag(default=True),
    "comparisonOperator": text(required=True),
    "datapointsToAlarm": number(computed=True),
    "evaluateLowSampleCountPercentiles": text(aws="EvaluateLowSampleCountPercentile", computed=True),
    "evaluationPeriods": number(required=True),
    "threshold": number(),
    "thresholdMetricId": text(),
    "treatMissingData": text(default="missing"),
}
_STAT = {
    "dimensions": Property(kind=Kind.MAP),
    "metricName": text(required=True),
    "namespace": text(),
    "period": number(required=True),
    "stat": text(required=True),
    "unit": text(),
}
_QUERY = {
    "accountId": text(),
    "expression": text(),
    "id": text(required=True),
    "label": text(),
    "metric": block(_STAT),
    "period": number(),
    "returnData": flag(default=False),
}


def _dimensions(given: Props | None) -> list[Props]:
    return [{"Name": name, "Value": value} for name, value in sorted((given or {}).items())]


def _query_to_aws(query: Props) -> Props:
    made = to_aws({name: prop for name, prop in _QUERY.items() if name != "metric"}, query)
    stat = query.get("metric")
    if not stat:
        return made
    metric = to_aws({name: _STAT[name] for name in ("metricName", "namespace")}, stat)
    measured = to_aws({name: _STAT[name] for name in ("period", "stat", "unit")}, stat)
    return {
        **made,
        "MetricStat": {"Metric": {**metric, "Dimensions": _dimensions(stat.get("dimensions"))}, **measured},
    }


def _query_from_aws(query: Props) -> Props:
    live = from_aws(_QUERY, query)
    stat = query.get("MetricStat")
    if not stat:
        return live
    flat = {**stat["Metric"], **stat, "Dimensions": tag_map(stat["Metric"].get("Dimensions"), "Name")}
    return {**live, "metric": from_aws(_STAT, flat)}


def _put_alarm(call: Call, **more: Any) -> None:
    new = call.new
    queries = [_query_to_aws(query) for query in new.get("metricQueries") or []]
    call.client("cloudwatch").put_metric_alarm(
        AlarmName=new["name"],
        **to_aws(_ALARM, new),
        **({"Dimensions": _dimensions(new["dimensions"])} if new.get("dimensions") else {}),
        **({"Metrics": queries} if queries else {}),
        **more,
    )


def _create_alarm(call: Call) -> str:
    _put_alarm(call, Tags=tag_list(call.new.get("tags")))
    return str(call.new["name"])


def described(call: Call, kind: str) -> Props | None:
    """The alarm of `kind` as AWS holds it, or nothing."""
    answer = call.client("cloudwatch").describe_alarms(AlarmNames=[call.id], AlarmTypes=[kind])
    return next(iter(answer.get(f"{kind}s") or []), None)


def _read_alarm(call: Call) -> Props | None:
    live = described(call, "MetricAlarm")
    if live is None:
        return None
    return {
        **from_aws(_ALARM, live),
        "arn": live["AlarmArn"],
        "name": live["AlarmName"],
        "dimensions": tag_map(live.get("Dimensions"), "Name"),
        "metricQueries": [_query_from_aws(query) for query in live.get("Metrics") or []],
        "tags": tags_of(call, live["AlarmArn"]),
    }


def tags_of(call: Call, arn: str) -> Props:
    """The tags of an alarm."""
    return tag_map(call.client("cloudwatch").list_tags_for_resource(ResourceARN=arn).get("Tags"))


def update_tags(call: Call) -> None:
    """Write what an update changes of an alarm's tags."""
    removed, added = tag_changes(call)
    if removed:
        call.client("cloudwatch").untag_resource(ResourceARN=call.state["arn"], TagKeys=removed)
    if added:
        call.client("cloudwatch").tag_resource(ResourceARN=call.state["arn"], Tags=tag_list(added))


def _update_alarm(call: Call) -> None:
    if call.changed(*_ALARM, "dimensions", "metricQueries"):
        _put_alarm(call)
    update_tags(call)


def delete_alarm(call: Call) -> None:
    """Delete an alarm of either kind."""
    call.client("cloudwatch").delete_alarms(AlarmNames=[call.id])


def _alarm_rules(inputs: Props) -> Iterator[Failure]:
    single = sorted(name for name in ("metricName", "statistic", "extendedStatistic", "period") if name in inputs)
    if "metricQueries" in inputs and single:
        yield "metricQueries", f"'metricQueries' and '{single[0]}' exclude each other; give one"
    if "metricQueries" not in inputs and "metricName" not in inputs:
        yield "metricName", "an alarm watches something; give 'metricName' or 'metricQueries'"
    if ("threshold" in inputs) == ("thresholdMetricId" in inputs):
        yield "threshold", "an alarm has one threshold; give 'threshold', or 'thresholdMetricId' for an anomaly band"


METRIC_ALARM = ResourceType(
    type_name="aws:cloudwatch/metricAlarm:MetricAlarm",
    inputs={
        **_ALARM,
        "dimensions": Property(kind=Kind.MAP),
        "metricQueries": blocks(_QUERY),
        "name": text(replaces=True, computed=True),
        "tags": TAGS,
    },
    create=_create_alarm,
    read=_read_alarm,
    update=_update_alarm,
    delete=delete_alarm,
    rules=_alarm_rules,
    identity=("name",),
    autoname=AutoName(prefix=None, max_length=255),
    verified=True,
)

TYPES = (METRIC_ALARM,)
