"""What people and services do after a death: each is one policy of recovery."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

from rotation.errors import RotationError
from rotation.steps import STEPS
from tests.faults.acts import LATER, Act, begin_emergency, end_previous
from tests.faults.case import CURRENT, Case
from tests.faults.recovery import AnyTime, Recovery, act_of, plan_fires, retire_anyway, start_again
from tests.faults.subject import Subject


@dataclass(frozen=True)
class SameToken(AnyTime):
    """Secrets Manager tries again."""

    id: str = "same token"

    def attempt(self, case: Case, act: Act, number: int) -> None:
        act.run(case)


@dataclass(frozen=True)
class LateSameToken(AnyTime):
    """The same, long after: a version is published much later than it was made."""

    id: str = "same token, a day late"

    def meanwhile(self, case: Case) -> None:
        case.wait(24 * LATER)

    def attempt(self, case: Case, act: Act, number: int) -> None:
        act.run(case)


@dataclass(frozen=True)
class NewToken(AnyTime):
    """A person takes AWSPENDING off and starts again, at once; when that is refused, after the overlap."""

    id: str = "new token, label stripped"

    def attempt(self, case: Case, act: Act, number: int) -> None:
        start_again(case, act, number)
        act_of(case, act)


@dataclass(frozen=True)
class Cancelled(AnyTime):
    """CancelRotateSecret, which leaves AWSPENDING where it was; a late step; then rotation is enabled again."""

    id: str = "cancelled rotation"

    def attempt(self, case: Case, act: Act, number: int) -> None:
        case.secret.rotation_enabled = False
        for step in STEPS:
            with suppress(RotationError):
                case.step(step, case.token)
        case.secret.rotation_enabled = True
        start_again(case, act, number)
        act_of(case, act)


@dataclass(frozen=True)
class EmptyPending(AnyTime):
    """AWSPENDING is on a version without a value, and its steps come without the first."""

    id: str = "empty AWSPENDING"

    def attempt(self, case: Case, act: Act, number: int) -> None:
        start_again(case, act, number)
        for step in STEPS[1:]:
            with suppress(RotationError):
                case.step(step, case.token)
        act_of(case, act)


@dataclass(frozen=True)
class Restored(AnyTime):
    """The server is restored from an older snapshot; nobody heals; a new rotation."""

    id: str = "restored, new token"

    def applies(self, subject: Subject, act: Act) -> bool:
        return subject.restorable

    def meanwhile(self, case: Case) -> None:
        case.restore_older()

    def attempt(self, case: Case, act: Act, number: int) -> None:
        start_again(case, act, number)
        act_of(case, act)


@dataclass(frozen=True)
class RestoredHealed(Restored):
    """The server is restored, AWSCURRENT healed, as the runbook says; then Secrets Manager tries again."""

    id: str = "restored, healed, same token"

    def attempt(self, case: Case, act: Act, number: int) -> None:
        if case.documents():
            with suppress(RotationError):
                case.heal()
            case.look()
        act.run(case)


@dataclass(frozen=True)
class RestoredRetried(Restored):
    """The server is restored, Secrets Manager tries again before anybody heals."""

    id: str = "restored, same token, healed"

    def attempt(self, case: Case, act: Act, number: int) -> None:
        act.run(case)
        case.heal()


@dataclass(frozen=True)
class RetiredMeanwhile(AnyTime):
    """The plan fires when it is due, and again after each step when Secrets Manager tries again."""

    id: str = "retirement meanwhile"

    def attempt(self, case: Case, act: Act, number: int) -> None:
        if not act.urgent:
            case.wait(LATER)
        plan_fires(case)
        if case.secret.holder("AWSPENDING") == case.token:
            for step in STEPS:
                case.step(step, case.token)
                plan_fires(case)
        act.run(case)


@dataclass(frozen=True)
class RetiredTooEarly(AnyTime):
    """An operator asks for the retirement at once, before the plan is due; then Secrets Manager tries again."""

    id: str = "retirement too early"

    def attempt(self, case: Case, act: Act, number: int) -> None:
        retire_anyway(case)
        act.run(case)


@dataclass(frozen=True)
class DoubleDelivery(AnyTime):
    """Every step is delivered twice, and all of them once more at the end."""

    id: str = "double delivery"

    def attempt(self, case: Case, act: Act, number: int) -> None:
        if case.secret.holder("AWSPENDING") == case.token:
            for step in STEPS:
                case.step(step, case.token)
                case.step(step, case.token)
        act.run(case)
        act.run(case)


@dataclass(frozen=True)
class LateDelivery(AnyTime):
    """A new rotation, and each step of the old one arrives late, before the same step of the new."""

    id: str = "late delivery"

    def attempt(self, case: Case, act: Act, number: int) -> None:
        old, current = case.token, case.secret.holder(CURRENT)
        start_again(case, act, number)
        for step in STEPS:
            with suppress(RotationError):
                case.step(step, old)
            case.step(step, case.token)
        case.bench.fake.succeeded(case.subject.name)
        for step in STEPS:
            with suppress(RotationError):
                case.step(step, old)
        with suppress(RotationError):
            case.bench.retire(case.subject.name, current)
        if act.urgent:
            end_previous(case)


@dataclass(frozen=True)
class InEmergency(AnyTime):
    """The emergency machine comes: it strips, rotates with its own token, retires at once, and tries again itself."""

    id: str = "emergency"

    def attempt(self, case: Case, act: Act, number: int) -> None:
        if not case.token.startswith("emergency-"):
            case.bench.fake.cancel_pending(case.subject.name)
            begin_emergency(case)
        case.steps(case.token)
        end_previous(case)


@dataclass(frozen=True)
class Restarted(SameToken):
    """The server is started again and loses what it held in memory only."""

    id: str = "server restarted"

    def applies(self, subject: Subject, act: Act) -> bool:
        return subject.restarts

    def meanwhile(self, case: Case) -> None:
        case.subject.restart()


RECOVERIES: tuple[Recovery, ...] = (
    SameToken(),
    LateSameToken(),
    NewToken(),
    Cancelled(),
    EmptyPending(),
    Restored(),
    RestoredHealed(),
    RestoredRetried(),
    RetiredMeanwhile(),
    RetiredTooEarly(),
    DoubleDelivery(),
    LateDelivery(),
    InEmergency(),
    Restarted(),
)
