"""Step Functions: executions act as the state machine's role, are counted and told, and none runs for ever.

moto's interpreter runs them. Sources: https://docs.aws.amazon.com/step-functions/latest/dg/ with
procedure-create-iam-role.html, procedure-cw-metrics.html (AWS/States) and eventbridge-integration.html.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError
from moto.stepfunctions.parser import models as parser
from moto.stepfunctions.parser.api import ExecutionStatus
from moto.stepfunctions.parser.asl.utils import boto_client
from moto.stepfunctions.parser.backend.execution import BaseExecutionWorkerCommunication, Execution

from sandbox.aws.errors import AwsError
from sandbox.aws.events.event import Event
from sandbox.aws.functions.deployed import Credentials
from sandbox.aws.memory.memory import Memory
from sandbox.aws.monitoring.metrics import Metric, Metrics

_SERVICE = "states.amazonaws.com"
_SESSION_SECONDS = 900.0
_CALL_SECONDS = 900
_COUNTED = {
    ExecutionStatus.SUCCEEDED: "ExecutionsSucceeded",
    ExecutionStatus.FAILED: "ExecutionsFailed",
    ExecutionStatus.TIMED_OUT: "ExecutionsTimedOut",
    ExecutionStatus.ABORTED: "ExecutionsAborted",
}

RoleSession = Callable[[str, str], Credentials]
"""Credentials of a role for Step Functions: role ARN, name of the session; AwsError when its trust does not let it."""


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
        self._endpoint = endpoint
        self._memory = memory
        self._metrics = metrics
        self._role_session = role_session
        self._publish = publish
        self._sessions: dict[str, tuple[float, Credentials]] = {}

    def install(self) -> None:
        """Give every task the role's credentials, and watch executions begin and end."""
        boto_client.boto_client_for = self.client
        for name, module in list(sys.modules.items()):
            if name.startswith(parser.__name__.rpartition(".")[0]) and hasattr(module, "boto_client_for"):
                vars(module)["boto_client_for"] = self.client
        started, ended = Execution.start, BaseExecutionWorkerCommunication.terminated

        def start(execution: Any) -> None:
            started(execution)
            self._tell(execution, "RUNNING")
            self._count(execution, "ExecutionsStarted", 1.0)

        def terminated(communication: Any) -> None:
            ended(communication)
            execution = communication.execution
            self._tell(execution, execution.exec_status.value)
            self._count(execution, _COUNTED[execution.exec_status], 1.0)
            took = (execution.stop_date - execution.start_date).total_seconds() * 1000
            self._count(execution, "ExecutionTime", took, unit="Milliseconds")

        Execution.start = start  # type: ignore[method-assign, assignment]
        BaseExecutionWorkerCommunication.terminated = terminated  # type: ignore[method-assign, assignment]

    def end_interrupted(self, account: str) -> None:
        """End what an earlier process was in the middle of, with the reason: AWS would have gone on."""
        with self._memory.change():
            backends = parser.stepfunctions_parser_backends[account]
            for region in list(backends):
                for machine in backends[region].state_machines:
                    running: list[Any] = list(machine.executions)
                    for execution in running:
                        if execution.exec_status is ExecutionStatus.RUNNING:
                            execution.exec_status = ExecutionStatus.FAILED
                            execution.stop_date = datetime.now(UTC)
                            execution.error = "States.Runtime"
                            execution.cause = "The local AWS was restarted while this execution ran; start it again."

    def client(self, region: str, service: str, state_credentials: Any = None) -> Any:
        """A client that acts as the state's role; ClientError when Step Functions may not assume it."""
        credentials = self._session(state_credentials.role_arn)
        make: Any = boto3.client
        return make(
            service,
            region_name=region,
            endpoint_url=self._endpoint,
            aws_access_key_id=credentials.access_key,
            aws_secret_access_key=credentials.secret_key,
            aws_session_token=credentials.token,
            config=Config(
                parameter_validation=False,
                retries={"total_max_attempts": 1},
                connect_timeout=10,
                read_timeout=_CALL_SECONDS,
            ),
        )

    def _session(self, role_arn: str) -> Credentials:
        now = time.time()
        made, credentials = self._sessions.get(role_arn, (0.0, None))
        if credentials is None or now - made > _SESSION_SECONDS:
            try:
                credentials = self._role_session(role_arn, "states")
            except AwsError as error:
                response: Any = {"Error": {"Code": error.code, "Message": error.message}}
                raise ClientError(response, "AssumeRole") from error
            self._sessions[role_arn] = (now, credentials)
        return credentials

    def _count(self, execution: Any, name: str, value: float, unit: str = "Count") -> None:
        metric = Metric(
            region=execution.region_name,
            namespace="AWS/States",
            name=name,
            dimensions={"StateMachineArn": execution.state_machine_arn},
        )
        self._metrics.put(metric, value, unit=unit)

    def _tell(self, execution: Any, status: str) -> None:
        began = int(execution.start_date.timestamp() * 1000)
        stop = int(execution.stop_date.timestamp() * 1000) if execution.stop_date else None
        detail = {
            "executionArn": execution.exec_arn,
            "stateMachineArn": execution.state_machine_arn,
            "name": execution.name,
            "status": status,
            "startDate": began,
            "stopDate": stop,
            "input": json.dumps(execution.input_data),
            "output": json.dumps(execution.output) if execution.output is not None else None,
            "error": execution.error,
            "cause": execution.cause,
        }
        self._publish(
            Event(
                source="aws.states",
                detail_type="Step Functions Execution Status Change",
                detail=detail,
                account=execution.account_id,
                region=execution.region_name,
                time=time.time(),
                resources=(execution.exec_arn,),
            )
        )
