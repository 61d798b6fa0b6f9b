"""The emergency's state machine of the fake AWS: it rotates two secrets at each look, and tells at its end.

Honest where the command line depends on it: a name stands for one input, an execution that failed has no output and a
history, and what a version of an incident is called.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from catalog import load
from catalog.emergency.version import token
from secretsctl.emergency_progress import concerned
from tests.secretsctl.fake_secret import CURRENT, MARKER, PREVIOUS, FakeSecret, FakeVersion

CATALOG = load.catalog()
BY_HAND = "by_hand"


class AlreadyExistsError(Exception):
    """ExecutionAlreadyExists."""


@dataclass
class FakeExecution:
    name: str
    given: str
    todo: list[str]
    started: float = field(default_factory=time.time)
    status: str = "RUNNING"
    stopped: float | None = None
    failed: list[str] = field(default_factory=list)
    no_value: list[str] = field(default_factory=list)
    rotated: int = 0

    @property
    def total(self) -> int:
        return len(self.todo) + self.rotated + len(self.failed) + len(self.no_value)


class FakeMachine:
    """`breaks` maps secrets to the cause with which they fail; `stops` ends the next look as ABORTED."""

    def __init__(self, account: str, secret: Callable[[str], FakeSecret]) -> None:
        self.machine = f"arn:aws:states:us-east-1:{account}:stateMachine:llm-observatory-staging-emergency"
        self.executions: dict[str, FakeExecution] = {}
        self.breaks: dict[str, str] = {}
        self.stops = False
        self.stays = False
        self._secret = secret

    def orders(self) -> list[dict[str, Any]]:
        """What was started, in order."""
        return [json.loads(execution.given) for execution in self.executions.values()]

    def StartExecution(self, request: dict[str, Any]) -> dict[str, Any]:  # noqa: N802 - AWS's own names
        assert request["stateMachineArn"] == self.machine
        name, given = request["name"], request["input"]
        assert len(name) <= 80
        before = self.executions.get(name)
        if before is not None and (before.status != "RUNNING" or before.given != given):
            raise AlreadyExistsError
        if before is None:
            scope = json.loads(given)["scope"]
            todo = [
                secret.name
                for stage, secrets in concerned(CATALOG, scope).items()
                if stage != BY_HAND
                for secret in secrets
            ]
            self.executions[name] = FakeExecution(name=name, given=given, todo=todo)
        return {"executionArn": self._arn(name), "startDate": time.time()}

    def DescribeExecution(self, request: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        execution = self.executions[request["executionArn"].rsplit(":", 1)[-1]]
        if execution.status == "RUNNING" and not self.stays:
            self._work(execution)
        told: dict[str, Any] = {
            "executionArn": request["executionArn"],
            "stateMachineArn": self.machine,
            "name": execution.name,
            "status": execution.status,
            "startDate": execution.started,
            "input": execution.given,
        }
        if execution.stopped:
            told["stopDate"] = execution.stopped
        if execution.status == "SUCCEEDED":
            told["output"] = json.dumps(self._summary(execution))
        elif execution.status == "FAILED":
            told |= {"error": "NotEverythingIsRotated", "cause": f"{len(execution.failed)} not rotated"}
        return told

    def ListExecutions(self, request: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        newest = list(reversed(self.executions.values()))
        first = int(request.get("nextToken", "0"))
        answer: dict[str, Any] = {
            "executions": [
                {
                    "executionArn": self._arn(execution.name),
                    "stateMachineArn": self.machine,
                    "name": execution.name,
                    "status": execution.status,
                    "startDate": execution.started,
                }
                for execution in newest[first : first + 1]  # one a page, so that every reader has to turn pages
            ]
        }
        return answer | ({"nextToken": str(first + 1)} if newest[first + 1 :] else {})

    def ListMapRuns(self, request: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        name = request["executionArn"].rsplit(":", 1)[-1]
        run = f"{self.machine.replace(':stateMachine:', ':mapRun:')}/tier1:{name}"
        arns = {"executionArn": request["executionArn"], "stateMachineArn": self.machine, "mapRunArn": run}
        return {"mapRuns": [arns | {"startDate": self.executions[name].started}]}

    def DescribeMapRun(self, request: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        execution = self.executions[request["mapRunArn"].rsplit(":", 1)[-1]]
        counts = dict.fromkeys(("pending", "running", "timedOut", "aborted", "resultsWritten"), 0) | {
            "succeeded": execution.rotated,
            "failed": len(execution.failed) + len(execution.no_value),
            "total": execution.total,
        }
        return {"mapRunArn": request["mapRunArn"], "status": execution.status, "itemCounts": counts}

    def GetExecutionHistory(self, request: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        execution = self.executions[request["executionArn"].rsplit(":", 1)[-1]]
        assert request["reverseOrder"]
        if execution.status != "FAILED":
            return {"events": [{"timestamp": time.time(), "type": "ExecutionAborted", "id": 9}]}
        output = json.dumps({"incident": "x", "summary": self._summary(execution)})
        exited = {"name": "Tell", "output": output}
        event = {"timestamp": time.time(), "type": "TaskStateExited", "id": 8, "stateExitedEventDetails": exited}
        return {"events": [{"timestamp": time.time(), "type": "ExecutionFailed", "id": 9}, event]}

    def _work(self, execution: FakeExecution) -> None:
        if self.stops:
            execution.status, execution.stopped = "ABORTED", time.time()
        elif not execution.todo:
            execution.status, execution.stopped = "FAILED" if execution.failed else "SUCCEEDED", time.time()
        order = json.loads(execution.given)
        for name in execution.todo[:2] if execution.status == "RUNNING" else ():
            execution.todo.remove(name)
            secret = self._secret(name)
            if [*secret.versions] == [secret.holder(MARKER)]:
                execution.no_value.append(name)
            elif name in self.breaks:
                execution.failed.append(name)
            else:
                self._rotate(secret, token(order["incident"], name))
                execution.rotated += 1

    def _rotate(self, secret: FakeSecret, version: str) -> None:
        if version not in secret.versions:
            secret.versions[version] = FakeVersion(json.dumps(secret.document() | secret.makes))
            secret.move(CURRENT, version)
        if before := secret.holder(PREVIOUS):
            secret.versions[before].labels.discard(PREVIOUS)

    def _summary(self, execution: FakeExecution) -> dict[str, Any]:
        return {
            "rotated": execution.rotated,
            "failed": len(execution.failed),
            "what_failed": [f"{name}: {self.breaks.get(name)}" for name in execution.failed],
            "no_value": execution.no_value,
            "results": "s3://results/emergency/",
        }

    def _arn(self, name: str) -> str:
        return f"{self.machine.replace(':stateMachine:', ':execution:')}:{name}"
