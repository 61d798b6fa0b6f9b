"""The dashboard shows every secret against its limit, rotations, failures, reads and alarms, and fits on its grid."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog import load, names
from catalog.dashboard import MOST_ALARMS, WIDTH, dashboard_body
from components.aws.dashboard import SecretsDashboard, SecretsDashboardArgs, alarms
from components.aws.environment import SecretsEnvironment, SecretsEnvironmentArgs
from tests.components.recording import record
from tests.components.scheduled import CATALOG

STAGING = load.environment("staging")


def body(shown: list[str] | None = None) -> list[dict[str, Any]]:
    given = alarms(STAGING, CATALOG) if shown is None else shown
    widgets = json.loads(json.dumps(dashboard_body(STAGING, CATALOG, given)))["widgets"]
    assert isinstance(widgets, list)
    return widgets


def titled(title: str) -> dict[str, Any]:
    (found,) = [widget["properties"] for widget in body() if widget["properties"]["title"] == title]
    assert isinstance(found, dict)
    return found


@pytest.mark.parametrize("name", ["staging", "prod"])
def test_the_program_places_it_as_it_is(name: str) -> None:
    environment = load.environment(name)
    args = SecretsDashboardArgs(environment=environment, catalog=CATALOG)
    recorded = record(lambda: SecretsDashboard("dashboard", args), stack=name)
    (placed,) = recorded.of("aws:cloudwatch/dashboard:Dashboard").values()
    assert placed["dashboardName"] == f"llm-observatory-{name}-secrets"
    assert json.loads(placed["dashboardBody"]) == dashboard_body(environment, CATALOG, alarms(environment, CATALOG))


def test_every_secret_is_drawn_against_its_limit() -> None:
    ages = titled("Age against limit")
    assert [metric[:2] for metric in ages["metrics"]] == [["LlmObservatory/Secrets", "AgeOfLimit"]] * len(
        CATALOG.secrets
    )
    assert {metric[5] for metric in ages["metrics"]} == CATALOG.by_name.keys()
    assert ages["annotations"]["horizontal"][0]["value"] == 1


def test_every_count_that_the_functions_publish_is_shown() -> None:
    shown = {metric[1] for metric in titled("Secrets today")["metrics"]}
    published = {"Overdue", "Missing", "Foreign", "WithoutValue", "Watched", "BackupAgeHours", "BackupIncomplete"}
    assert shown == published


def test_errors_of_every_rotation_function_are_drawn() -> None:
    functions = {metric[3] for metric in titled("Failed steps of rotations")["metrics"]}
    assert functions == {names.named(STAGING, names.rotator(target)) for target in CATALOG.targets}


@pytest.mark.parametrize(
    ("title", "asked"),
    [
        ("Rotations", "RotationSucceeded"),
        ("Values read, by principal", "not ispresent(errorCode)"),
        ("Reads refused, by principal", "and ispresent(errorCode)"),
    ],
)
def test_the_record_is_asked_for_rotations_and_reads(title: str, asked: str) -> None:
    query = titled(title)["query"]
    assert query.startswith(f"SOURCE '{names.TRAIL_LOG}' | filter eventSource = \"secretsmanager.amazonaws.com\"")
    assert asked in query


@pytest.mark.parametrize("name", ["staging", "prod"])
def test_every_alarm_of_the_programme_is_shown_by_its_arn_and_none_that_is_not_there(name: str) -> None:
    environment = load.environment(name)
    args = SecretsEnvironmentArgs(environment=environment, catalog=CATALOG)
    declared = record(lambda: SecretsEnvironment(name, args), stack=name)
    names_of_alarms = {inputs["name"] for inputs in declared.of("aws:cloudwatch/metricAlarm:MetricAlarm").values()}
    prefix = f"arn:aws:cloudwatch:{environment.region}:{environment.account}:alarm:"
    shown = dashboard_body(environment, CATALOG, alarms(environment, CATALOG))
    (arns,) = [w["properties"]["alarms"] for w in json.loads(json.dumps(shown))["widgets"] if w["type"] == "alarm"]
    assert set(arns) == {prefix + alarm for alarm in names_of_alarms}


@given(st.integers(0, 350))
def test_widgets_fill_the_grid_without_overlap_and_no_alarm_is_left_out(count: int) -> None:
    widgets = body([f"a{number}" for number in range(count)])
    cells = [
        (x, y)
        for widget in widgets
        for x in range(widget["x"], widget["x"] + widget["width"])
        for y in range(widget["y"], widget["y"] + widget["height"])
    ]
    assert len(cells) == len(set(cells))
    assert all(0 <= x < WIDTH for x, _ in cells)
    boxes = [widget["properties"]["alarms"] for widget in widgets if widget["type"] == "alarm"]
    assert all(1 <= len(box) <= MOST_ALARMS for box in boxes)
    assert sum(map(len, boxes)) == count
