"""What PutMetricAlarm and PutCompositeAlarm may ask for here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from moto.cloudwatch.models import CloudWatchBackend

from sandbox.aws.errors import AwsError
from sandbox.aws.monitoring.alarm import COMPARISONS
from sandbox.aws.monitoring.composite import CompositeError, composite
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


def put_composite(backend: CloudWatchBackend, given: Mapping[str, Any]) -> None:
    """Make or change a composite alarm, which moto would fail on.

    Refused: a rule that is none or that looks at an alarm that is not there, and the suppression of actions.
    """
    name, rule = str(given.get("AlarmName")), str(given.get("AlarmRule") or "")
    if given.get("ActionsSuppressor"):
        raise AwsError("ValidationError", f"The local AWS suppresses no actions; alarm '{name}' has ActionsSuppressor.")
    try:
        missing = sorted(composite(rule).names - backend.alarms.keys())
    except CompositeError as exc:
        raise AwsError("ValidationError", f"AlarmRule of '{name}': {exc}") from exc
    if missing or name in composite(rule).names:
        raise AwsError("ValidationError", f"AlarmRule of '{name}' names what it cannot look at: {missing or [name]}")
    unused: Any = None
    backend.put_metric_alarm(
        name=name,
        namespace=unused,
        metric_name=unused,
        comparison_operator=unused,
        evaluation_periods=unused,
        period=unused,
        threshold=unused,
        statistic=unused,
        description=given.get("AlarmDescription") or "",
        dimensions=[],
        alarm_actions=given.get("AlarmActions") or [],
        ok_actions=given.get("OKActions") or [],
        insufficient_data_actions=given.get("InsufficientDataActions") or [],
        actions_enabled=given.get("ActionsEnabled", True),
        rule=rule,
        tags=given.get("Tags") or [],
    )
