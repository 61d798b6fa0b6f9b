"""Step Functions, loaded when it is first used: importing moto's interpreter takes as long as starting all the rest."""

from __future__ import annotations

import importlib
import sys
import threading
from typing import TYPE_CHECKING, Any

from sandbox.aws.clock.agenda import Agenda
from sandbox.aws.exchange import Answer, Call

if TYPE_CHECKING:
    from sandbox.aws.states.executions import Executions

_INTERPRETER = "moto.stepfunctions.parser.models"


class StepFunctions:
    """Loads the interpreter and our changes to it at the first call, or when an earlier process left state machines."""

    def __init__(self, *, agenda: Agenda, account: str, **surroundings: Any) -> None:
        """`surroundings` are the arguments of `Executions`."""
        self._agenda = agenda
        self._account = account
        self._surroundings = surroundings
        self._lock = threading.Lock()
        self._loaded: Executions | None = None

    def answer(self, call: Call) -> Answer | None:  # noqa: ARG002 - a service's signature
        """Leave the call to moto, whose interpreter is ours by then."""
        self._load()
        return None

    def resume(self) -> None:
        """End what an earlier process was in the middle of; its state, once restored, has loaded the interpreter."""
        if _INTERPRETER in sys.modules:
            self._load().end_interrupted(self._account)

    def _load(self) -> Executions:
        with self._lock:
            if self._loaded is None:
                made: Executions = importlib.import_module("sandbox.aws.states.executions").Executions(
                    **self._surroundings
                )
                made.install()
                made.serve(self._agenda)
                self._loaded = made
            return self._loaded
