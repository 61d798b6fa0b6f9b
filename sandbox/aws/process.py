"""The local AWS as a process of its own: started once, found again, stopped by name of its token."""

import http.client
import json
import os
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from sandbox.aws.errors import SandboxError
from sandbox.aws.settings import CONTROL_PREFIX, LOOPBACK, TOKEN_HEADER

READY_FILE = "aws.json"
LOG_FILE = "aws.log"
_ROOT = Path(__file__).resolve().parents[2]
_LOG_LINES = 15
# A child that outlives its starter is meant to: kept here, it is not complained about when collected.
_children: dict[int, "subprocess.Popen[bytes]"] = {}


@dataclass(frozen=True, kw_only=True)
class LocalAws:
    """A running local AWS: where it answers, and its process."""

    endpoint: str
    port: int
    pid: int
    token: str
    account: str
    region: str
    state: Path

    def ask(
        self, method: str, path: str, body: Mapping[str, Any] | None = None, *, timeout: float = 600.0
    ) -> dict[str, Any]:
        """What the route /_sandbox/`path` answers to `body`, which is the query of a GET.

        SandboxError with its text when it refuses, or is not there.
        """
        connection = http.client.HTTPConnection(LOOPBACK, self.port, timeout=timeout)
        try:
            target = CONTROL_PREFIX + path
            if method == "GET":
                target += f"?{urlencode(body)}" if body else ""
                connection.request(method, target, headers={TOKEN_HEADER: self.token})
            else:
                connection.request(method, target, body=json.dumps(body or {}), headers={TOKEN_HEADER: self.token})
            response = connection.getresponse()
            answer: dict[str, Any] = json.loads(response.read())
        except (OSError, http.client.HTTPException) as exc:
            raise SandboxError(f"the local AWS on {self.endpoint} does not answer: {type(exc).__name__}") from exc
        finally:
            connection.close()
        if response.status != 200:
            raise SandboxError(answer["message"])
        return answer


def start(
    state: Path,
    account: str,
    region: str,
    *,
    port: int = 0,
    timeout: float = 30.0,
    retry_delays: Sequence[float] = (2.0, 5.0, 10.0),
) -> LocalAws:
    """The local AWS on this state folder: the running one, else a new process that answers when this returns.

    SandboxError when the port is taken, the process dies or is not ready within `timeout` seconds, with the last lines
    of its log; or when the running one belongs to another account or region.
    """
    _reap()
    running = find(state)
    if running is not None:
        if (running.account, running.region) != (account, region):
            raise SandboxError(
                f"the local AWS on {state} is of account {running.account} in {running.region}, not of {account} in "
                f"{region}; stop it or use another state folder"
            )
        return running
    state.mkdir(parents=True, exist_ok=True, mode=0o700)
    port = port or _last_port(state)
    (state / READY_FILE).unlink(missing_ok=True)
    token = str(uuid.uuid4())
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "MOTO_"))}
    command = [sys.executable, "-m", "sandbox.aws", "--port", str(port), "--state", str(state), "--account", account]
    command += ["--region", region, "--retry-delays", ",".join(str(delay) for delay in retry_delays)]
    with (state / LOG_FILE).open("ab") as log:
        process = subprocess.Popen(  # noqa: S603 - our own module
            command,
            cwd=_ROOT,
            env={**environment, "LLMOBS_AWS_TOKEN": token},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    _children[process.pid] = process
    return _wait_ready(process, state, token, timeout)


def find(state: Path) -> LocalAws | None:
    """The process that runs on this state folder and proves it by its token, or None."""
    try:
        ready = json.loads((state / READY_FILE).read_text())
        health = _get_health(int(ready["port"]))
    except (OSError, ValueError, KeyError, http.client.HTTPException):
        return None
    if health.get("token") != ready["token"]:
        return None
    return LocalAws(
        endpoint=f"http://{LOOPBACK}:{ready['port']}",
        port=int(ready["port"]),
        pid=int(health["pid"]),
        token=health["token"],
        account=health["account"],
        region=health["region"],
        state=state,
    )


def stop(state: Path, *, timeout: float = 15.0) -> bool:
    """Stop the process on this state folder; False when none runs. SandboxError when it does not end in time."""
    running = find(state)
    if running is None:
        return False
    running.ask("POST", "shutdown", timeout=5)
    deadline = time.monotonic() + timeout
    while _is_alive(running.pid):
        if time.monotonic() > deadline:
            raise SandboxError(
                f"the local AWS (pid {running.pid}) did not end within {timeout:.0f} s; end it by its pid"
            )
        time.sleep(0.02)
    _reap()
    return True


def _last_port(state: Path) -> int:
    """The port of the last process on this state folder, which a shell may still know; 0 when it is not free."""
    try:
        port = int(json.loads((state / READY_FILE).read_text())["port"])
        socket.create_server((LOOPBACK, port)).close()
    except (OSError, ValueError, KeyError):
        return 0
    return port


def _wait_ready(process: "subprocess.Popen[bytes]", state: Path, token: str, timeout: float) -> LocalAws:
    deadline = time.monotonic() + timeout
    while True:
        found = find(state)
        if found is not None and found.token == token:
            return found
        if process.poll() is not None:
            raise SandboxError(
                f"the local AWS ended with exit code {process.returncode} before it was ready:\n{_last_lines(state)}"
            )
        if time.monotonic() > deadline:
            process.terminate()
            process.wait(10)
            raise SandboxError(f"the local AWS was not ready within {timeout:.0f} s:\n{_last_lines(state)}")
        time.sleep(0.02)


def _get_health(port: int) -> dict[str, Any]:
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=5)
    try:
        connection.request("GET", "/_sandbox/health")
        health: dict[str, Any] = json.loads(connection.getresponse().read())
        return health
    finally:
        connection.close()


def _reap() -> None:
    """Take leave of children that ended, be it because another process stopped them."""
    for pid in [pid for pid, child in list(_children.items()) if child.poll() is not None]:
        _children.pop(pid, None)


def _is_alive(pid: int) -> bool:
    child = _children.get(pid)
    if child is not None:
        # A child of this very process stays a zombie until it is waited for.
        return child.poll() is None
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"  # ended, and whoever started it has not looked yet


def _last_lines(state: Path) -> str:
    try:
        return "\n".join((state / LOG_FILE).read_text(errors="replace").splitlines()[-_LOG_LINES:])
    except OSError:
        return "(it wrote no log)"
