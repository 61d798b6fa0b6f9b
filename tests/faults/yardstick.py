"""What must hold: invariants 1 to 4 of the design, looked at with real logins. Each breach is a sort and a sentence."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import NamedTuple

from rotation.errors import RotationError
from tests.faults.acts import LATER, NotRetiredError, end_previous
from tests.faults.case import CURRENT, OVERLAP, PENDING, PREVIOUS, Case

LOCKOUT, STUCK, ALIVE, LEFT = "lockout", "stuck", "alive", "left over"


class Breach(NamedTuple):
    """lockout: a login that must work is refused. stuck: not recovered in two runs. alive: a retired credential works.
    left over: a label or plan is not as it must be."""

    sort: str
    text: str


def standing(case: Case) -> Iterator[Breach]:
    """At any moment, also between a death and the recovery."""
    if not case.subject.cached:
        # One credential: while it changes, some version works, and the next run finds it.
        documents = case.documents()
        lost = case.secret.holder(CURRENT) in documents and not any(map(case.subject.logs_in, documents.values()))
        if lost and not case.restored:
            yield Breach(LOCKOUT, "no existing version logs in")
        return
    if not case.look() and not case.restored:
        yield Breach(LOCKOUT, "AWSCURRENT is refused")
    yield from _cached(case)


def recovered(case: Case) -> Iterator[Breach]:
    """When a run has succeeded: everything, then the end of the old credential at its time, then the next rotation."""
    if not case.look():
        yield Breach(LOCKOUT, "AWSCURRENT is refused")
    yield from _cached(case)
    yield from _labels(case)
    yield from _end(case)
    if case.restored or case.subject.target.issued:
        # What a restore has revived, or an issuer made for a version that was never published, is nobody's any more:
        # the next rotation and its retirement end it.
        yield from _next(case)
        yield from _end(case)
    yield from _retired(case)


def _cached(case: Case) -> Iterator[Breach]:
    if case.token.startswith("emergency-"):
        case.consumers.forget_all_but(case.secret.holder(CURRENT))
    if case.subject.cached:
        documents = case.documents()
        for version in case.consumers.holding(case.now, OVERLAP):
            if version != case.secret.holder(CURRENT) and not case.subject.logs_in(documents[version]):
                yield Breach(LOCKOUT, f"a consumer's cached value is refused ({_labels_of(case, version)})")


def _labels(case: Case) -> Iterator[Breach]:
    if case.secret.holder(PENDING) is not None:
        yield Breach(LEFT, "AWSPENDING is left over")
    if not case.secret.rotation_enabled:
        yield Breach(LEFT, "rotation is off")
    waiting = case.secret.holder(PREVIOUS) in case.documents()
    if waiting and case.subject.target.retires and case.subject.name not in case.bench.retirements.plans:
        yield Breach(LEFT, "AWSPREVIOUS has power and nothing plans its end")


def _end(case: Case) -> Iterator[Breach]:
    """The plan fires, and the one that it makes when it was too early: the overlap counts from the end of the run."""
    for last in (False, True):
        plan = case.bench.retirements.plans.get(case.subject.name)
        if plan is None:
            return
        case.wait(max(plan[1] - case.now, timedelta(0)))
        try:
            end_previous(case)
        except (RotationError, NotRetiredError) as error:
            if last or str(error) != "too early":
                yield Breach(STUCK, f"the retirement at its time: {error}")
        if not case.look():
            yield Breach(LOCKOUT, "AWSCURRENT is refused after the retirement")


def _next(case: Case) -> Iterator[Breach]:
    case.wait(LATER)
    case.bench.fake.cancel_pending(case.subject.name)  # _labels() has said so, if it was left over
    try:
        case.begin()
        case.steps(case.token)
    except RotationError as error:
        yield Breach(STUCK, f"the next rotation: {error}")
    if not case.look():
        yield Breach(LOCKOUT, "AWSCURRENT is refused after the next rotation")


def _retired(case: Case) -> Iterator[Breach]:
    current = case.secret.holder(CURRENT) or ""
    if not (case.subject.revokes or current.startswith("emergency-")):
        return
    for version in sorted(case.subject.working() - {current}):
        yield Breach(ALIVE, f"a version that is not AWSCURRENT logs in ({_labels_of(case, version)})")
    # The server's own word is not enough for the one that was in use.
    previous = max((v for v in case.consumers.last if v != current), key=case.consumers.last.__getitem__, default=None)
    if previous is not None and case.subject.logs_in(case.documents()[previous]):
        yield Breach(ALIVE, f"the credential before AWSCURRENT logs in ({_labels_of(case, previous)})")


def _labels_of(case: Case, version: str) -> str:
    return f"{version.split('-')[0]} {', '.join(sorted(case.secret.versions[version].stages)) or 'no label'}"
