"""What a sandbox does outside of AWS when a rotation has succeeded: a command a secret, from a file beside the state.

A server whose certificate was renewed has no machine here on which a timer would fetch it.
"""

import json
import logging
import subprocess
from collections.abc import Mapping
from pathlib import Path

from sandbox.aws.secretsmanager.model import Secret
from sandbox.aws.secretsmanager.rotation_worker import RotationEvent

_log = logging.getLogger(__name__)
FILE = "after-rotation.json"
_SUCCEEDED = "RotationSucceeded"
_SECONDS = 60
_ROOT = Path(__file__).resolve().parents[2]


class AfterRotation:
    """Runs the command of a secret to its end before the worker goes on, after the event itself was handled."""

    def __init__(self, state: Path, then: RotationEvent) -> None:
        """`then` handles every event. The file is read at each rotation, so it may come later."""
        self._file = state / FILE
        self._then = then

    def told(self, event: str, secret: Secret, detail: str) -> None:
        """Run the command of this secret, if it was rotated and has one. A failure is a line of the log."""
        self._then(event, secret, detail)
        command = self._commands().get(secret.name) if event == _SUCCEEDED else None
        if command is None:
            return
        try:
            done = subprocess.run(  # noqa: S603 - the command that this sandbox was started with
                command,
                cwd=_ROOT,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=_SECONDS,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as exc:
            _log.warning("after the rotation of %s: %s", secret.name, type(exc).__name__)
            return
        if done.returncode != 0:
            _log.warning("after the rotation of %s: %s", secret.name, (done.stderr or done.stdout).strip()[-500:])

    def _commands(self) -> Mapping[str, list[str]]:
        try:
            found: Mapping[str, list[str]] = json.loads(self._file.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        return found
