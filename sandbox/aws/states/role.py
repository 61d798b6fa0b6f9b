"""Clients of the tasks of an execution: they act as the state machine's role.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/procedure-create-iam-role.html; a task's own `Credentials`:
https://docs.aws.amazon.com/step-functions/latest/dg/concepts-access-cross-acct-resources.html.
"""

from __future__ import annotations

import re
import threading
import time
import uuid
from collections.abc import Callable
from typing import Any, NoReturn

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError
from moto.stepfunctions.parser.asl.component.state.exec.state_task.credentials import StateCredentials
from moto.stepfunctions.parser.asl.component.state.exec.state_task.state_task import StateTask
from moto.stepfunctions.parser.asl.eval.evaluation_details import AWSExecutionDetails
from moto.stepfunctions.parser.backend.execution import Execution

from sandbox.aws.errors import AwsError
from sandbox.aws.functions.deployed import Credentials

# A session lives for an hour; what it may do is judged at each call, so only its trust is as old as this.
_SESSION_SECONDS = 300.0
_MOST_SESSIONS = 256
# A function runs for up to 15 minutes.
_CALL_SECONDS = 910

RoleSession = Callable[[str, str, str], Credentials]
"""Credentials of a role for Step Functions: role, session name, state machine; AwsError when the trust does not let."""


class ActingRole(str):
    """A role's ARN that knows which state machine acts as it, in which execution."""

    machine: str
    execution: str

    @classmethod
    def of(cls, execution: Execution) -> ActingRole:
        """The role of an execution."""
        role = cls(execution.role_arn)
        role.machine, role.execution = execution.state_machine_arn, execution.name
        return role


class RoleClients:
    """Makes boto3 clients over this local AWS's own door, so that policies are judged and the trail knows."""

    def __init__(self, *, endpoint: str, role_session: RoleSession) -> None:
        """`endpoint` is where tasks find AWS."""
        self._endpoint = endpoint
        self._role_session = role_session
        self._sessions: dict[tuple[str, str], tuple[float, Credentials]] = {}
        self._lock = threading.Lock()

    def install(self) -> None:
        """Let moto's states say who acts, for the life of the process."""
        credentials = StateTask._eval_state_credentials

        def details(execution: Any) -> Any:
            made = original(execution)
            return AWSExecutionDetails(made.account, made.region, ActingRole.of(execution))

        def evaluated(task: Any, env: Any) -> StateCredentials:
            found = credentials(task, env)
            found.acting = env.aws_execution_details.role_arn  # type: ignore[attr-defined]
            return found

        original = Execution._get_start_aws_execution_details
        Execution._get_start_aws_execution_details = details  # type: ignore[method-assign, assignment]
        StateTask._eval_state_credentials = evaluated  # type: ignore[method-assign, assignment]

    def client(self, region: str, service: str, state_credentials: Any = None) -> Any:
        """A client with the rights of the state's role; ClientError when that role may not be assumed."""
        acting = getattr(state_credentials, "acting", state_credentials.role_arn)
        session = self._session(acting)
        if state_credentials.role_arn != acting:
            # The state names another role: the machine's role assumes it.
            answer = self._made("sts", region, session).assume_role(
                RoleArn=str(state_credentials.role_arn), RoleSessionName=_name(acting)
            )["Credentials"]
            session = Credentials(
                access_key=answer["AccessKeyId"], secret_key=answer["SecretAccessKey"], token=answer["SessionToken"]
            )
        return self._made(service, region, session)

    def _made(self, service: str, region: str, session: Credentials) -> Any:
        make: Any = boto3.client
        return make(
            service,
            region_name=region,
            endpoint_url=self._endpoint,
            aws_access_key_id=session.access_key,
            aws_secret_access_key=session.secret_key,
            aws_session_token=session.token,
            config=Config(
                parameter_validation=False,
                retries={"total_max_attempts": 1},
                connect_timeout=10,
                read_timeout=_CALL_SECONDS,
            ),
        )

    def _session(self, role: ActingRole) -> Credentials:
        key, now = (str(role), role.execution), time.time()
        with self._lock:
            made, session = self._sessions.get(key, (0.0, None))
            if session is not None and now - made <= _SESSION_SECONDS:
                return session
        try:
            session = self._role_session(str(role), _name(role), role.machine)
        except AwsError as error:
            _raise(error)
        with self._lock:
            if len(self._sessions) >= _MOST_SESSIONS:
                self._sessions.clear()
            self._sessions[key] = now, session
        return session


def _name(role: ActingRole) -> str:
    return re.sub(r"[^\w+=,.@-]", "-", role.execution)[:64] or "states"


def _raise(error: AwsError) -> NoReturn:
    response: Any = {
        "Error": {"Code": error.code, "Message": error.message},
        # moto's error texts quote these.
        "ResponseMetadata": {"HTTPStatusCode": error.status, "RequestId": str(uuid.uuid4())},
    }
    raise ClientError(response, "AssumeRole") from error
