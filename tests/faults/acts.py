"""What dies: a rotation, the end of an old credential, a heal, an emergency. Each starts from a world of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from rotation.retiring import MARGIN
from tests.faults.case import OVERLAP, PREVIOUS, Case
from tests.faults.subject import Subject


class NotRetiredError(Exception):
    """A retirement that is due has another outcome; the text says which."""


# When the plan of a retirement fires, and the next rotation may begin.
LATER = OVERLAP + MARGIN + MARGIN


class Act(Protocol):
    """urgent: its versions are an emergency's, so nothing waits for an overlap."""

    @property
    def id(self) -> str: ...
    @property
    def urgent(self) -> bool: ...

    def applies(self, subject: Subject) -> bool:
        """Whether this kind of credential has it."""

    def start(self, case: Case) -> None:
        """From a new subject to the moment before the first call."""

    def run(self, case: Case) -> None:
        """What is interrupted, and what is sent again with the same token."""


@dataclass(frozen=True)
class FirstRotation:
    """From the marker, which holds no credential."""

    id: str = "first rotation"
    urgent: bool = False

    def applies(self, subject: Subject) -> bool:
        return subject.starts_empty

    def start(self, case: Case) -> None:
        case.older = case.subject.snapshot()
        case.begin()

    def run(self, case: Case) -> None:
        case.steps(case.token)


@dataclass(frozen=True)
class Rotation:
    """The usual one: what was before AWSCURRENT is retired."""

    id: str = "rotation"
    urgent: bool = False

    def applies(self, subject: Subject) -> bool:
        return True

    def start(self, case: Case) -> None:
        grow(case)
        case.wait(LATER)
        end_previous(case)
        case.begin()

    def run(self, case: Case) -> None:
        case.steps(case.token)


@dataclass(frozen=True)
class OverdueRotation(Rotation):
    """Retirement has not happened, so the rotation does it first."""

    id: str = "overdue rotation"

    def applies(self, subject: Subject) -> bool:
        return subject.target.overlaps

    def start(self, case: Case) -> None:
        grow(case)
        case.wait(LATER)
        case.begin()


@dataclass(frozen=True)
class Retirement:
    """The end of the old credential, after the overlap."""

    id: str = "retirement"
    urgent: bool = False

    def applies(self, subject: Subject) -> bool:
        return subject.target.retires

    def start(self, case: Case) -> None:
        grow(case)
        case.wait(LATER)
        case.token = case.secret.holder("AWSCURRENT") or ""

    def run(self, case: Case) -> None:
        end_previous(case)


@dataclass(frozen=True)
class Heal:
    """AWSCURRENT cannot log in, because the server was restored from a snapshot that does not know it."""

    id: str = "heal"
    urgent: bool = False

    def applies(self, subject: Subject) -> bool:
        return subject.restorable

    def start(self, case: Case) -> None:
        grow(case)
        case.wait(LATER)
        end_previous(case)
        case.token = case.secret.holder("AWSCURRENT") or ""
        case.restore_older()

    def run(self, case: Case) -> None:
        case.heal()


@dataclass(frozen=True)
class Emergency:
    """Inside the overlap; what was before AWSCURRENT is retired at once."""

    id: str = "emergency"
    urgent: bool = True

    def applies(self, subject: Subject) -> bool:
        return True

    def start(self, case: Case) -> None:
        grow(case)
        begin_emergency(case)

    def run(self, case: Case) -> None:
        case.steps(case.token)
        end_previous(case)


ACTS: tuple[Act, ...] = (FirstRotation(), Rotation(), OverdueRotation(), Retirement(), Heal(), Emergency())


def grow(case: Case) -> None:
    """Three rotations. The server's snapshot of before the third, and of before the admin's last, is kept."""
    for last in (False, False, True):
        if last:
            case.older = case.subject.snapshot()
            case.subject.rotate_admin()
        case.wait(LATER)
        end_previous(case)
        case.begin()
        case.steps(case.token)
        case.look()


def begin_emergency(case: Case) -> None:
    """RotateSecret with a token of an incident. What consumers have cached is given up, AWSCURRENT is not."""
    case.consumers.forget_all_but(case.secret.holder("AWSCURRENT"))
    incident = sum(version.startswith("emergency-") for version in case.secret.versions)
    case.token = case.bench.fake.rotate(case.subject.name, f"emergency-{incident:022}")


def end_previous(case: Case) -> None:
    """What the function `retire` does when the plan fires, or an emergency at once. NotRetiredError if it does not."""
    case.bench.retirements.due(case.subject.name, case.now)
    outcome = case.retire()
    if outcome not in ("retired", "nothing to retire"):
        raise NotRetiredError(outcome)
    if outcome == "retired" and case.secret.holder(PREVIOUS) is not None:
        raise NotRetiredError("retired, and AWSPREVIOUS is still there")
