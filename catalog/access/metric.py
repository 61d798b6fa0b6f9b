"""The numbers that our functions put in CloudWatch: one namespace, and leave to add to it."""

from __future__ import annotations

from catalog.access.statement import Statement, allow

NAMESPACE = "LlmObservatory/Secrets"


def count() -> Statement:
    """Add to the metrics of the secrets programme, and to no others.

    PutMetricData knows no resource, hence the asterisk and the condition:
    docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncloudwatch.html
    """
    condition = {"StringEquals": {"cloudwatch:namespace": NAMESPACE}}
    return allow("Count", ("cloudwatch:PutMetricData",), ("*",), condition)
