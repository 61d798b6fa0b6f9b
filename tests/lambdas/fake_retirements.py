"""EventBridge Scheduler's part in a rotation: plans, each of which the bench's clock makes due."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime
from typing import Any

from rotation.versions import Secret


class FakeRetirements:
    """One plan a secret; `around` sees every call, as FakeSecretsManager's does."""

    def __init__(self, around: Callable[[str], AbstractContextManager[Any]] = nullcontext) -> None:
        self.around = around
        self.plans: dict[str, tuple[str, datetime]] = {}
        self.repeated: dict[str, tuple[str, datetime]] = {}

    def plan(self, secret: Secret, token: str, at: datetime) -> None:
        with self.around("plan retirement"):
            self.plans[secret.name] = (token, at)

    def again(self, secret: Secret, token: str, at: datetime) -> None:
        with self.around("plan retirement again"):
            self.repeated.setdefault(secret.name, (token, at))

    def planned(self, secret: Secret) -> datetime | None:
        with self.around("planned retirement"):
            return self.plans[secret.name][1] if secret.name in self.plans else None

    def due(self, name: str, now: datetime) -> str | None:
        """The token of the plan that fires by now; the plan is gone then, as AWS deletes it."""
        for plans in (self.plans, self.repeated):
            if name in plans and plans[name][1] <= now:
                return plans.pop(name)[0]
        return None
