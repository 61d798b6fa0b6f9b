"""The run of a distributed map: items in parallel, failures counted against what is tolerated.

moto's own run forgets every item that fails. Source:
https://docs.aws.amazon.com/step-functions/latest/dg/state-map-distributed.html ("Tolerated failure threshold") and
input-output-resultwriter.html. Items run in threads of this process, so at most 40 at once; their child executions
have no history of their own.
"""

from __future__ import annotations

import json
import threading
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from moto.stepfunctions.parser.api import HistoryEventType
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import FailureEvent, FailureEventException
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name import StatesErrorName
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name_type import StatesErrorNameType
from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration.distributed_iteration_component import (
    DistributedIterationComponent,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration.job import JobPool
from moto.stepfunctions.parser.asl.eval.program_state import ProgramError, ProgramStopped, ProgramTimedOut
from moto.stepfunctions.parser.asl.eval.states import ItemData, MapData

from sandbox.aws.states.definition import batching_of

_MOST_AT_ONCE = 40
_EXCEEDED = "The specified tolerated failure threshold was exceeded"


@dataclass(frozen=True, kw_only=True)
class Child:
    """How one child execution ended; times are seconds since the epoch."""

    arn: str
    given: Any
    output: Any
    status: str
    error: str | None
    cause: str | None
    items: int
    started: float
    stopped: float

    def described(self) -> dict[str, Any]:
        """Its outcome as AWS exports it."""
        told = {
            "ExecutionArn": self.arn,
            "Input": json.dumps(self.given),
            "InputDetails": {"Included": True},
            "Name": self.arn.rsplit(":", 1)[-1],
            "RedriveCount": 0,
            "StartDate": _text(self.started),
            "StateMachineArn": self.arn.replace(":execution:", ":stateMachine:").rsplit(":", 1)[0],
            "Status": self.status,
            "StopDate": _text(self.stopped),
        }
        if self.status == "SUCCEEDED":
            return {**told, "Output": json.dumps(self.output), "OutputDetails": {"Included": True}}
        return {**told, "Error": self.error, "Cause": self.cause}

    @property
    def result(self) -> Any:
        """Its place in the map's output: "If a child workflow execution fails, … returns its execution result"."""
        return self.output if self.status == "SUCCEEDED" else self.described()


def install_map_runs() -> None:
    """Take the place of moto's run, for the life of the process."""

    def map_run(component: Any, env: Any, eval_input: Any) -> None:
        children = MapRun(component, env, eval_input).finished()
        env.stack.append([child.result for child in children])

    DistributedIterationComponent._map_run = map_run  # type: ignore[method-assign, assignment]


class MapRun:
    """One run over the items on the environment's stack."""

    def __init__(self, component: Any, env: Any, eval_input: Any) -> None:
        """Select each item's input and group them; raises moto's FailureEventException when that fails."""
        items = env.stack.pop()
        self._env = env
        self._record = eval_input.map_run_record
        self._program = component._get_iteration_program()
        # moto's worker knows how to make an item's input; its own loop is not used.
        pool = JobPool(job_program=self._program, job_inputs=[])
        self._worker = component._create_worker(env=env, eval_input=eval_input, job_pool=pool)
        batching = batching_of(component)
        inputs = [self._selected(index, item) for index, item in enumerate(items)]
        self._inputs = inputs if batching is None else batching.grouped(inputs)
        self._sizes = [1] * len(inputs) if batching is None else [len(one["Items"]) for one in self._inputs]
        self._total = len(items)
        self._children: dict[int, Child] = {}
        self._next = 0
        self._lock = threading.Lock()
        self._count("pending", len(self._inputs), self._total)
        self._count("total", len(self._inputs), self._total)

    def finished(self) -> list[Child]:
        """Run everything; FailureEventException when more failed than is tolerated."""
        most = self._record.max_concurrency or _MOST_AT_ONCE
        number = min(most, _MOST_AT_ONCE, len(self._inputs))
        threads = [threading.Thread(target=self._work, daemon=True) for _ in range(number)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        children = [self._children[index] for index in sorted(self._children)]
        self._record.sandbox_children = children
        if self._is_exceeded():
            raise self._failure()
        return children

    def _selected(self, index: int, item: Any) -> Any:
        frame = self._env.open_inner_frame()
        try:
            frame.states.context_object.context_object_data["Map"] = MapData(Item=ItemData(Index=index, Value=item))
            frame.states.reset(item)
            frame.stack.append(frame.states.get_input())
            self._worker._eval_input(env_frame=frame)
            return frame.states.get_input()
        finally:
            self._env.delete_frame(frame)

    def _work(self) -> None:
        while True:
            with self._lock:
                if self._next >= len(self._inputs) or self._is_exceeded() or not self._env.is_running():
                    return
                index, self._next = self._next, self._next + 1
            size = self._sizes[index]
            self._count("pending", -1, -size)
            self._count("running", 1, size)
            child = self._ran(index)
            self._count("running", -1, -size)
            self._count(child.status.lower(), 1, size)
            with self._lock:
                self._children[index] = child

    def _ran(self, index: int) -> Child:
        given, started = self._inputs[index], time.time()
        frame = self._env.open_inner_frame()
        output, status = None, "SUCCEEDED"
        error: Mapping[str, Any] = {}
        try:
            frame.states.context_object.context_object_data["Map"] = MapData(Item=ItemData(Index=index, Value=given))
            frame.states.reset(given)
            frame.stack.append(frame.states.get_input())
            self._program.eval(frame)
            state = frame.program_state()
            if isinstance(state, ProgramError):
                status, error = "FAILED", state.error or {}
            elif isinstance(state, ProgramStopped):
                status = "ABORTED"
            elif isinstance(state, ProgramTimedOut):
                status = "TIMED_OUT"
            else:
                output = frame.states.get_input()
        finally:
            self._env.delete_frame(frame)
        machine = self._record.map_state_machine_arn.replace(":stateMachine:", ":execution:")
        return Child(
            arn=f"{machine}:{uuid.uuid4()}",
            given=given,
            output=output,
            status=status,
            error=error.get("error"),
            cause=error.get("cause"),
            items=self._sizes[index],
            started=started,
            stopped=time.time(),
        )

    def _count(self, name: str, executions: int, items: int) -> None:
        getattr(self._record.execution_counter, name).offset(executions)
        getattr(self._record.item_counter, name).offset(items)

    def _is_exceeded(self) -> bool:
        failed = sum(child.items for child in list(self._children.values()) if child.status in {"FAILED", "TIMED_OUT"})
        count, percentage = self._record.tolerated_failure_count, self._record.tolerated_failure_percentage
        # Zero is what both are when they are not given: then the other one decides.
        limits = [limit for limit in (count, percentage * self._total / 100) if limit]
        return failed > min(limits, default=0)

    def _failure(self) -> FailureEventException:
        typ = StatesErrorNameType.StatesExceedToleratedFailureThreshold
        details: Any = {"mapRunFailedEventDetails": {"error": typ.to_name(), "cause": _EXCEEDED}}
        return FailureEventException(
            FailureEvent(
                env=self._env,
                error_name=StatesErrorName(typ=typ),
                event_type=HistoryEventType.MapRunFailed,
                event_details=details,
            )
        )


def _text(at: float) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%M:%S.%f}"[:-3] + "Z"
