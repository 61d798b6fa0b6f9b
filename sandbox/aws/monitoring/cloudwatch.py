"""CloudWatch on the wire: metrics are answered here, alarms are moto's once they are ones that can be evaluated.

Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/Welcome.html.
"""

from __future__ import annotations

import itertools
import re
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from moto.cloudwatch.models import Alarm, cloudwatch_backends
from moto.core.serialize import SerializationContext, get_serializer_class

from sandbox.aws.errors import AwsError
from sandbox.aws.exchange import Answer, Call
from sandbox.aws.memory.memory import Memory
from sandbox.aws.monitoring.alarm import State
from sandbox.aws.monitoring.alarm_request import check_alarm, put_composite
from sandbox.aws.monitoring.alarms import Alarms
from sandbox.aws.monitoring.metrics import MINUTE, STATISTICS, Metric, Metrics, Statistics
from sandbox.aws.monitoring.pattern import compiled
from sandbox.aws.monitoring.pattern_error import PatternError
from sandbox.aws.wire import refused

_NAME = re.compile(r"^[^:]{1,255}$")


class CloudWatch:
    """Answers what moto's CloudWatch and logs would get wrong; None for the rest."""

    def __init__(self, metrics: Metrics, *, account: str, memory: Memory, alarms: Alarms) -> None:
        """`metrics` is what alarms are evaluated from."""
        self._alarms = alarms
        self._metrics = metrics
        self._account = account
        self._memory = memory

    def answer(self, call: Call) -> Answer | None:
        """Answer a call to CloudWatch; None leaves it to moto."""
        operations: dict[str, Callable[[Call], Mapping[str, Any]]] = {
            "PutMetricData": self._put,
            "GetMetricStatistics": self._statistics,
            "GetMetricData": self._data,
            "ListMetrics": self._list,
            "DescribeAlarmHistory": self._history,
            "SetAlarmState": self._set_state,
            "PutCompositeAlarm": self._put_composite,
        }
        try:
            if call.operation == "PutMetricAlarm":
                check_alarm(call.parameters)
            operation = operations.get(call.operation)
            return None if operation is None else _serialized(call, operation(call))
        except AwsError as error:
            return refused(call, error)

    def check_filter(self, call: Call) -> Answer | None:
        """Refuse a metric filter whose pattern is none, which moto takes; None leaves the call to moto."""
        try:
            if call.operation in {"PutMetricFilter", "FilterLogEvents", "TestMetricFilter"}:
                compiled(str(call.parameters.get("filterPattern") or ""))
        except PatternError as exc:
            return refused(call, AwsError("InvalidParameterException", f"Invalid metric filter pattern: {exc}"))
        return None

    def _put(self, call: Call) -> Mapping[str, Any]:
        namespace = str(call.parameters.get("Namespace", ""))
        if not _NAME.match(namespace) or namespace.startswith("AWS/"):
            raise AwsError("InvalidParameterValue", f"The value '{namespace}' for parameter Namespace is invalid.")
        for datum in call.parameters.get("MetricData") or ():
            metric = Metric(
                region=call.region,
                namespace=namespace,
                name=datum["MetricName"],
                dimensions=_dimensions(datum.get("Dimensions")),
            )
            at, unit = _seconds(datum.get("Timestamp")), datum.get("Unit", "None")
            given = datum.get("StatisticValues")
            if given is not None:
                statistics = Statistics(
                    start=int(at),
                    count=given["SampleCount"],
                    sum=given["Sum"],
                    min=given["Minimum"],
                    max=given["Maximum"],
                )
                self._metrics.put_statistics(metric, statistics, unit=unit)
            elif datum.get("Values"):
                counts = datum.get("Counts") or [1.0] * len(datum["Values"])
                for value, count in zip(datum["Values"], counts, strict=True):
                    self._metrics.put(metric, value, unit=unit, at=at, count=count)
            elif datum.get("Value") is not None:
                self._metrics.put(metric, datum["Value"], unit=unit, at=at)
            else:
                raise AwsError("MissingParameter", f"Metric {metric.name} has no value, values or statistics.")
        return {}

    def _statistics(self, call: Call) -> Mapping[str, Any]:
        given = call.parameters
        if given.get("ExtendedStatistics"):
            raise AwsError("InvalidParameterValue", "The local AWS keeps no percentiles; ask for Statistics.")
        metric = Metric(
            region=call.region,
            namespace=given["Namespace"],
            name=given["MetricName"],
            dimensions=_dimensions(given.get("Dimensions")),
        )
        found = self._metrics.query(
            metric, _seconds(given["StartTime"]), _seconds(given["EndTime"]), _period(given["Period"])
        )
        names = given.get("Statistics") or STATISTICS
        points = [
            {"Timestamp": _moment(one.start), "Unit": "None", **{n: one.value(n) for n in names}} for one in found
        ]
        return {"Label": metric.name, "Datapoints": points}

    def _data(self, call: Call) -> Mapping[str, Any]:
        start, end = _seconds(call.parameters["StartTime"]), _seconds(call.parameters["EndTime"])
        results = []
        for query in call.parameters.get("MetricDataQueries") or ():
            stat = query.get("MetricStat")
            if stat is None or stat["Stat"] not in STATISTICS:
                raise AwsError(
                    "ValidationError",
                    f"The local AWS evaluates no expressions or percentiles; query '{query['Id']}' needs a MetricStat "
                    f"with one of {', '.join(STATISTICS)}.",
                )
            metric = Metric(
                region=call.region,
                namespace=stat["Metric"]["Namespace"],
                name=stat["Metric"]["MetricName"],
                dimensions=_dimensions(stat["Metric"].get("Dimensions")),
            )
            found = self._metrics.query(metric, start, end, _period(stat["Period"]))
            if call.parameters.get("ScanBy", "TimestampDescending") == "TimestampDescending":
                found = found[::-1]
            results.append(
                {
                    "Id": query["Id"],
                    "Label": query.get("Label") or metric.name,
                    "Timestamps": [_moment(one.start) for one in found],
                    "Values": [one.value(stat["Stat"]) for one in found],
                    "StatusCode": "Complete",
                }
            )
        return {"MetricDataResults": results, "Messages": []}

    def _history(self, call: Call) -> Mapping[str, Any]:
        wanted = call.parameters.get("AlarmName")
        with self._memory.read():
            alarms = list(cloudwatch_backends[self._account][call.region].alarms.values())
        items: list[dict[str, Any]] = [
            {
                "AlarmName": alarm.name,
                "AlarmType": "MetricAlarm",
                "Timestamp": at,
                "HistoryItemType": "StateUpdate",
                "HistorySummary": f"Alarm updated from {before} to {after}",
            }
            for alarm in alarms
            if wanted in {None, alarm.name}
            for before, after, at in _changes(alarm)
        ]
        items.sort(key=lambda item: item["Timestamp"], reverse=True)
        return {"AlarmHistoryItems": items[: call.parameters.get("MaxRecords") or 100]}

    def _set_state(self, call: Call) -> Mapping[str, Any]:
        given = call.parameters
        if given["StateValue"] not in set(State):
            raise AwsError("ValidationError", f"'{given['StateValue']}' is none of {', '.join(State)}.")
        data = given.get("StateReasonData")
        self._alarms.force(call.region, given["AlarmName"], State(given["StateValue"]), given["StateReason"], data)
        return {}

    def _put_composite(self, call: Call) -> Mapping[str, Any]:
        with self._memory.change():
            put_composite(cloudwatch_backends[self._account][call.region], call.parameters)
        self._alarms.background.wake()
        return {}

    def _list(self, call: Call) -> Mapping[str, Any]:
        given = call.parameters
        wanted = [(item["Name"], item.get("Value")) for item in given.get("Dimensions") or ()]
        found = [
            {
                "Namespace": metric.namespace,
                "MetricName": metric.name,
                "Dimensions": [{"Name": name, "Value": value} for name, value in metric.dimensions.items()],
            }
            for metric, _unit in self._metrics.known(call.region)
            if given.get("Namespace") in {None, metric.namespace}
            and given.get("MetricName") in {None, metric.name}
            and all(name in metric.dimensions and value in {None, metric.dimensions[name]} for name, value in wanted)
        ]
        return {"Metrics": found}


def _changes(alarm: Alarm) -> Iterator[tuple[str, str, datetime]]:
    # moto keeps what an alarm was before each change; what it became is the next one's "before".
    states = [(state, at) for _kind, _reason, _data, state, at in alarm.history]
    states.append((alarm.state_value, alarm.state_updated_timestamp))
    for (before, _), (after, at) in itertools.pairwise(states):
        yield before, after, at


def _period(given: Any) -> int:
    if int(given) < MINUTE or int(given) % MINUTE:
        raise AwsError("InvalidParameterValue", f"Period must be a multiple of 60 seconds here, not {given}.")
    return int(given)


def _dimensions(given: Any) -> dict[str, str]:
    return {item["Name"]: item["Value"] for item in given or ()}


def _seconds(value: Any) -> float:
    if value is None:
        return time.time()
    return value.replace(tzinfo=value.tzinfo or UTC).timestamp() if isinstance(value, datetime) else float(value)


def _moment(at: float) -> datetime:
    return datetime.fromtimestamp(at, UTC).replace(tzinfo=None)


def _serialized(call: Call, result: Mapping[str, Any]) -> Answer:
    model = call.routed.model
    assert model is not None
    protocol = "json" if "x-amz-target" in call.headers else "query"
    made = get_serializer_class("cloudwatch", protocol)(model, SerializationContext(call.id)).serialize(dict(result))
    body = made["body"]
    return Answer(
        status=made["status_code"],
        body=body.encode() if isinstance(body, str) else body,
        headers=tuple(made["headers"].items()),
    )
