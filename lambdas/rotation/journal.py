"""Structured log lines: one JSON object a line on standard output, where Lambda collects it."""

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from time import monotonic


@dataclass(frozen=True, kw_only=True)
class Journal:
    """Writes lines {level, event, secret, token, step, target, ms, error} for one invocation.

    Takes only fixed event names and texts of RotationError, so no value of a secret can get in. `ms` counts from the
    invocation's start.
    """

    secret: str
    token: str
    step: str
    target: str
    started: float = field(default_factory=monotonic)

    def info(self, event: str) -> None:
        """Something happened as it should."""
        self._write("INFO", event, None)

    def warning(self, event: str, error: str) -> None:
        """It went on, and a person should know."""
        self._write("WARNING", event, error)

    def outcome(self, event: str, stragglers: Sequence[str]) -> None:
        """How a retirement ended; whoever was in its way is named."""
        if stragglers:
            self.warning(event, "; ".join(stragglers))
        else:
            self.info(event)

    def error(self, event: str, error: str) -> None:
        """It did not go on."""
        self._write("ERROR", event, error)

    def _write(self, level: str, event: str, error: str | None) -> None:
        line: Mapping[str, object] = {
            "level": level,
            "event": event,
            "secret": self.secret,
            "token": self.token,
            "step": self.step,
            "target": self.target,
            "ms": round((monotonic() - self.started) * 1000),
            "error": error,
        }
        sys.stdout.write(json.dumps(line) + "\n")
        sys.stdout.flush()
