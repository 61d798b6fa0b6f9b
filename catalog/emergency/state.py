"""States of a machine, as Amazon States Language writes them in JSON."""

from __future__ import annotations

State = dict[str, object]
States = dict[str, State]
