"""The execution environments of all functions: reused while warm, discarded when idle, old, crashed or outdated.

Outdated is also one that was started before the clock was advanced.
"""

import threading
import time
import uuid
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from sandbox.aws.errors import AwsError
from sandbox.aws.functions.code import CodeFolder
from sandbox.aws.functions.deployed import Credentials, Function
from sandbox.aws.functions.environment import Environment, Launch

# Below the hour that the role's temporary credentials live.
_OLDEST_SECONDS = 45 * 60.0


class EnvironmentPool:
    """Hands out environments, within each function's reserved concurrency."""

    def __init__(
        self,
        *,
        state: Path,
        endpoint: str,
        region: str,
        idle: float,
        interpreter: Callable[[], Path],
        assume_role: Callable[[str, str], Credentials],
        clock_offset: Callable[[], float] = lambda: 0.0,
    ) -> None:
        """`interpreter` gives the runtime's Python (built at the first use); `endpoint` is where functions find AWS.

        `clock_offset` is how far the clock was advanced: an environment of an earlier time is discarded, with its
        credentials, as Lambda would have done meanwhile.
        """
        self._endpoint = endpoint
        self._region = region
        self._idle_seconds = idle
        self._interpreter = interpreter
        self._assume_role = assume_role
        self._clock_offset = clock_offset
        self._code = CodeFolder(state / "functions" / "code")
        self._scratch = state / "functions" / "scratch"
        self._scratch.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._lock = threading.Lock()
        self._idle: dict[str, list[Environment]] = defaultdict(list)
        self._busy: dict[str, int] = defaultdict(int)
        self._running: set[Environment] = set()

    def acquire(self, function: Function) -> tuple[Environment, bool]:
        """An environment and whether it is new; TooManyRequestsException above the reserved concurrency."""
        with self._lock:
            if function.reserved_concurrency is not None and self._busy[function.name] >= function.reserved_concurrency:
                raise AwsError("TooManyRequestsException", "Rate Exceeded.", status=429)
            self._busy[function.name] += 1
            stale = self._take_stale(function)
            warm = self._idle[function.arn].pop() if self._idle[function.arn] else None
        for environment in stale:
            environment.close()
        try:
            environment = warm or self._start(function)
        except BaseException:
            self._leave(function)
            raise
        with self._lock:
            self._running.add(environment)
        return environment, warm is None

    def release(self, environment: Environment, *, reusable: bool) -> None:
        """Give an environment back; one that crashed or timed out is discarded."""
        function = environment.function
        self._leave(function)
        with self._lock:
            self._running.discard(environment)
            if reusable:
                self._idle[function.arn].append(environment)
        if not reusable:
            environment.close()

    def sweep(self) -> None:
        """Discard environments that were idle too long."""
        now = time.monotonic()
        gone: list[Environment] = []
        with self._lock:
            for arn, environments in self._idle.items():
                gone += [item for item in environments if now - item.last_used > self._idle_seconds]
                self._idle[arn] = [item for item in environments if now - item.last_used <= self._idle_seconds]
        for environment in gone:
            environment.close()

    def close(self) -> None:
        """Kill every running environment and discard the idle ones."""
        with self._lock:
            idle = [item for environments in self._idle.values() for item in environments]
            running = list(self._running)
            self._idle.clear()
        for environment in running:
            environment.kill()
        for environment in idle:
            environment.close()

    def _leave(self, function: Function) -> None:
        with self._lock:
            self._busy[function.name] -= 1

    def _take_stale(self, function: Function) -> list[Environment]:
        now, offset = time.monotonic(), self._clock_offset()
        environments = self._idle[function.arn]
        fresh = [
            item
            for item in environments
            if item.function.revision == function.revision
            and now - item.started < _OLDEST_SECONDS
            and item.clock_offset == offset
        ]
        self._idle[function.arn] = fresh
        return [item for item in environments if item not in fresh]

    def _start(self, function: Function) -> Environment:
        if not function.runtime.startswith("python"):
            raise AwsError(
                "InvalidParameterValueException",
                f"The local AWS runs Python functions only; {function.name} has runtime '{function.runtime}'.",
            )
        task_root = self._code.unpack(function.code)
        offset = self._clock_offset()
        credentials = self._assume_role(function.role, function.name)
        stream = f"{datetime.now(UTC):%Y/%m/%d}/[{function.version}]{uuid.uuid4().hex}"
        interpreter = self._interpreter()
        variables = {
            **function.environment,
            "AWS_ACCESS_KEY_ID": credentials.access_key,
            "AWS_SECRET_ACCESS_KEY": credentials.secret_key,
            "AWS_SESSION_TOKEN": credentials.token,
            "AWS_REGION": self._region,
            "AWS_DEFAULT_REGION": self._region,
            "AWS_EXECUTION_ENV": f"AWS_Lambda_{function.runtime}",
            "AWS_LAMBDA_FUNCTION_NAME": function.name,
            "AWS_LAMBDA_FUNCTION_VERSION": function.version,
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory),
            "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
            "AWS_LAMBDA_LOG_GROUP_NAME": function.log_group,
            "AWS_LAMBDA_LOG_STREAM_NAME": stream,
            "AWS_ENDPOINT_URL": self._endpoint,
            "_HANDLER": function.handler,
            "LAMBDA_TASK_ROOT": str(task_root),
            "LAMBDA_RUNTIME_DIR": str(interpreter.parent),
            "LANG": "en_US.UTF-8",
            "TZ": ":UTC",
            "PATH": f"{interpreter.parent}:/usr/local/bin:/usr/bin:/bin",
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        launch = Launch(
            interpreter=interpreter,
            task_root=task_root,
            scratch_root=self._scratch,
            variables=variables,
            log_stream=stream,
            clock_offset=offset,
        )
        return Environment(function, launch)
