"""Every alert of an environment, the texts that go with them, and what the function that tells them knows. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping

from catalog import derive, names
from catalog.access.secret import readers
from catalog.alerts.alert import Alert
from catalog.alerts.cis import cis_alerts
from catalog.alerts.guards import guard_alerts
from catalog.alerts.record import record_alerts
from catalog.alerts.secrets import secret_alerts
from catalog.environment import Environment
from catalog.model import Catalog

BOOK = "ALERTS.md"
"""The file of the repository that explains every alert; made by catalog/alerts/book.py."""
FUNCTION = "alert"
"""The function that turns an event into a message."""
NAMESPACE = "LlmObservatory/Alerts"
"""Where metric filters count."""


def alerts(environment: Environment, catalog: Catalog) -> tuple[Alert, ...]:
    """All that comes from the record; what our functions count themselves is an alarm beside them. Names are unique."""
    return (
        *secret_alerts(environment, catalog),
        *guard_alerts(environment),
        *record_alerts(environment),
        *cis_alerts(),
    )


def runbook(environment: Environment, alert: Alert) -> str:
    """Where it is written what to do."""
    return f"https://github.com/{environment.repository}/blob/main/{BOOK}#{alert.name}"


def description(environment: Environment, alert: Alert) -> str:
    """What an alarm says of itself; CloudWatch takes 1,024 characters (API_PutMetricAlarm)."""
    return (
        f"{alert.severity.upper()} in {environment.name}: {alert.title}. {alert.to_do} "
        f"Who, when and from where: the trail's log {names.TRAIL_LOG}. Runbook: {runbook(environment, alert)}"
    )


def input_template(environment: Environment, alert: Alert) -> str:
    """What the function gets: the alert's own words, and the event as it is.

    Sources: docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html (aws.events.event.json).
    """
    told = {
        "name": alert.name,
        "title": alert.title,
        "severity": alert.severity.value,
        "to_do": alert.to_do,
        "runbook": runbook(environment, alert),
    }
    return f'{{"alert": {json.dumps(told)}, "event": <aws.events.event.json>}}'


def readers_table(environment: Environment, catalog: Catalog) -> Mapping[str, object]:
    """Which roles may have which value, short enough for a variable: AWS gives all variables of a function 4 KB.

    `of_all` read every secret; `of` maps a secret's whole name to the others. Roles are without `prefix`.
    """
    prefix = names.role_arn(environment, "")
    table = {
        derive.secret_name(environment, secret): {arn.removeprefix(prefix) for arn in readers(environment, secret)}
        for secret in catalog.secrets
    }
    of_all = set.intersection(*table.values())
    return {
        "prefix": prefix,
        "of_all": sorted(of_all),
        "of": {name: sorted(roles - of_all) for name, roles in table.items()},
    }
