"""Looking for the events of what a test did."""

import json
from typing import Any

from tests.contract.aws.harness import ContractAws, eventually


def events_of(aws: ContractAws, key: str, value: str, name: str) -> list[dict[str, Any]]:
    """The events of one operation by one attribute, newest first, once there are any."""
    client = aws.client("cloudtrail")

    def found() -> list[dict[str, Any]]:
        looked_up = client.lookup_events(LookupAttributes=[{"AttributeKey": key, "AttributeValue": value}])["Events"]
        return [json.loads(event["CloudTrailEvent"]) for event in looked_up if event["EventName"] == name]

    return eventually(found, seconds=900 if aws.kind == "real" else 5)
