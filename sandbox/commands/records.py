"""What `logs` shows: the account's calls, a function's log, the notifications; each as records, oldest first."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from sandbox import up as steps
from sandbox.aws.process import LocalAws
from sandbox.commands import naming
from sandbox.commands.target import client

GROUPS = "/aws/lambda/"
_NAMING = ("Id", "Name", "name", "Arn", "ARN")


@dataclass(frozen=True, kw_only=True)
class Record:
    """One line: `id` tells it from all others, `at` is in seconds since the epoch, `columns` are what is shown."""

    id: str
    at: float
    columns: Mapping[str, str]
    whole: Mapping[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """The record for a program, with all that is known."""
        return {"at": self.at, **(self.whole or self.columns)}


class Records(Protocol):
    """Something that happens and is recorded."""

    def latest(self, count: int) -> list[Record]:
        """The last `count`, oldest first."""
        ...


class Activity:
    """The calls of the account, as CloudTrail records them."""

    def __init__(self, cloud: LocalAws) -> None:
        """Reads the sandbox's own route: asking CloudTrail would be a call that is recorded itself."""
        self._cloud = cloud

    def latest(self, count: int) -> list[Record]:
        """The last calls of principals and services, refused ones too."""
        return [_call(entry) for entry in self._cloud.ask("GET", "events", {"limit": count})["events"]]


class FunctionLog:
    """The log group of a function."""

    def __init__(self, cloud: LocalAws, function: str) -> None:
        """`function` is a name or the end of one. UpError when no log group, or several, are meant by it."""
        self._client = client(cloud, "logs")
        self._group = self._found(function)

    def latest(self, count: int) -> list[Record]:
        """The last lines of all its streams."""
        pages = self._client.get_paginator("filter_log_events").paginate(logGroupName=self._group)
        events = sorted((event for page in pages for event in page["events"]), key=lambda event: event["timestamp"])
        return [
            Record(
                id=event["eventId"], at=event["timestamp"] / 1000, columns={"message": event["message"].rstrip("\n")}
            )
            for event in events[-count:]
        ]

    def _found(self, function: str) -> str:
        pages = self._client.get_paginator("describe_log_groups").paginate(logGroupNamePrefix=GROUPS)
        names = [group["logGroupName"].removeprefix(GROUPS) for page in pages for group in page["logGroups"]]
        meant = [name for name in names if name == function] or [name for name in names if name.endswith(function)]
        if len(meant) == 1:
            return f"{GROUPS}{meant[0]}"
        if meant:
            raise steps.UpError(f"'{function}' is the end of several names; give one whole: {', '.join(meant)}")
        there = ", ".join(names) or "none yet; a log begins with the first run"
        raise steps.UpError(f"no function's log has a name that ends in '{function}'; there are: {there}")


class Outbox:
    """The notifications that the account sent."""

    def __init__(self, cloud: LocalAws) -> None:
        """They are kept by the local AWS; nothing leaves this machine."""
        self._cloud = cloud

    def latest(self, count: int) -> list[Record]:
        """The last messages to addresses outside the account."""
        return [_message(letter) for letter in self._cloud.ask("GET", "mail")["mail"]][-count:]


def _call(entry: Mapping[str, Any]) -> Record:
    event = entry["event"]
    identity = event.get("userIdentity") or {}
    columns = {
        "principal": naming.principal(identity.get("arn") or identity.get("invokedBy") or identity.get("type") or ""),
        "call": f"{event['eventSource'].removesuffix('.amazonaws.com')} {event['eventName']}",
        "resource": naming.resources(_resources(event)),
        "error": event.get("errorCode") or "",
    }
    return Record(id=str(entry["seq"]), at=float(entry["at"]), columns=columns, whole=event)


def _resources(event: Mapping[str, Any]) -> list[str]:
    """The resources of an event; of a refused call, which has none, what it named."""
    named = [resource["ARN"] for resource in event.get("resources") or ()]
    given = event.get("requestParameters") or {}
    return named or [value for name, value in given.items() if isinstance(value, str) and name.endswith(_NAMING)][:1]


def _message(letter: Mapping[str, Any]) -> Record:
    at = letter["at"]
    columns = {name: _text(value) for name, value in letter.items() if name not in {"at", "id"}}
    return Record(
        id=str(letter["id"]),
        at=float(at) if isinstance(at, int | float) else datetime.fromisoformat(str(at)).timestamp(),
        columns=columns,
    )


def _text(value: object) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value)
