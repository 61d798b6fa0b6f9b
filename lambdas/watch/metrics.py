"""The watch's numbers in CloudWatch, in the namespace LlmObservatory/Secrets."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from botocore.exceptions import BotoCoreError, ClientError

from watch.errors import WatchError
from watch.report import Report

Datum = Mapping[str, object]
NAMESPACE = "LlmObservatory/Secrets"
MOST_AT_ONCE = 500  # PutMetricData takes 1000 metrics and a megabyte: API_PutMetricData.html


class Numbers(Protocol):
    """The one call of CloudWatch that the watch makes, as boto3 has it."""

    def put_metric_data(self, *, Namespace: str, MetricData: Sequence[Datum]) -> object:  # noqa: N803 - boto3 spells it so
        """Add to metrics."""


def of_report(environment: str, report: Report) -> list[Datum]:
    """Two numbers a secret that has a value, and the environment's counts; a count of nothing is a 0, not a gap."""
    counts = {
        "Watched": report.watched,
        "Overdue": len(report.overdue),
        "ExpiringSoon": len(report.expiring),
        "WithoutValue": len(report.without_value),
        "Missing": len(report.missing),
        "Foreign": len(report.foreign),
    }
    return [
        *(_datum(environment, name, count, "Count") for name, count in counts.items()),
        *(_datum(environment, "AgeDays", age.days, "None", secret) for secret, age in report.ages.items()),
        *(_datum(environment, "AgeOfLimit", age.of_limit, "None", secret) for secret, age in report.ages.items()),
    ]


def of_backup(environment: str, hours: float) -> list[Datum]:
    """How many hours ago the newest backup was finished."""
    return [_datum(environment, "BackupAgeHours", hours, "None")]


def publish(client: Numbers, data: Sequence[Datum]) -> None:
    """Put the numbers.

    Raises:
        WatchError: CloudWatch refused or did not answer.
    """
    try:
        for first in range(0, len(data), MOST_AT_ONCE):
            client.put_metric_data(Namespace=NAMESPACE, MetricData=data[first : first + MOST_AT_ONCE])
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "Unknown")
        raise WatchError(f"PutMetricData was refused with {code}; check the function's role") from None
    except BotoCoreError as error:
        raise WatchError(
            f"PutMetricData got no answer ({type(error).__name__}); check the function's way to CloudWatch"
        ) from None


def _datum(environment: str, name: str, value: float, unit: str, secret: str | None = None) -> Datum:
    dimensions = {"Environment": environment} | ({"Secret": secret} if secret is not None else {})
    return {
        "MetricName": name,
        "Dimensions": [{"Name": key, "Value": text} for key, text in dimensions.items()],
        "Value": float(value),
        "Unit": unit,
    }
