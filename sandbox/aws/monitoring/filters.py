"""Metric filters: every event that reaches a log group is matched, and counts.

Source: https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_MetricTransformation.html.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from moto.logs import models as logs
from moto.logs.models import LogsBackend, LogStream, logs_backends

from sandbox.aws.monitoring.metrics import Metric, Metrics
from sandbox.aws.monitoring.pattern import compiled, field
from sandbox.aws.monitoring.pattern_error import PatternError

_log = logging.getLogger(__name__)
_PATTERN = "sandbox_pattern"


def install_metric_filters(metrics: Metrics) -> None:
    """Watch moto's log streams for the life of the process."""
    original = LogStream.put_log_events

    def put_log_events(stream: Any, log_events: list[dict[str, Any]]) -> str:
        token = original(stream, log_events)
        group = stream.log_group
        backend = logs_backends[group.account_id][group.region]
        apply_filters(backend, metrics, group=group.name, region=group.region, events=log_events)
        return token

    LogStream.put_log_events = put_log_events  # type: ignore[method-assign, assignment]
    # moto's own matcher, of FilterLogEvents for one, lets every event through that it has no syntax for.
    vars(logs)["EventMessageFilter"] = _Matching


class _Matching:
    """One pattern, with the interface of moto's own matcher; patterns are checked where they are given."""

    def __init__(self, pattern: str | None) -> None:
        self._test = compiled(pattern or "")

    def matches(self, message: str) -> bool:
        return self._test(message)


def apply_filters(
    backend: LogsBackend, metrics: Metrics, *, group: str, region: str, events: Sequence[Mapping[str, Any]]
) -> None:
    """Put what the group's filters make of the events; `timestamp` of an event is in milliseconds."""
    for found in backend.filters.get_matching_filters(log_group_name=group):
        try:
            matches = compiled(found["filterPattern"] or "")
        except PatternError as exc:
            _log.warning("metric filter %s counts nothing: %s", found["filterName"], exc)
            continue
        for transformation in found["metricTransformations"]:
            for event in events:
                told = {**transformation, _PATTERN: found["filterPattern"] or ""}
                _count(metrics, told, event, region=region, matched=matches(event["message"]))


def _count(
    metrics: Metrics, transformation: Mapping[str, Any], event: Mapping[str, Any], *, region: str, matched: bool
) -> None:
    text = event["message"]
    pattern = transformation[_PATTERN]
    selectors: Mapping[str, str] = transformation.get("dimensions") or {}
    dimensions = {name: field(text, selector, pattern) for name, selector in selectors.items()}
    if any(value is None for value in dimensions.values()):
        return
    value = _value(transformation, text) if matched else transformation.get("defaultValue")
    if value is None:
        return
    metric = Metric(
        region=region,
        namespace=transformation["metricNamespace"],
        name=transformation["metricName"],
        dimensions={name: str(value) for name, value in dimensions.items()},
    )
    metrics.put(metric, float(value), unit=transformation.get("unit", "None"), at=event["timestamp"] / 1000)


def _value(transformation: Mapping[str, Any], text: str) -> float | None:
    wanted = str(transformation["metricValue"])
    found = field(text, wanted, transformation[_PATTERN]) if wanted.startswith("$") else wanted
    try:
        return float(found)
    except (TypeError, ValueError):
        return None
