"""What the servers themselves say about logins: every refusal and every login that got in, counted from their logs."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field

from proofs.login_clients import APPLICATION
from proofs.login_place import Place

_PASSWORD = re.compile(r'FATAL:  password authentication failed for user "(?P<user>[^"]+)"')
_FATAL = re.compile(r"FATAL:  (?P<text>.*)")
_AUTHORIZED = re.compile(r"connection authorized: user=.* application_name=" + APPLICATION)


@dataclass(kw_only=True)
class Told:
    """`refused`: password failures by engine. `other`: further fatal errors by text. `in_`: PostgreSQL's own count of
    the clients' logins, where a driver's hidden second attempt would show."""

    refused: Counter[str] = field(default_factory=Counter)
    other: Counter[str] = field(default_factory=Counter)
    in_: int = 0


class Logs:
    """The logs from now on."""

    def __init__(self, place: Place) -> None:
        """Remember where PostgreSQL's log ends, and empty Redis's."""
        self._place = place
        self._offset = place.postgres.log.stat().st_size
        with place.redis_session() as session:
            session.run("ACL", "LOG", "RESET")
            session.run("CONFIG", "RESETSTAT")

    def read(self) -> Told:
        """Everything since then."""
        told = Told()
        with self._place.postgres.log.open(encoding="utf-8", errors="replace") as log:
            log.seek(self._offset)
            for line in log:
                if "FATAL" in line:
                    self._count_fatal(line, told)
                elif _AUTHORIZED.search(line):
                    told.in_ += 1
        with self._place.redis_session() as session:
            for entry in session.run("ACL", "LOG", "100000"):
                fields = dict(zip(entry[::2], entry[1::2], strict=True))
                if fields["reason"] == "auth":
                    # Refusals of one user within a minute are one entry with a count (acl.c, addACLLogEntry).
                    told.refused["redis"] += int(fields["count"])
                else:
                    told.other[f"redis: {fields['reason']}"] += int(fields["count"])
            statistics = session.run("INFO", "errorstats")
        counted = re.search(r"errorstat_WRONGPASS:count=(\d+)", statistics)
        if int(counted[1] if counted else 0) != told.refused["redis"]:
            told.other["redis: INFO errorstats counts other refusals than ACL LOG"] += 1
        return told

    def _count_fatal(self, line: str, told: Told) -> None:
        fatal = _FATAL.search(line)
        if _PASSWORD.search(line):
            told.refused["postgres"] += 1
        elif fatal is not None:
            told.other[f"postgres: {fatal['text'][:80]}"] += 1
