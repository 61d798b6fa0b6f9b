"""A secret of the fake AWS, with labels that move as in AWS."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from typing import Any

CURRENT, PENDING, PREVIOUS, MARKER = "AWSCURRENT", "AWSPENDING", "AWSPREVIOUS", "LLMOBS_BOOTSTRAP"
SUPPLIED = "LLMOBS_SUPPLIED"


@dataclass
class FakeVersion:
    text: str | None
    labels: set[str] = field(default_factory=set)
    created: float = field(default_factory=time.time)


@dataclass
class FakeSecret:
    target: str
    versions: dict[str, FakeVersion] = field(default_factory=dict)
    rotated: float | None = None
    next_rotation: float | None = None
    fails_with: str | None = None
    crashes_with: str | None = None
    makes: dict[str, object] = field(default_factory=dict)
    takes_supplied: bool = True
    looks_left: int = 0
    attempts: int = 0

    def holder(self, label: str) -> str | None:
        return next((id_ for id_, version in self.versions.items() if label in version.labels), None)

    def move(self, label: str, to: str) -> None:
        before = self.holder(label)
        if before == to:
            return
        if before:
            self.versions[before].labels.discard(label)
        self.versions[to].labels.add(label)
        if label == CURRENT and before:
            self.move(PREVIOUS, before)

    def document(self) -> dict[str, Any]:
        current = self.holder(CURRENT)
        assert current is not None
        return dict(json.loads(self.versions[current].text or "{}"))
