"""What a rotation function says about one rotation, from its log group in CloudWatch Logs."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING

from catalog import derive
from catalog.environment import Environment
from stores.aws_session import translated
from stores.store import NotFoundError

if TYPE_CHECKING:
    from mypy_boto3_logs import CloudWatchLogsClient

LOOK_BACK_SECONDS = 3600
"""How far back a search goes: enough for any clock that is wrong, and not the years that a group keeps."""

CRASHES = '?"Task timed out" ?"Runtime."'
"""Lambda's words for a function that ran out of time, could not be loaded, or died:
docs.aws.amazon.com/lambda/latest/dg/troubleshooting-invocation.html"""
_CRASH = re.compile(r"timed out after [\d.]+ seconds|(?<=\[ERROR\] )Runtime\.\w+: .*|(?<=Error: )Runtime\.\w+.*")


class FunctionLog:
    """Finds the errors of a rotation by its token. The functions write one JSON object a line, without values."""

    def __init__(self, client: CloudWatchLogsClient, environment: Environment) -> None:
        self._client = client
        self._environment = environment
        self._since = int((time.time() - LOOK_BACK_SECONDS) * 1000)

    def crashes(self, target: str, since: float) -> Mapping[str, str]:
        """What Lambda itself says of a function that did not get as far as our own log lines: event id to text.

        `since` is in seconds of the epoch: such a line carries no token, so only time ties it to a rotation.

        Raises:
            StoreError: the log may not be read.
        """
        found: dict[str, str] = {}
        try:
            with translated(f"read log group {self.group(target)}"):
                pages = self._client.get_paginator("filter_log_events").paginate(
                    logGroupName=self.group(target), filterPattern=CRASHES, startTime=int(since * 1000)
                )
                for page in pages:
                    for event in page["events"]:
                        if line := _CRASH.search(event.get("message", "")):
                            found[event.get("eventId", "")] = f"the function {line[0].strip()}"
        except NotFoundError:
            return {}
        return found

    def group(self, target: str) -> str:
        """The name of the log group of the function of `target`."""
        return derive.log_group(self._environment, target)

    def errors(self, target: str, token: str) -> Mapping[str, str]:
        """The errors that carry the token, oldest first: event id to text with the step.

        Raises:
            StoreError: the log may not be read. A group that does not exist yet is an empty one.
        """
        found: dict[str, str] = {}
        try:
            with translated(f"read log group {self.group(target)}"):
                pages = self._client.get_paginator("filter_log_events").paginate(
                    logGroupName=self.group(target), filterPattern=f'"{token}"', startTime=self._since
                )
                for page in pages:
                    for event in page["events"]:
                        if text := _error(event.get("message", ""), token):
                            found[event.get("eventId", "")] = text
        except NotFoundError:
            return {}
        return found


def _error(message: str, token: str) -> str | None:
    """The text of an error line of ours; None for every other line."""
    try:
        line = json.loads(message)
    except ValueError:
        return None
    if not isinstance(line, dict) or line.get("token") != token or str(line.get("level", "")).upper() != "ERROR":
        return None
    return f"{line.get('step')}: {line.get('error') or line.get('event')}"
