"""One execution environment: a process that runs the deployed code, warm between invocations.

Source: https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html and configuration-envvars.html.
The memory limit is RLIMIT_DATA on the process, which is near to, but not, what Lambda's cgroup counts.
"""

import contextlib
import os
import queue
import resource
import select
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sandbox.aws.functions.deployed import Function
from sandbox.aws.functions.output import Output
from sandbox.aws.functions.runtime_api import Invocation, Reply, RuntimeApi

_MIB = 1024 * 1024
# The interpreter with boto3 and the runtime client maps this much before the function allocates anything.
_BASE_MIB = 128
_EXIT_SECONDS = 2.0
_BOOTSTRAP = Path(__file__).resolve().parents[2] / "runtime" / "bootstrap.py"


class TimedOutError(Exception):
    """The function, or its initialisation, did not answer in time; its process was killed."""


class ExitedError(Exception):
    """The process ended without an answer; `status` is how, in Lambda's words."""

    def __init__(self, status: str) -> None:
        super().__init__(status)
        self.status = status


@dataclass(frozen=True, kw_only=True)
class Launch:
    """What a process is started with; its wall clock is `clock_offset` seconds ahead of real time."""

    interpreter: Path
    task_root: Path
    scratch_root: Path
    variables: Mapping[str, str]
    log_stream: str
    clock_offset: float = 0.0


class Environment:
    """A process with its Runtime API, its scratch folder and its captured output."""

    def __init__(self, function: Function, launch: Launch) -> None:
        """Start the process; it inherits nothing but what `launch` names."""
        self.function = function
        self.log_stream = launch.log_stream
        self.clock_offset = launch.clock_offset
        self.started = time.monotonic()
        self.last_used = self.started
        self.invocations = 0
        self.output = Output()
        self._scratch = Path(tempfile.mkdtemp(prefix="tmp-", dir=launch.scratch_root))
        self._api = RuntimeApi()
        variables = {
            **launch.variables,
            "AWS_LAMBDA_RUNTIME_API": self._api.address,
            "TMPDIR": str(self._scratch),
            "HOME": str(self._scratch),
        }
        self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and the deployed handler's name
            [str(launch.interpreter), str(_BOOTSTRAP), repr(launch.clock_offset), function.handler],
            cwd=launch.task_root,
            env=variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        with contextlib.suppress(ProcessLookupError):
            limit = (function.memory + _BASE_MIB) * _MIB
            resource.prlimit(self._process.pid, resource.RLIMIT_DATA, (limit, limit))
        threading.Thread(target=self._watch, name=f"function-{function.name}", daemon=True).start()

    @property
    def is_warm(self) -> bool:
        """True once the runtime asked for its first event."""
        return self._api.ready.is_set()

    def wait_ready(self, timeout: float) -> Reply | None:
        """Wait for the end of initialisation: None when it succeeded, else the error that it reported."""
        deadline = time.monotonic() + timeout
        while not self._api.ready.wait(0.005):
            with contextlib.suppress(queue.Empty):
                reply = self._api.reply(0.001)
                if reply is None:
                    raise ExitedError(self._status())
                return reply
            if time.monotonic() > deadline:
                self.kill()
                raise TimedOutError
        return None

    def invoke(self, invocation: Invocation, timeout: float) -> Reply:
        """Run one event; kills the process and raises TimedOutError after `timeout` seconds."""
        self.invocations += 1
        self._api.send(invocation)
        try:
            reply = self._api.reply(timeout)
        except queue.Empty:
            self.kill()
            raise TimedOutError from None
        self.last_used = time.monotonic()
        if reply is None:
            raise ExitedError(self._status())
        return reply

    def drain(self) -> None:
        """Wait until the output written before the reply was read from the pipe, some milliseconds at most."""
        stream = self._process.stdout
        for _ in range(20):
            with contextlib.suppress(ValueError, OSError):
                if stream is None or stream.closed or not select.select([stream], [], [], 0)[0]:
                    break
            time.sleep(0.001)
        time.sleep(0.001)

    def peak_memory(self) -> int:
        """The most memory the process had resident, in MiB; 0 when it is gone."""
        try:
            status = Path(f"/proc/{self._process.pid}/status").read_text()
        except OSError:
            return 0
        return next((int(line.split()[1]) // 1024 for line in status.splitlines() if line.startswith("VmHWM")), 0)

    def kill(self) -> None:
        """End the process and everything it started."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)

    def close(self) -> None:
        """Discard the environment with its scratch folder."""
        self.kill()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(_EXIT_SECONDS)
        self._api.close()
        shutil.rmtree(self._scratch, ignore_errors=True)

    def _watch(self) -> None:
        stream = self._process.stdout
        if stream is not None:
            with contextlib.suppress(ValueError, OSError):
                for line in iter(stream.readline, b""):
                    self.output.add(line.decode("utf-8", "replace"))
            stream.close()
        self._process.wait()
        self._api.abandon()

    def _status(self) -> str:
        code = self._process.wait(_EXIT_SECONDS)
        return (
            f"signal: {signal.Signals(-code).name.removeprefix('SIG').lower()}" if code < 0 else f"exit status {code}"
        )
