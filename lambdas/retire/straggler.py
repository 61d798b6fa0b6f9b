"""The message about an old credential that is in use after its overlap, and the number that an alarm watches."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from retire.errors import RetireError
from retire.rotator import Retirement

NAMESPACE = "LlmObservatory/Secrets"
METRIC = "Stragglers"
MOST_NAMED = 20
RUNBOOK = "docs/RUNBOOK.md#straggler"
_SUBJECT_LENGTH = 100  # docs.aws.amazon.com/sns/latest/api/API_Publish.html


class Topics(Protocol):
    """The one call of SNS that is made, as boto3 has it."""

    def publish(self, *, TopicArn: str, Subject: str, Message: str) -> object:  # noqa: N803 - boto3 spells it so
        """Publish a message."""


class Numbers(Protocol):
    """The one call of CloudWatch that is made, as boto3 has it."""

    def put_metric_data(self, *, Namespace: str, MetricData: Sequence[Mapping[str, Any]]) -> object:  # noqa: N803
        """Add to metrics."""


def tell(client: Topics, topic_arn: str, environment: str, secret: str, retirement: Retirement) -> None:
    """Name the stragglers to the topic. RetireError when it does not take the message."""
    name = secret.rsplit("/", 1)[-1]
    who = [*retirement.stragglers[:MOST_NAMED]]
    if more := len(retirement.stragglers) - len(who):
        who.append(f"and {more} more")
    lines = [
        f"HIGH in {environment}: the old credential of {name} is in use after its overlap",
        "",
        f"Secret:  {secret}",
        *(f"Who:     {straggler}" for straggler in who),
        f"Next:    the old credential works until then; its retirement is tried again after {retirement.until}",
        f"To do:   have them read {name} again: restart them, or see why they keep a value for so long",
        f"         if this may be a thief, end it now: secretsctl emergency {name} --incident ID --reason WHY",
        f"Runbook: {RUNBOOK}",
    ]
    subject = f"[high] {environment}: old credential of {name} in use"[:_SUBJECT_LENGTH]
    try:
        client.publish(TopicArn=topic_arn, Subject=subject, Message="\n".join(lines) + "\n")
    except (ClientError, BotoCoreError) as error:
        raise RetireError(f"Publish failed with {_code(error)}; check the function's role and network path") from None


def count(client: Numbers, environment: str, secret: str, number: int) -> None:
    """Put the number of stragglers of one retirement; a 0 ends the alarm. RetireError when it is not taken."""
    datum = {
        "MetricName": METRIC,
        "Dimensions": [{"Name": "Environment", "Value": environment}],
        "Value": float(number),
        "Unit": "Count",
    }
    try:
        client.put_metric_data(Namespace=NAMESPACE, MetricData=[datum])
    except (ClientError, BotoCoreError) as error:
        raise RetireError(
            f"secret '{secret}': PutMetricData failed with {_code(error)}; check the function's role"
        ) from None


def _code(error: ClientError | BotoCoreError) -> str:
    if isinstance(error, ClientError):
        return str(error.response.get("Error", {}).get("Code", "Unknown"))
    return type(error).__name__
