"""A policy of recovery, and what the policies are made of."""

from __future__ import annotations

from contextlib import suppress
from typing import Protocol

from rotation.errors import RotationError
from tests.faults.acts import LATER, Act, begin_emergency, end_previous
from tests.faults.case import Case
from tests.faults.subject import Subject


class Recovery(Protocol):
    """id: as the table calls it."""

    @property
    def id(self) -> str: ...

    def applies(self, subject: Subject, act: Act) -> bool:
        """Whether this can happen to this kind of credential."""

    def meanwhile(self, case: Case) -> None:
        """What happens once, before anybody tries again."""

    def attempt(self, case: Case, act: Act, number: int) -> None:
        """Try again, for the first or the second time. RotationError: this run has failed."""


class AnyTime:
    """Can always happen, and nothing happens before the first try."""

    def applies(self, subject: Subject, act: Act) -> bool:
        return True

    def meanwhile(self, case: Case) -> None:
        """Nothing."""


def start_again(case: Case, act: Act, number: int) -> None:
    """Strip the label and call RotateSecret; the second time after the overlap."""
    case.bench.fake.cancel_pending(case.subject.name)
    if act.urgent:
        begin_emergency(case)
        return
    if number > 1:
        case.wait(LATER)
    case.begin()


def act_of(case: Case, act: Act) -> None:
    """The whole rotation of the new token; of an emergency, with the end of the old credential."""
    case.steps(case.token)
    if act.urgent:
        end_previous(case)


def plan_fires(case: Case) -> None:
    """The function `retire` for the version of a plan that is due, whatever it finds."""
    planned = case.bench.retirements.due(case.subject.name, case.now)
    with suppress(RotationError):
        if planned is not None:
            case.bench.retire(case.subject.name, planned)


def retire_anyway(case: Case) -> None:
    """The function `retire` for the current version, as an operator's command asks for it."""
    with suppress(RotationError):
        case.retire()
