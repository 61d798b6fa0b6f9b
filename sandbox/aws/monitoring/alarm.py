"""Whether an alarm is in alarm: datapoints of the last periods against its threshold. Pure.

Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/AlarmThatSendsEmail.html ("Evaluating an alarm",
"Configuring how CloudWatch alarms treat missing data").
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """The states of an alarm."""

    OK = "OK"
    ALARM = "ALARM"
    INSUFFICIENT_DATA = "INSUFFICIENT_DATA"


COMPARISONS: Mapping[str, tuple[str, Callable[[float, float], bool]]] = {
    "GreaterThanOrEqualToThreshold": ("greater than or equal to", operator.ge),
    "GreaterThanThreshold": ("greater than", operator.gt),
    "LessThanThreshold": ("less than", operator.lt),
    "LessThanOrEqualToThreshold": ("less than or equal to", operator.le),
}


@dataclass(frozen=True, kw_only=True)
class Rule:
    """When an alarm is in alarm: `needed` of the last `periods` datapoints breach the threshold.

    `missing` is "missing", "ignore", "breaching" or "notBreaching".
    """

    comparison: str
    threshold: float
    periods: int
    needed: int
    missing: str


def evaluate(rule: Rule, datapoints: Sequence[float | None], before: State) -> tuple[State, str]:
    """The state that follows from the last periods' datapoints, None for one without data, and the reason in words."""
    words, breaches = COMPARISONS[rule.comparison]
    present = [value for value in datapoints if value is not None]
    missing = len(datapoints) - len(present)
    breaching = sum(breaches(value, rule.threshold) for value in present)
    if rule.missing == "breaching":
        breaching += missing
    if breaching >= rule.needed:
        values = ", ".join(str(value) for value in present)
        return State.ALARM, (
            f"Threshold Crossed: {breaching} out of the last {rule.periods} datapoints [{values}] was {words} the "
            f"threshold ({rule.threshold}) (minimum {rule.needed} datapoint for OK -> ALARM transition)."
        )
    if not present and rule.missing == "missing":
        return State.INSUFFICIENT_DATA, "Insufficient Data: no datapoints were received."
    if not present and rule.missing == "ignore":
        return before, "no datapoints were received, and missing data is ignored"
    return State.OK, (
        f"Threshold Crossed: {breaching} of the last {rule.periods} datapoints breach the threshold "
        f"({rule.threshold}), fewer than {rule.needed} (missing data is treated as {rule.missing})."
    )
