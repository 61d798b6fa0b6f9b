"""Alarms: M of N datapoints, and what missing ones mean."""

import pytest

from sandbox.aws.monitoring.alarm import Rule, State, evaluate


def _rule(**changed: object) -> Rule:
    settings = {
        "comparison": "GreaterThanThreshold",
        "threshold": 10.0,
        "periods": 3,
        "needed": 2,
        "missing": "missing",
    }
    return Rule(**{**settings, **changed})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("datapoints", "state"),
    [
        ([11.0, 11.0, 0.0], State.ALARM),
        ([11.0, 0.0, 0.0], State.OK),
        ([10.0, 10.0, 10.0], State.OK),
        ([11.0, None, 11.0], State.ALARM),
        ([None, None, None], State.INSUFFICIENT_DATA),
        ([None, None, 11.0], State.OK),
    ],
)
def test_m_of_n_datapoints_decide(datapoints: list[float | None], state: State) -> None:
    assert evaluate(_rule(), datapoints, State.OK)[0] is state


@pytest.mark.parametrize(
    ("missing", "before", "state"),
    [
        ("missing", State.OK, State.INSUFFICIENT_DATA),
        ("ignore", State.ALARM, State.ALARM),
        ("ignore", State.OK, State.OK),
        ("breaching", State.OK, State.ALARM),
        ("notBreaching", State.ALARM, State.OK),
    ],
)
def test_missing_data_is_treated_as_the_alarm_says(missing: str, before: State, state: State) -> None:
    assert evaluate(_rule(missing=missing), [None, None, None], before)[0] is state


@pytest.mark.parametrize(
    ("comparison", "breaching"),
    [
        ("GreaterThanThreshold", [11.0]),
        ("GreaterThanOrEqualToThreshold", [10.0, 11.0]),
        ("LessThanThreshold", [9.0]),
        ("LessThanOrEqualToThreshold", [9.0, 10.0]),
    ],
)
def test_each_comparison_breaches_on_its_side(comparison: str, breaching: list[float]) -> None:
    rule = _rule(comparison=comparison, periods=1, needed=1)
    found = [value for value in (9.0, 10.0, 11.0) if evaluate(rule, [value], State.OK)[0] is State.ALARM]
    assert found == breaching
