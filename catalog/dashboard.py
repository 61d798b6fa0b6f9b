"""The dashboard of an environment: ages against limits, rotations, failures, reads by principal, alarms. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from catalog import names
from catalog.access.metric import NAMESPACE
from catalog.environment import Environment
from catalog.model import Catalog

WIDTH = 24  # columns of a dashboard
MOST_ALARMS = 100  # of one widget
DAY_SECONDS = 24 * 3600
Widget = dict[str, object]

_SECRETS_MANAGER = 'filter eventSource = "secretsmanager.amazonaws.com"'
_READS = 'eventName in ["GetSecretValue", "BatchGetSecretValue"]'
_PRINCIPAL = "coalesce(userIdentity.sessionContext.sessionIssuer.userName, userIdentity.arn, userIdentity.invokedBy)"
# Events of the service itself: docs.aws.amazon.com/secretsmanager/latest/userguide/cloudtrail_log_entries.html
_ENDS = ("RotationSucceeded", "RotationFailed", "RotationAbandoned")


def dashboard_name(environment: Environment) -> str:
    """What the dashboard is called."""
    return names.named(environment, "secrets")


def dashboard_body(environment: Environment, catalog: Catalog, alarms: Sequence[str]) -> dict[str, object]:
    """The body as CloudWatch takes it; `alarms` are the short names of alarms that it shows the state of.

    Source: docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html
    """
    rows = [
        [_alarms(environment, alarms[first : first + MOST_ALARMS]) for first in range(0, len(alarms), MOST_ALARMS)],
        [_counts(environment)],
        [_ages(environment, catalog)],
        [_rotations(environment), _failures(environment, catalog)],
        [_reads(environment), _denied(environment)],
    ]
    widgets: list[Widget] = []
    y = 0
    for row in (row for row in rows if row):
        width = WIDTH // len(row)
        heights = []
        for index, widget in enumerate(row):
            height = widget.pop("height")
            assert isinstance(height, int)
            widgets.append({"x": index * width, "y": y, "width": width, "height": height, **widget})
            heights.append(height)
        y += max(heights)
    return {"start": "-P90D", "periodOverride": "inherit", "widgets": widgets}


def _alarms(environment: Environment, alarms: Sequence[str]) -> Widget:
    prefix = f"arn:aws:cloudwatch:{environment.region}:{environment.account}:alarm:"
    arns = [f"{prefix}{names.named(environment, alarm)}" for alarm in alarms]
    return {"type": "alarm", "height": 4, "properties": {"title": "Alarms", "alarms": arns}}


def _counts(environment: Environment) -> Widget:
    shown = {
        "Overdue": "past their limit",
        "Missing": "missing",
        "Foreign": "not in the catalogue",
        "WithoutValue": "without a value yet",
        "Watched": "watched",
        "BackupAgeHours": "hours since the backup",
        "BackupIncomplete": "lacking in the backup",
    }
    metrics = [
        [NAMESPACE, metric, "Environment", environment.name, {"label": label}] for metric, label in shown.items()
    ]
    return _metric(environment, "Secrets today", metrics, 3, view="singleValue")


def _ages(environment: Environment, catalog: Catalog) -> Widget:
    metrics = [
        [NAMESPACE, "AgeOfLimit", "Environment", environment.name, "Secret", secret.name, {"label": secret.name}]
        for secret in catalog.secrets
    ]
    limit = {"horizontal": [{"label": "limit of the tier", "value": 1, "fill": "above", "color": "#d62728"}]}
    axis = {"left": {"min": 0, "label": "age / limit", "showUnits": False}}
    return _metric(environment, "Age against limit", metrics, 9, annotations=limit, yAxis=axis)


def _rotations(environment: Environment) -> Widget:
    listed = ", ".join(f'"{name}"' for name in _ENDS)
    query = f"{_SECRETS_MANAGER} and eventName in [{listed}] | stats count(*) as ended by bin(1d), eventName"
    return _log(environment, "Rotations", query, view="bar")


def _failures(environment: Environment, catalog: Catalog) -> Widget:
    metrics = [
        ["AWS/Lambda", "Errors", "FunctionName", names.named(environment, what), {"label": what}]
        for what in (names.rotator(target) for target in catalog.targets)
    ]
    return _metric(environment, "Failed steps of rotations", metrics, 6, stat="Sum")


def _reads(environment: Environment) -> Widget:
    query = (
        f"{_SECRETS_MANAGER} and {_READS} and not ispresent(errorCode) "
        f"| stats count(*) as reads, max(eventTime) as last by {_PRINCIPAL} as principal, requestParameters.secretId "
        "| sort reads desc | limit 50"
    )
    return _log(environment, "Values read, by principal", query, view="table")


def _denied(environment: Environment) -> Widget:
    query = (
        f"{_SECRETS_MANAGER} and {_READS} and ispresent(errorCode) "
        f"| stats count(*) as refused, max(eventTime) as last by {_PRINCIPAL} as principal, errorCode "
        "| sort refused desc | limit 50"
    )
    return _log(environment, "Reads refused, by principal", query, view="table")


def _metric(
    environment: Environment,
    title: str,
    metrics: Sequence[Sequence[object]],
    height: int,
    *,
    view: str = "timeSeries",
    stat: str = "Maximum",
    **more: object,
) -> Widget:
    properties = {
        "title": title,
        "region": environment.region,
        "view": view,
        "stat": stat,
        "period": DAY_SECONDS,
        "metrics": [list(metric) for metric in metrics],
        **more,
    }
    return {"type": "metric", "height": height, "properties": properties}


def _log(environment: Environment, title: str, query: str, *, view: str) -> Widget:
    properties = {
        "title": title,
        "region": environment.region,
        "view": view,
        "query": f"SOURCE '{names.TRAIL_LOG}' | {query}",
    }
    return {"type": "log", "height": 6, "properties": properties}
