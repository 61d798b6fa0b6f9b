"""The backup's numbers in CloudWatch, in the namespace LlmObservatory/Secrets."""

from collections.abc import Mapping
from typing import Any, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from backup.errors import BackupError

NAMESPACE = "LlmObservatory/Secrets"


class Numbers(Protocol):
    """The one call of CloudWatch that a backup makes, as boto3 has it."""

    def put_metric_data(self, **request: Any) -> object:
        """Add to metrics."""


def publish(client: Numbers, environment: str, counts: Mapping[str, int]) -> None:
    """Put counts of the environment.

    Raises:
        BackupError: CloudWatch refused or did not answer.
    """
    dimensions = [{"Name": "Environment", "Value": environment}]
    data = [
        {"MetricName": name, "Dimensions": dimensions, "Value": float(count), "Unit": "Count"}
        for name, count in counts.items()
    ]
    try:
        client.put_metric_data(Namespace=NAMESPACE, MetricData=data)
    except (ClientError, BotoCoreError) as error:
        code = error.response["Error"]["Code"] if isinstance(error, ClientError) else type(error).__name__
        raise BackupError(f"the backup is done, but PutMetricData failed with {code}; check the role") from None
