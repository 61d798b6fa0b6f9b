"""Renders ALERTS.md: every alert, and what whoever is told does about it. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from catalog.alerts.alert import Alert, OnEvent
from catalog.alerts.alerts import alerts
from catalog.environment import Environment
from catalog.model import Catalog


def markdown(catalog: Catalog, environment: Environment) -> str:
    """A heading for each alert, which its messages link to. Texts and controls are the same in every environment."""
    found = alerts(environment, catalog)
    return "\n".join([*_head(found), *(line for alert in found for line in _section(alert))]) + "\n"


def _head(found: Sequence[Alert]) -> Iterator[str]:
    by_rule = sum(isinstance(alert.detection, OnEvent) for alert in found)
    yield from (
        "# Alerts",
        "",
        "Made from catalog/alerts/ by `make docs`; do not edit.",
        "",
        f"{len(found)} alerts come from CloudTrail: {by_rule} by rules of EventBridge, which say who did what,",
        f"and {len(found) - by_rule} by metric filters on the trail's log, which count and see every region.",
        "Beside them are the alarms of the functions, of the daily watch and of the backup, which say what to do.",
        "",
        "A message of a rule says what was done, to what, by whom, from where and when. An alarm says that it went",
        "off: who it was is in the trail's log, and the saved queries find it.",
        "",
        "| alert | severity | controls |",
        "|---|---|---|",
    )
    for alert in found:
        yield f"| [{alert.title}](#{alert.name}) | {alert.severity} | {', '.join(alert.stands_for) or '–'} |"


def _section(alert: Alert) -> Iterator[str]:
    yield from ("", f"## {alert.name}", "", f"{alert.title}. Severity: {alert.severity}.", "")
    yield from (f"**What to do.** {alert.to_do}", "", f"**How it is noticed.** By {_route(alert)}.")
    if alert.stands_for:
        yield from ("", f"**Stands for.** {', '.join(alert.stands_for)}.")


def _route(alert: Alert) -> str:
    detection = alert.detection
    if isinstance(detection, OnEvent):
        reads = ", read-only calls included" if detection.reads else ""
        return f"{alert.why_so}{reads}"
    times = "once" if detection.threshold == 1 else f"{detection.threshold} times"
    return f"{alert.why_so}; it goes off when it matches {times} within {detection.seconds} s"
