"""How far an emergency is, secret by secret, from labels alone; and the wait for its end.

A secret's version has an id that follows from incident and name, so DescribeSecret says where it is: it is allowed far
more often than anything of Step Functions, and still only what is not done yet is looked at, a screenful at a time.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum

from catalog.emergency.scope import BY_HAND, plan
from catalog.emergency.version import token
from catalog.model import Catalog, Secret
from secretsctl.emergency import Counts, Emergencies, Run, Scope
from stores.aws import AwsStore
from stores.store import CURRENT, PENDING, PREVIOUS, Metadata, StoreError

LOOK_SECONDS = 2.0
COUNT_EVERY = 3
"""Looks between two counts of the stages: catalog/emergency has up to five, and each is a call of Step Functions."""
MOST_LOOKED_AT = 40
MOST_LOST = 5
"""Looks in a row that may fail before it is an error."""


class Where(StrEnum):
    """Where a secret is."""

    BY_HAND = "by hand"
    NO_VALUE = "no value"
    WAITING = "waiting"
    ROTATING = "rotating"
    ROTATED = "rotated"  # the new version is current, the old credential not retired yet
    RETIRED = "retired"
    FAILED = "failed"
    UNKNOWN = "unknown"  # may not be looked at


DONE = frozenset({Where.RETIRED, Where.NO_VALUE, Where.BY_HAND, Where.FAILED, Where.UNKNOWN})


@dataclass(frozen=True, kw_only=True)
class Line:
    """One secret; `seconds` counts from the start of the emergency to where it is now."""

    secret: Secret
    version: str
    where: Where = Where.WAITING
    seconds: int | None = None
    error: str | None = None


@dataclass(frozen=True, kw_only=True)
class Progress:
    """One look at everything."""

    run: Run
    lines: Mapping[str, Line]
    counts: Sequence[Counts] = field(default_factory=tuple)

    def number(self, *wheres: Where) -> int:
        """How many secrets are there."""
        return sum(line.where in wheres for line in self.lines.values())


def concerned(catalog: Catalog, scope: Scope) -> dict[str, list[Secret]]:
    """The secrets of a scope by stage, in the order of their rotation, and those by hand.

    The machine's own catalogue is the one of its deployment; this is the one of the checkout.
    """
    if scope == "all":
        secrets = list(catalog.secrets)
    elif isinstance(scope, Mapping) and "tier" in scope:
        secrets = [secret for secret in catalog.secrets if secret.tier == scope["tier"]]
    else:
        named = scope.get("secrets", ()) if isinstance(scope, Mapping) else ()
        wanted = named if isinstance(named, Sequence) else ()
        secrets = [catalog.by_name[name] for name in wanted if name in catalog.by_name]
    return {stage: [catalog.by_name[name] for name in found] for stage, found in plan(catalog, secrets).items()}


class Follower:
    """Follows one run to its end. Changes nothing: it may be stopped and started again at any time."""

    def __init__(
        self,
        emergencies: Emergencies,
        store: AwsStore,
        catalog: Catalog,
        *,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._emergencies = emergencies
        self._store = store
        self._catalog = catalog
        self._sleep = sleep

    def follow(self, run: Run) -> Iterator[Progress]:
        """One progress a look, the last one when the run is over."""
        stages = concerned(self._catalog, run.order.scope)
        lines = {
            secret.name: Line(
                secret=secret,
                version=token(run.order.incident, secret.name),
                where=Where.BY_HAND if stage == BY_HAND else Where.WAITING,
            )
            for stage, secrets in stages.items()
            for secret in secrets
        }
        counts: Sequence[Counts] = ()
        turn = 0
        while not run.is_over:
            open_lines = [line for line in lines.values() if line.where not in DONE]
            lines |= self._looked_at(run, open_lines[:MOST_LOOKED_AT])
            if turn % COUNT_EVERY == 0:
                counts = self._counted(run, counts)
            yield Progress(run=run, lines=lines, counts=counts)
            turn += 1
            self._sleep(LOOK_SECONDS)
            run = self._looked(run)
        lines |= self._looked_at(run, [line for line in lines.values() if line.where not in DONE])
        yield Progress(run=run, lines=_concluded(run, lines), counts=self._counted(run, counts))

    def _looked(self, run: Run) -> Run:
        """The run as it is now: one answer that gets lost must not end the watch over an emergency."""
        for _ in range(MOST_LOST):
            try:
                return self._emergencies.look(run.arn)
            except StoreError:
                self._sleep(LOOK_SECONDS)
        return self._emergencies.look(run.arn)

    def _counted(self, run: Run, before: Sequence[Counts]) -> Sequence[Counts]:
        try:
            return self._emergencies.counts(run.arn)
        except StoreError:
            return before  # it is for the title of the table alone

    def _looked_at(self, run: Run, lines: Sequence[Line]) -> dict[str, Line]:
        found = {}
        for line in lines:
            try:
                where = _where(self._store.describe(line.secret.name), line.version)
                error = None
            except StoreError as exc:
                where, error = Where.UNKNOWN, str(exc)
            if where is not line.where:
                passed = round((datetime.now(UTC) - run.started).total_seconds())
                found[line.secret.name] = replace(line, where=where, error=error, seconds=passed)
        return found


def _where(metadata: Metadata, version: str) -> Where:
    ours = next((found for found in metadata.versions if found.id == version), None)
    if ours is None:
        return Where.WAITING if metadata.has_value else Where.NO_VALUE
    if PENDING in ours.labels and CURRENT not in ours.labels:
        return Where.ROTATING
    previous = metadata.holder(PREVIOUS)
    unretired = previous is not None and previous.id != version and not previous.is_marker
    return Where.ROTATED if unretired and CURRENT in ours.labels else Where.RETIRED


def _concluded(run: Run, lines: Mapping[str, Line]) -> Mapping[str, Line]:
    """The lines with what the machine told at its end: labels do not say why something failed.

    Where labels of retired credentials are left for later, only the machine's word says that they are retired.
    """
    causes = {cause.partition(":")[0]: cause.partition(": ")[2] for cause in run.summary.get("what_failed", ())}
    told = bool(run.summary)
    concluded = {}
    for name, line in lines.items():
        if name in causes:
            line = replace(line, where=Where.FAILED, error=causes[name])
        elif told and line.where is Where.ROTATED:
            line = replace(line, where=Where.RETIRED)
        concluded[name] = line
    return concluded
