"""Processes, accounts and ports of the local servers: who runs, as whom, and where."""

import os
import pwd
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from sandbox.servers.errors import ServerError

HOST = "127.0.0.1"
STOP_SECONDS = 15
_POLL_SECONDS = 0.02


@dataclass(frozen=True, kw_only=True)
class Account:
    """The system account that a server runs as when we are root. Databases refuse to run as root, rightly."""

    name: str
    uid: int
    gid: int

    def take(self, path: Path) -> None:
        """Make a file or folder the account's own."""
        os.chown(path, self.uid, self.gid)


def account(name: str) -> Account | None:
    """The account to switch to, or None when we are not root: then servers run as whoever calls."""
    if os.geteuid() != 0:
        return None
    try:
        entry = pwd.getpwnam(name)
    except KeyError as error:
        raise ServerError(f"system account '{name}' does not exist; install the package that makes it") from error
    return Account(name=name, uid=entry.pw_uid, gid=entry.pw_gid)


def private_folder(path: Path, owner: Account | None) -> Path:
    """A folder that only its owner may read, at a place that the owner can reach."""
    path.mkdir(parents=True, exist_ok=True)
    path.chmod(0o700)
    if owner is not None:
        owner.take(path)
        _require_reachable(path, owner)
    return path


def run(command: Sequence[str | Path], owner: Account | None, stdin: str | None = None, seconds: float = 60) -> str:
    """Run a command as the account and return its output; ServerError with the end of what it said when it fails."""
    try:
        # S603: the commands are built in this folder from paths that we found, without a shell.
        done = subprocess.run(  # noqa: S603
            [str(word) for word in command],
            input=stdin if stdin is not None else "",
            capture_output=True,
            text=True,
            timeout=seconds,
            cwd="/",
            check=False,
            user=owner.uid if owner else None,
            group=owner.gid if owner else None,
            extra_groups=[] if owner else None,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ServerError(f"'{command[0]}' did not run to its end ({type(error).__name__}); run it by hand") from error
    if done.returncode != 0:
        raise ServerError(f"'{command[0]}' failed with code {done.returncode}: {tail(done.stdout + done.stderr)}")
    return done.stdout + done.stderr


def tail(text: str, lines: int = 5) -> str:
    """The end of a log, on one line."""
    return " | ".join(line.strip() for line in text.strip().splitlines()[-lines:]) or "it said nothing"


def is_ours(pid: int, executable: str, folder: Path) -> bool:
    """Whether a process lives, is this program and works in this folder. A pid file alone proves nothing after kill -9.

    Reads /proc, which Linux has; a zombie has no working folder there and counts as dead.
    """
    entry = Path(f"/proc/{pid}")
    try:
        name = (entry / "comm").read_text(encoding="utf-8").strip()
        return name == executable and (entry / "cwd").resolve(strict=True) == folder.resolve()
    except OSError:
        return False


def end(pid: int, with_signal: signal.Signals, alive: Callable[[], bool], what: str) -> None:
    """Send a signal and wait until the process is gone; ServerError after STOP_SECONDS."""
    try:
        os.kill(pid, with_signal)
    except ProcessLookupError:
        return
    if not until(lambda: not alive(), STOP_SECONDS):
        raise ServerError(
            f"{what} (pid {pid}) did not stop in {STOP_SECONDS} s; look into its log, then end it by hand"
        )


def until(condition: Callable[[], bool], seconds: float) -> bool:
    """Wait for a condition, looking 50 times a second; False when the time is over."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(_POLL_SECONDS)
    return True


def choose_port(wanted: int | None, remembered: Path, what: str) -> int:
    """The port to start on: the wanted one, else the last one, else a free one. A busy wanted port is a ServerError."""
    if wanted is not None:
        if not _free(wanted):
            raise ServerError(
                f"port {wanted} on {HOST} is in use, so {what} cannot start; choose another port or free it"
            )
        return wanted
    if remembered.exists():
        last = int(remembered.read_text(encoding="ascii"))
        if _free(last):
            return last
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def answers(port: int) -> bool:
    """Whether something accepts connections on the port."""
    try:
        socket.create_connection((HOST, port), timeout=1).close()
    except OSError:
        return False
    return True


def _free(port: int) -> bool:
    with socket.socket() as probe:
        # A server may bind over connections that still linger in TIME_WAIT, so the probe may too.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True


def _require_reachable(path: Path, owner: Account) -> None:
    for parent in path.resolve().parents:
        status = parent.stat()
        mode = 0o100 if status.st_uid == owner.uid else 0o010 if status.st_gid == owner.gid else 0o001
        if not status.st_mode & mode:
            raise ServerError(
                f"account '{owner.name}' cannot pass through {parent}, which leads to its data; "
                f"run `chmod o+x {parent}` or keep the data elsewhere"
            )
