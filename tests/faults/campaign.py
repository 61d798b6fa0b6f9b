"""Deaths at every call of an act, and again at every call of its recovery, each followed by the recovery and a look.

What is done for each point, on the real server: the world is brought back, the run goes on until it dies there, and
the invariants are looked at. Then the recovery runs to its end, but only once from each different world (Case.shape):
most calls only read, so most deaths leave a world that was recovered from already. A sample is run all the same, and
must come to the same end.

A second death after a call is that before the next one: nothing of ours is between them. All but the last, and a
sample, are counted as the same world without being made.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from random import Random

from rotation.errors import RotationError
from tests.faults.acts import Act, NotRetiredError
from tests.faults.case import Case, World
from tests.faults.points import Fuse, Point, points
from tests.faults.recovery import Recovery
from tests.faults.subject import Subject
from tests.faults.tally import CHECKED, ONCE, RAN, SAME, TWICE, Tally
from tests.faults.yardstick import STUCK, Breach, recovered, standing
from tests.lambdas.workbench import Crash

RUNS = 2
Choose = Callable[[int], Iterable[Point]]


@dataclass
class Campaign:
    """One act of one subject. `first` and `second` choose deaths out of all that there are; the default is all.

    `again` is the share of the known worlds from which a recovery runs all the same.
    """

    make: Callable[[], Subject]
    subject: str
    act: Act
    recoveries: tuple[Recovery, ...]
    first: Choose = points
    second: Choose = points
    again: float = 0.0
    chance: Random = field(default_factory=lambda: Random(1))
    tally: Tally = field(default_factory=Tally)

    def run(self) -> Tally:
        """Try everything that was chosen."""
        subject = self.make()
        try:
            self._explore(Case(subject))
        finally:
            subject.close()
        return self.tally

    def _explore(self, case: Case) -> None:
        self.act.start(case)
        case.fix_constants()
        base = case.world()
        names = self._clean(case)
        known: set[tuple[str, str]] = set()
        for point in self.first(len(names)):
            case.back(base)
            where = f"dies {point.place(names)}"
            if not self._dies(case, point, lambda: self.act.run(case)):
                self._note("", where, [Breach(STUCK, "the run did not come to this call")])
                continue
            world = case.world()
            shape = case.shape(world)
            self._note("", where, standing(case))
            for recovery in self.recoveries:
                if recovery.applies(case.subject, self.act):
                    self.tally.count(self._place(recovery), ONCE)
                    if self._new(recovery, shape, known):
                        self._recover(case, recovery, world, where)

    def _clean(self, case: Case) -> list[str]:
        fuse = Fuse()
        with self._tap(case, fuse):
            self.act.run(case)
        self._note("", "no death", recovered(case))
        return fuse.names

    def _recover(self, case: Case, recovery: Recovery, world: World, where: str) -> None:
        case.back(world)
        recovery.meanwhile(case)
        after = case.world()
        counting = Fuse()
        with self._tap(case, counting):
            self._converge(case, recovery, where)
        self._note(recovery.id, where, recovered(case))
        known: set[tuple[str, str]] = set()
        for point in self.second(len(counting.names)):
            self.tally.count(self._place(recovery), TWICE)
            if point.after and point.at < len(counting.names) and self.chance.random() >= self.again:
                self.tally.count(self._place(recovery), SAME)
                continue
            case.back(after)
            also = f"{where}; its recovery dies {point.place(counting.names)}"
            if not self._dies(case, point, lambda: self._attempts(case, recovery)):
                self._note(recovery.id, also, [Breach(STUCK, "the recovery did not come to this call")])
                continue
            if self._new(recovery, case.shape(case.world()), known):
                self._note(recovery.id, also, standing(case))
                self._converge(case, recovery, also)
                self._note(recovery.id, also, recovered(case))

    def _new(self, recovery: Recovery, shape: str, known: set[tuple[str, str]]) -> bool:
        """Whether the recovery has to run from this world."""
        if (recovery.id, shape) not in known:
            known.add((recovery.id, shape))
            return True
        if self.chance.random() < self.again:
            self.tally.count(self._place(recovery), CHECKED)
            return True
        self.tally.count(self._place(recovery), SAME)
        return False

    def _converge(self, case: Case, recovery: Recovery, where: str) -> None:
        place = self._place(recovery)
        self.tally.count(place, RAN)
        errors = self._attempts(case, recovery)
        if len(errors) < RUNS:
            self.tally.count(place, f"run {len(errors) + 1}")
        else:
            self.tally.breach(place, where, Breach(STUCK, f"not recovered in {RUNS} runs: {errors}"))

    def _attempts(self, case: Case, recovery: Recovery) -> list[str]:
        """The errors of the runs that failed: one less than there were runs, or all failed."""
        errors = []
        for number in range(1, RUNS + 1):
            try:
                recovery.attempt(case, self.act, number)
            except (RotationError, NotRetiredError) as error:
                errors.append(str(error))
            else:
                break
        return errors

    def _dies(self, case: Case, point: Point, run: Callable[[], object]) -> bool:
        with self._tap(case, Fuse(point)):
            try:
                run()
            except Crash:
                return True
        return False

    @contextmanager
    def _tap(self, case: Case, fuse: Fuse) -> Iterator[None]:
        case.bench.fake.around = fuse
        try:
            yield
        finally:
            case.bench.fake.around = nullcontext

    def _place(self, recovery: Recovery) -> tuple[str, str, str]:
        return self.subject, self.act.id, recovery.id

    def _note(self, recovery: str, where: str, breaches: Iterable[Breach]) -> None:
        for breach in breaches:
            self.tally.breach((self.subject, self.act.id, recovery or "before the recovery"), where, breach)
