"""What consumers hold: each version that was AWSCURRENT, and when it last was."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta


@dataclass
class Consumers:
    """`last` has the last moment at which somebody could read a version as AWSCURRENT and log in with it.

    Who read it then may use it for as long as the overlap (invariant 2). A version that did not work when it was read,
    after a restore of the server, is nobody's loss later.
    """

    last: dict[str, datetime] = field(default_factory=dict)

    def read(self, version: str, now: datetime, *, works: bool) -> None:
        """Somebody reads the secret now."""
        if works:
            self.last[version] = now
        else:
            self.last.pop(version, None)

    def holding(self, now: datetime, overlap: timedelta) -> list[str]:
        """The versions that must log in, because a consumer's cache may hold them."""
        return [version for version, seen in self.last.items() if now - seen < overlap]

    def forget_all_but(self, version: str | None) -> None:
        """An emergency gives caches up on purpose, and a restore of the server breaks them."""
        self.last = {id_: seen for id_, seen in self.last.items() if id_ == version}
