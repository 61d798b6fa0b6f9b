"""Step Functions: executions act as the state machine's role, are counted and told, and none runs for ever.

moto's interpreter runs them. Sources: https://docs.aws.amazon.com/step-functions/latest/dg/ with
procedure-cw-metrics.html (AWS/States) and eventbridge-integration.html; API_StopExecution.html.
"""

from __future__ import annotations

import logging
import sys
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from moto.core.responses import ActionResult
from moto.stepfunctions.parser import models as parser
from moto.stepfunctions.parser.api import ExecutionStatus
from moto.stepfunctions.parser.asl.utils import boto_client
from moto.stepfunctions.parser.backend.execution import BaseExecutionWorkerCommunication, Execution
from moto.stepfunctions.parser.backend.execution_worker import ExecutionWorker
from moto.stepfunctions.responses import StepFunctionResponse

from sandbox.aws.clock.agenda import Agenda
from sandbox.aws.events.event import Event
from sandbox.aws.memory.memory import Memory
from sandbox.aws.monitoring.metrics import Metric, Metrics
from sandbox.aws.states.definition import install_definitions
from sandbox.aws.states.history_log import HistoryLog, log_history_of, log_writer
from sandbox.aws.states.inline_map import install_inline_maps
from sandbox.aws.states.json_paths import install_json_paths
from sandbox.aws.states.map_run import install_map_runs
from sandbox.aws.states.results import install_result_writer
from sandbox.aws.states.role import RoleClients, RoleSession
from sandbox.aws.states.sdk import install_sdk_calls
from sandbox.aws.states.status_event import status_event
from sandbox.aws.states.telling import install_telling
from sandbox.aws.states.waits import Waits

_log = logging.getLogger(__name__)
_COUNTED = {
    ExecutionStatus.SUCCEEDED: "ExecutionsSucceeded",
    ExecutionStatus.FAILED: "ExecutionsFailed",
    ExecutionStatus.TIMED_OUT: "ExecutionsTimedOut",
    ExecutionStatus.ABORTED: "ExecutionsAborted",
}
_INTERRUPTED = "The local AWS was restarted while this execution ran, so it did not go on; start it again."


class Executions:
    """Changes moto's Step Functions for the life of the process."""

    def __init__(
        self,
        *,
        endpoint: str,
        memory: Memory,
        metrics: Metrics,
        role_session: RoleSession,
        publish: Callable[[Event], None],
    ) -> None:
        """`endpoint` is where tasks find AWS; `publish` takes events for the default bus."""
        self._memory = memory
        self._metrics = metrics
        self._clients = RoleClients(endpoint=endpoint, role_session=role_session)
        self._publish = publish
        self._waits = Waits()
        self._ending = threading.Lock()

    def install(self) -> None:
        """Give every task the role's credentials, and watch executions begin and end."""
        boto_client.boto_client_for = self._clients.client
        for name, module in list(sys.modules.items()):
            if name.startswith(parser.__name__.rpartition(".")[0]) and hasattr(module, "boto_client_for"):
                vars(module)["boto_client_for"] = self._clients.client
        # Its records quote what a task was given and what it answered, which may hold values.
        logging.getLogger("moto.stepfunctions").setLevel(logging.CRITICAL)
        install_definitions()
        install_json_paths()
        install_map_runs()
        install_inline_maps()
        install_result_writer()
        install_sdk_calls()
        install_telling()
        self._clients.install()
        self._waits.install()
        HistoryLog.put_logs = log_writer(self._memory)
        started, ended = Execution.start, BaseExecutionWorkerCommunication.terminated
        logic: Callable[[Any], None] = ExecutionWorker._execution_logic

        def start(execution: Any) -> None:
            log_history_of(execution)
            # Told before its thread exists: else the end could be told first.
            self._begun(execution)
            started(execution)

        def terminated(communication: Any) -> None:
            execution = communication.execution
            with self._ending:
                if execution.exec_status is not ExecutionStatus.RUNNING:
                    return  # it was stopped
                ended(communication)
            self._ended(execution)

        def execution_logic(worker: Any) -> None:
            try:
                logic(worker)
            except Exception as exc:  # noqa: BLE001 - else the execution would run for ever
                _log.exception("the interpreter of a state machine failed")
                self._fail(worker._execution_communication.execution, f"{type(exc).__name__} in the interpreter")

        Execution.start = start  # type: ignore[method-assign, assignment]
        BaseExecutionWorkerCommunication.terminated = terminated  # type: ignore[method-assign, assignment]
        ExecutionWorker._execution_logic = execution_logic  # type: ignore[method-assign]
        begin = parser.StepFunctionsParserBackend.start_execution

        def start_execution(backend: Any, state_machine_arn: str, name: str | None = None, *given: Any) -> Execution:
            return begin(backend, state_machine_arn, name or str(uuid.uuid4()), *given)

        parser.StepFunctionsParserBackend.start_execution = start_execution  # type: ignore[method-assign, assignment]
        stop = self._stop
        StepFunctionResponse.stop_execution = lambda response: stop(response)  # type: ignore[method-assign, assignment]

    def serve(self, agenda: Agenda) -> None:
        """Let an advance of the clock end waits, and wait for what runs after each of its steps."""
        agenda.add(self._waits)
        agenda.at_step_end(self._waits.rest)

    def end_interrupted(self, account: str) -> None:
        """Fail what an earlier process was in the middle of: AWS would have gone on."""
        backends = parser.stepfunctions_parser_backends[account]
        for region in list(backends):
            for machine in backends[region].state_machines:
                executions: list[Any] = list(machine.executions)
                for execution in executions:
                    self._fail(execution, _INTERRUPTED)

    def _fail(self, execution: Any, cause: str) -> None:
        with self._ending:
            if execution.exec_status is not ExecutionStatus.RUNNING:
                return
            execution.exec_status, execution.stop_date = ExecutionStatus.FAILED, datetime.now(UTC)
            execution.error, execution.cause = "States.Runtime", cause
        self._ended(execution)

    def _begun(self, execution: Any) -> None:
        self._waits.begun(execution.exec_arn)
        self._publish(status_event(execution, "RUNNING"))
        self._count(execution, "ExecutionsStarted", 1.0)

    def _ended(self, execution: Any) -> None:
        with self._changing(execution):
            pass  # what its thread did is on disk before anybody is told
        self._waits.ended(execution.exec_arn)
        self._publish(status_event(execution, execution.exec_status.value))
        self._count(execution, _COUNTED[execution.exec_status], 1.0)
        took = (execution.stop_date - execution.start_date).total_seconds() * 1000
        self._count(execution, "ExecutionTime", took, unit="Milliseconds")

    @contextmanager
    def _changing(self, execution: Any) -> Iterator[None]:
        with self._memory.change():
            # Memory writes the backends that a change reaches; the thread of an execution reaches none by itself.
            parser.stepfunctions_parser_backends[execution.account_id][execution.region_name]
            yield

    def _stop(self, response: Any) -> Any:
        arn = response._get_param("executionArn")
        execution = response.stepfunction_backend.describe_execution(arn)
        at = datetime.now(UTC)
        with self._ending:
            running = execution.exec_status is ExecutionStatus.RUNNING
            if running:
                # A call that a task makes goes on to its end, as on AWS; the execution does not.
                execution.exec_status, execution.stop_date = ExecutionStatus.ABORTED, at
                execution.error, execution.cause = response._get_param("error"), response._get_param("cause")
        if running:
            if execution.exec_worker.env is not None:
                execution.stop(stop_date=at, error=execution.error, cause=execution.cause)
            self._ended(execution)
        return ActionResult({"stopDate": execution.stop_date})

    def _count(self, execution: Any, name: str, value: float, unit: str = "Count") -> None:
        metric = Metric(
            region=execution.region_name,
            namespace="AWS/States",
            name=name,
            dimensions={"StateMachineArn": execution.state_machine_arn},
        )
        self._metrics.put(metric, value, unit=unit)
