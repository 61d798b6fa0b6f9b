"""One run of the real function, led call by call."""

from __future__ import annotations

import threading
from typing import Protocol

from rotation.errors import RotationError
from tests.lambdas.workbench import PREFIX, Bench, Crash

NAME = PREFIX + "thing-password"
STEPS = {"createSecret": "create", "setSecret": "set", "testSecret": "test", "finishSecret": "finish"}


class Stage(Protocol):
    """Where a run plays: the bench, and which thread is which run, for the tap."""

    bench: Bench
    runs_by_thread: dict[int, RealRun]


class RealRun:
    """One run of the function in a thread of its own, which stands still before each call that the model knows."""

    def __init__(self, stage: Stage, token: str, *, retirer: bool) -> None:
        self.token, self.retirer = token, retirer
        self.call: str | None = None
        self._stage, self._step, self._names = stage, "", list[str]()
        self._go, self._stands, self._dies = threading.Semaphore(0), threading.Semaphore(0), False
        self.fault: BaseException | None = None
        self.failed = False
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        self._stands.acquire()

    def advance(self) -> None:
        """Let it make the call that it stands before, up to the next one that the model knows."""
        self._go.release()
        self._stands.acquire()
        if self.fault is not None:
            raise self.fault

    def die(self) -> None:
        """Its process ends before the call that it stands before."""
        self._dies = True
        self.advance()

    def tap(self, name: str) -> None:
        """Stand still if the model knows this call."""
        call = self._known(name)
        self._names.append(name.split("(")[0])
        if call is None:
            return
        self.call = call
        self._stands.release()
        self._go.acquire()
        if self._dies:
            raise Crash(name)

    def _known(self, name: str) -> str | None:
        step, made = self._step, self._names
        ending = step in ("createSecret", "retireSecret")
        grabbed = any("pg_advisory" in each or each == "ACL GETUSER" for each in made)
        if name == "DescribeSecret":
            if not made:
                return "retire" if self.retirer else STEPS[step]
            return "end unchanged" if ending and grabbed and "COMMIT" not in made else None
        if "pg_advisory" in name:
            return "end lock" if ending else "set lock"
        if name == "ACL GETUSER":
            return "end hashes" if ending else "set hashes"
        if name == "GetSecretValue":
            return "set pending" if step == "setSecret" and grabbed else None
        if name == "sql COMMIT" or (name in ("ACL SETUSER", "CONFIG GET") and "ACL SETUSER" not in made):
            return "end power" if ending else "set power"
        if name == "UpdateSecretVersionStage":
            if ending:
                return "end label"
            return "promote" if "GetSecretValue" in made and name not in made else "clear"
        return {"PutSecretValue": "put", "plan retirement": "plan", "plan retirement again": "again"}.get(name)

    def _run(self) -> None:
        self._stage.runs_by_thread[threading.get_ident()] = self
        try:
            if self.retirer:
                self._step = "retireSecret"
                self._stage.bench.retire(NAME, self.token)
            else:
                for self._step in STEPS:
                    self._names = []
                    self._stage.bench.step(NAME, self.token, self._step)
                self._stage.bench.fake.succeeded(NAME)
        except (RotationError, Crash):
            self.failed = True
        except BaseException as error:  # noqa: BLE001 - told to whoever leads the trace
            self.fault = error
        self.call = None
        self._stands.release()
