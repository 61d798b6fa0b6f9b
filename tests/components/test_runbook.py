"""Whoever an alarm wakes finds the page that it names."""

import re

import pytest

from catalog import load
from tests.components.recording import programme

LINK = re.compile(r"([\w/]*[A-Z]+\.md)#([\w-]+)")


@pytest.fixture(scope="module")
def descriptions() -> dict[str, str]:
    """What each alarm of prod says of itself."""
    alarms = programme("prod").of("aws:cloudwatch/metricAlarm:MetricAlarm")
    return {name: inputs["alarmDescription"] for name, inputs in alarms.items()}


def headings(path: str) -> set[str]:
    """The anchors of a page, as GitHub makes them of plain names."""
    lines = (load.ROOT / path).read_text(encoding="utf-8").splitlines()
    return {line.lstrip("# ").replace("`", "") for line in lines if line.startswith("#")}


def test_every_alarm_says_what_to_do_and_where_it_is_written(descriptions: dict[str, str]) -> None:
    assert len(descriptions) > 40
    for name, text in descriptions.items():
        links = LINK.findall(text)
        assert links, name
        for path, anchor in links:
            page = "docs/RUNBOOK.md" if path.endswith("RUNBOOK.md") else path.rpartition("main/")[2]
            assert anchor in headings(page), f"{name}: {page} has no heading {anchor}"
        assert len(text) <= 1024  # docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html


def test_a_page_without_the_heading_is_noticed() -> None:
    assert "function-errors" in headings("docs/RUNBOOK.md")
    assert "no-such-alarm" not in headings("docs/RUNBOOK.md")
