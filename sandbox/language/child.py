"""Processes that the language host starts, and ends when it is told to."""

import contextlib
import queue
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

# What a program gets to end by itself after an interrupt, in seconds.
_GRACE = 5.0


@dataclass(kw_only=True)
class Children:
    """The running processes of one host."""

    _running: set[subprocess.Popen[bytes]] = field(default_factory=set)

    def start(
        self, command: Sequence[str], *, cwd: Path, env: Mapping[str, str], piped: bool
    ) -> subprocess.Popen[bytes]:
        """Start `command`; unless `piped`, its output goes where the host's goes: to the engine's display."""
        pipe = subprocess.PIPE if piped else None
        process = subprocess.Popen(  # noqa: S603 - the project's own interpreter
            command, cwd=cwd, env=dict(env), stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe
        )
        self._running.add(process)
        return process

    def wait(self, process: subprocess.Popen[bytes]) -> int:
        """The exit code of `process`."""
        code = process.wait()
        self._running.discard(process)
        return code

    def end(self) -> None:
        """End everything that still runs."""
        for process in list(self._running):
            interrupt(process)


def interrupt(process: subprocess.Popen[bytes]) -> None:
    """Ask `process` to end, and kill it after five seconds."""
    if process.poll() is not None:
        return
    with contextlib.suppress(ProcessLookupError):
        process.terminate()
    try:
        process.wait(timeout=_GRACE)
    except subprocess.TimeoutExpired:
        process.kill()


def output(process: subprocess.Popen[bytes]) -> Iterator[tuple[bool, bytes]]:
    """(whether it is stdout, bytes) as `process` writes them, until both streams end."""
    lines: queue.Queue[tuple[bool, bytes] | None] = queue.Queue()

    def drain(stream: IO[bytes], is_stdout: bool) -> None:
        with stream:
            for line in stream:
                lines.put((is_stdout, line))
        lines.put(None)

    for stream, is_stdout in ((process.stdout, True), (process.stderr, False)):
        if stream is None:
            raise ValueError("the process was started without pipes; start it with piped=True")
        threading.Thread(target=drain, args=(stream, is_stdout), daemon=True).start()
    open_streams = 2
    while open_streams:
        item = lines.get()
        if item is None:
            open_streams -= 1
        else:
            yield item
