"""The faults in force, as an interceptor. They live in memory: a restart clears them."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from sandbox.aws.application import Next
from sandbox.aws.control import Control
from sandbox.aws.errors import SandboxError
from sandbox.aws.exchange import Answer, Call
from sandbox.aws.faults.asked import Asked, asked_by
from sandbox.aws.faults.kind import Kind
from sandbox.aws.faults.rule import ConnectionDropped, Fault
from sandbox.aws.wire import refused


@dataclass(kw_only=True)
class _Counted:
    fault: Fault
    covered: int = 0
    hit: int = 0


class Faults:
    """Takes faults, and does to calls what they say. The first one that hits a call wins; all of them count it."""

    def __init__(self) -> None:
        """None at first."""
        self._lock = threading.Lock()
        self._counted: dict[str, _Counted] = {}

    def serve(self, control: Control) -> None:
        """Answers GET, POST (one fault, or all or none of {"faults": […]}) and DELETE ({"id": …} or all) on faults."""
        control.add("GET", "faults", lambda _given: {"faults": self.listed()})
        control.add("POST", "faults", self._added)
        control.add("DELETE", "faults", lambda given: {"cleared": self.clear(given.get("id"))})

    def add(self, given: Sequence[Mapping[str, Any]]) -> list[str]:
        """Faults from now on; their ids. SandboxError, and none is added, when one of them is no fault."""
        faults = [_fault(one) for one in given]
        # Not counted from 1: an id of a process that ended must not clear a fault of the next one.
        added = {secrets.token_hex(3): _Counted(fault=fault) for fault in faults}
        with self._lock:
            self._counted |= added
        return list(added)

    def clear(self, number: str | None) -> list[dict[str, Any]]:
        """Ends one fault, or all; what they had done. SandboxError for an id that is not in force."""
        with self._lock:
            if number is not None and number not in self._counted:
                raise SandboxError(f"no fault {number!r} is in force; `python -m sandbox faults` lists them")
            gone = [key for key in self._counted if number in {None, key}]
            return [_shown(key, self._counted.pop(key)) for key in gone]

    def listed(self) -> list[dict[str, Any]]:
        """Every fault with how many calls it covered and how many it hit."""
        with self._lock:
            return [_shown(key, counted) for key, counted in self._counted.items()]

    def intercept(self, call: Call, following: Next) -> Answer:
        """Serves the call, unless a fault says otherwise. Raises ConnectionDropped for the two drops."""
        fault = self.of(asked_by(call)) if self._counted else None
        match fault.kind if fault is not None else None:
            case Kind.THROTTLE | Kind.ERROR:
                assert fault is not None
                return refused(call, fault.error(call.service))
            case Kind.DROP_BEFORE:
                raise ConnectionDropped
            case Kind.DROP_AFTER:
                raise ConnectionDropped(following(call))
            case Kind.DELAY:
                assert fault is not None
                time.sleep(fault.seconds)
        return following(call)

    def _added(self, given: Mapping[str, Any]) -> Mapping[str, Any]:
        if "faults" not in given:
            return {"id": self.add([given])[0]}
        if not isinstance(given["faults"], list):
            raise SandboxError('faults: must be a list of objects such as {"kind": "throttle", "service": "kms"}')
        return {"ids": self.add(given["faults"])}

    def of(self, asked: Asked) -> Fault | None:
        """The fault that happens to a call, which is counted."""
        with self._lock:
            chosen: Fault | None = None
            for counted in self._counted.values():
                if not counted.fault.covers(asked):
                    continue
                counted.covered += 1
                if chosen is None and counted.fault.hits(counted.covered):
                    counted.hit += 1
                    chosen = counted.fault
            return chosen


def _fault(given: Mapping[str, Any]) -> Fault:
    try:
        return Fault.model_validate(given)
    except ValidationError as exc:
        lines = [": ".join([*map(str, error["loc"]), error["msg"]]) for error in exc.errors()]
        raise SandboxError(f"no such fault: {'; '.join(lines).replace('Value error, ', '')}") from exc


def _shown(number: str, counted: _Counted) -> dict[str, Any]:
    return {"id": number, **counted.fault.model_dump(mode="json"), "covered": counted.covered, "hit": counted.hit}
