"""The events of an execution in the log group that its state machine names.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html. On AWS the delivery needs the log group's
resource policy; that is not asked here.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime
from typing import Any, ClassVar

from moto.logs.models import logs_backends
from moto.stepfunctions.parser.asl.eval.event.logging import CloudWatchLoggingConfiguration, is_logging_enabled_for
from moto.stepfunctions.parser.asl.utils.encoding import to_json_str
from moto.stepfunctions.parser.backend.execution import Execution

from sandbox.aws.memory.memory import Memory

_log = logging.getLogger(__name__)

PutLogs = Callable[[str, str, str, str, tuple[int, str]], None]
"""Account, region, group, stream, and an event: milliseconds since the epoch with a message."""


class HistoryLog:
    """Takes the place of moto's logging session; it is part of an execution, so it holds plain values only."""

    put_logs: ClassVar[PutLogs]

    def __init__(self, execution_arn: str, configuration: CloudWatchLoggingConfiguration) -> None:
        """`configuration` is what the state machine asks for."""
        self.execution_arn = execution_arn
        self.configuration = configuration

    def log_level_filter(self, history_event_type: Any) -> bool:
        """Whether the machine's log level lets an event of this type through."""
        return is_logging_enabled_for(log_level=self.configuration.log_level, history_event_type=history_event_type)

    def publish_history_log(self, history_log: dict[str, Any]) -> None:
        """Write one event, as AWS words it: all but `details` as text."""
        at = datetime.fromisoformat(str(history_log["event_timestamp"]))
        milliseconds = int(at.timestamp() * 1000)
        told = {**history_log, "event_timestamp": str(milliseconds), "redrive_count": "0"}
        wanted = self.configuration
        stream = f"states/{self.execution_arn.split(':')[-2]}/{at:%Y-%m-%d-%H-%M}"
        HistoryLog.put_logs(
            wanted.log_account_id, wanted.log_region, wanted.log_group_name, stream, (milliseconds, to_json_str(told))
        )


def log_history_of(execution: Execution) -> None:
    """Give an execution that is about to start its log; nothing when its machine asks for none."""
    machine: Any = execution.state_machine
    asked: Any = {"includeExecutionData": False, **(machine.loggingConfiguration or {})}
    configuration = CloudWatchLoggingConfiguration.from_logging_configuration(
        state_machine_arn=execution.state_machine_arn,
        logging_configuration=asked,
    )
    if configuration is not None:
        execution._cloud_watch_logging_session = HistoryLog(execution.exec_arn, configuration)  # type: ignore[assignment]


def log_writer(memory: Memory) -> PutLogs:
    """What writes events through moto's memory, so that metric filters see them; a missing group is said in the log."""

    def put(account: str, region: str, group: str, stream: str, event: tuple[int, str]) -> None:
        at, text = event
        with memory.change():
            logs = logs_backends[account][region]
            if group not in logs.groups:
                _log.warning("a state machine logs to %s, which is not there", group)
                return
            logs.ensure_log_stream(group, stream)
            logs.put_log_events(group, stream, [{"timestamp": at, "message": text}])

    return put
