"""One event on a bus, with the fields of EventBridge's envelope.

Source: https://docs.aws.amazon.com/eventbridge/latest/ref/overiew-event-structure.html.
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Event:
    """An event; `time` is in seconds since the epoch. `bus` is a name, "default" for what AWS services send."""

    source: str
    detail_type: str
    detail: Mapping[str, Any]
    account: str
    region: str
    time: float
    resources: tuple[str, ...] = ()
    bus: str = "default"
    id: str = field(default_factory=lambda: str(uuid.uuid4()))

    def envelope(self) -> dict[str, Any]:
        """The event as patterns match it and targets receive it."""
        return {
            "version": "0",
            "id": self.id,
            "detail-type": self.detail_type,
            "source": self.source,
            "account": self.account,
            "time": f"{datetime.fromtimestamp(self.time, UTC):%Y-%m-%dT%H:%M:%SZ}",
            "region": self.region,
            "resources": list(self.resources),
            "detail": dict(self.detail),
        }

    @classmethod
    def from_envelope(cls, envelope: Mapping[str, Any], *, region: str, bus: str) -> "Event":
        """The event that another bus receives: the same one, with its id."""
        return cls(
            source=envelope["source"],
            detail_type=envelope["detail-type"],
            detail=envelope["detail"],
            account=envelope["account"],
            region=region,
            time=datetime.fromisoformat(envelope["time"]).timestamp(),
            resources=tuple(envelope["resources"]),
            bus=bus,
            id=envelope["id"],
        )
