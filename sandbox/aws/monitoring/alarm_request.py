"""What PutMetricAlarm may ask for here. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.aws.errors import AwsError
from sandbox.aws.monitoring.alarm import COMPARISONS
from sandbox.aws.monitoring.metrics import MINUTE, STATISTICS


def check_alarm(given: Mapping[str, Any]) -> None:
    """Refuse an alarm that is none, or one that the local AWS cannot evaluate: percentiles, metric math, anomaly bands.

    Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html.
    """
    name = given.get("AlarmName")
    if given.get("Metrics"):
        raise AwsError("ValidationError", f"The local AWS evaluates no metric math; alarm '{name}' needs one metric.")
    if given.get("ExtendedStatistic") or given.get("Statistic") not in STATISTICS:
        raise AwsError("ValidationError", f"Alarm '{name}' needs a Statistic, one of {', '.join(STATISTICS)}.")
    if given.get("ComparisonOperator") not in COMPARISONS or given.get("Threshold") is None:
        raise AwsError(
            "ValidationError",
            f"Alarm '{name}' needs a Threshold and one of {', '.join(COMPARISONS)}, no anomaly band.",
        )
    period, periods = given.get("Period") or 0, given.get("EvaluationPeriods") or 0
    if period < MINUTE or period % MINUTE or periods < 1:
        raise AwsError("ValidationError", f"Alarm '{name}' needs a Period of whole minutes and EvaluationPeriods.")
    if not 1 <= (given.get("DatapointsToAlarm") or periods) <= periods:
        raise AwsError("ValidationError", "DatapointsToAlarm must be between 1 and EvaluationPeriods.")
