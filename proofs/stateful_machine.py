"""A secret on a real server, and everything that may happen to it, in any order that Hypothesis draws."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext, suppress
from datetime import datetime, timedelta
from typing import Any, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from proofs.stateful_server import Snapshots
from rotation.errors import RotationError
from rotation.steps import HEAL, STEPS
from tests.lambdas.postgres_bench import PostgresBench
from tests.lambdas.redis_bench import RedisBench
from tests.lambdas.workbench import Crash, Fuse

OVERLAP = timedelta(seconds=600)
CALLS = 32  # more than any rotation or retirement makes; a fuse that is never reached does nothing
CONSUMERS = 3


class Secret(RuleBasedStateMachine):
    """One secret. `begin` makes it on a server; subclasses of a proof or a test set it."""

    begin: ClassVar[Callable[[], tuple[PostgresBench | RedisBench, str]]]
    steps: ClassVar[int] = 0

    @initialize()
    def make(self) -> None:
        """A secret whose first rotation is done."""
        self.bench, self.name = type(self).begin()
        self.bench.fake.secrets[self.name].tags["OverlapSeconds"] = str(int(OVERLAP.total_seconds()))
        self.snapshots = Snapshots(self.bench, self.name)
        self.bench.rotate(self.name)
        self.cached: dict[int, tuple[dict[str, Any], datetime]] = {}
        self.logins: dict[str, bool] = {}
        self.snapshot: Any = None
        self.emergencies = 0

    @rule()
    def rotate(self) -> None:
        """RotateSecret and the four steps; refused where it must be."""
        with suppress(RotationError):
            token = self._request()
            if token:
                self._run(token)

    @rule(at=st.integers(1, CALLS), after=st.booleans())
    def rotate_and_die(self, at: int, after: bool) -> None:
        """A rotation whose process dies before or after a call."""
        with suppress(RotationError):
            self._run(self._request() or self._pending(), Fuse(at=at, after=after))

    @precondition(lambda self: self._unfinished())
    @rule(step=st.sampled_from(STEPS[:-1]))
    def deliver_one_step_twice(self, step: str) -> None:
        """A step that is delivered out of its turn. finishSecret trusts that setSecret came before."""
        with suppress(RotationError):
            self.bench.step(self.name, self._pending(), step)

    @precondition(lambda self: self._unfinished())
    @rule()
    def retry(self) -> None:
        """All four steps again, with the same token."""
        with suppress(RotationError):
            self._run(self._pending())

    @precondition(lambda self: self._unfinished())
    @rule()
    def cancel(self) -> None:
        """A person takes AWSPENDING off."""
        self.bench.fake.cancel_pending(self.name)

    @rule(at=st.one_of(st.none(), st.integers(1, CALLS)), after=st.booleans())
    def retire(self, at: int | None, after: bool) -> None:
        """The schedule fires, if it is due; whoever dies in it is delivered again."""
        token = self.bench.retirements.due(self.name, self.bench.fake.now)
        if token is None:
            return
        self._retire(token, Fuse(at=at, after=after))
        if at is not None:
            self._retire(token, None)

    @rule()
    def be_told_to_retire_too_early(self) -> None:
        """An event of `retire` for the current version at any time."""
        self._retire(str(self.bench.fake.secrets[self.name].holder("AWSCURRENT")), None)

    @rule(consumer=st.integers(0, CONSUMERS - 1))
    def read(self, consumer: int) -> None:
        """A consumer reads the value and keeps it."""
        self.cached[consumer] = (self.bench.value(self.name), self.bench.fake.now)

    @rule(share=st.sampled_from((0.1, 0.5, 0.6, 1.2)))
    def wait(self, share: float) -> None:
        """Time passes, and with it what was cached for longer than the overlap."""
        self.bench.fake.now += OVERLAP * share
        now = self.bench.fake.now
        self.cached = {who: (value, at) for who, (value, at) in self.cached.items() if now - at < OVERLAP}

    @rule()
    def take_a_snapshot(self) -> None:
        """The server is backed up."""
        self.snapshot = self.snapshots.take()

    @precondition(lambda self: self.snapshot is not None)
    @rule(rotating=st.booleans())
    def restore(self, rotating: bool) -> None:
        """The server goes back; the next rotation, or healSecret where that is refused, makes AWSCURRENT work again."""
        self.snapshots.restore(self.snapshot)
        self.cached = {}
        self._changed()
        if rotating:
            with suppress(RotationError):
                self._run(self._request() or self._pending())
        if not self._logs_in(self.bench.value(self.name)):
            self.bench.step(self.name, "", HEAL)
            self._changed()

    @rule(at=st.one_of(st.none(), st.integers(1, CALLS)))
    def emergency(self, at: int | None) -> None:
        """A rotation that waits for nobody, and the retirement right after it; caches that it ends are its price."""
        self.cached = {}
        self.emergencies += 1
        token = f"emergency-{self.emergencies:028}"
        try:
            self.bench.fake.cancel_pending(self.name)
            self._run(self.bench.fake.rotate(self.name, token), Fuse(at=at))
            if at is not None:
                self._run(token)
        except RotationError as error:
            raise AssertionError("an emergency was refused") from error
        before = self.bench.value(self.name, "AWSPREVIOUS") if self._holder("AWSPREVIOUS") else None
        self._retire(token, None)
        assert self._holder("AWSCURRENT") == token
        assert before is None or "password" not in before or not self._logs_in(before), "the old credential lives"

    @invariant()
    def nobody_is_locked_out(self) -> None:
        """Invariants 1 to 3: AWSCURRENT logs in, and every value that is cached for less than the overlap."""
        if not hasattr(self, "bench"):
            return
        type(self).steps += 1
        assert self._logs_in(self.bench.value(self.name)), "AWSCURRENT does not log in"
        for who, (value, _) in self.cached.items():
            assert self._logs_in(value), f"consumer {who}'s cached value does not log in"

    def teardown(self) -> None:
        """Invariant 5: after the overlap two runs are enough, with the same token and with a new one."""
        if not hasattr(self, "bench"):
            return
        for fresh in (False, True):
            self.bench.fake.now += 2 * OVERLAP
            token = self.bench.retirements.due(self.name, self.bench.fake.now)
            if token is not None:
                self._retire(token, None)
            if fresh or self._unfinished():
                self._converges(fresh=fresh)

    def _converges(self, *, fresh: bool) -> None:
        for _ in range(2):
            if fresh:
                self.bench.fake.cancel_pending(self.name)
            with suppress(RotationError):
                self._run(self.bench.fake.rotate(self.name) if fresh else self._pending())
                return
            self.bench.fake.now += 2 * OVERLAP
        raise AssertionError(f"two runs with {'a new' if fresh else 'the same'} token did not converge")

    def _request(self) -> str | None:
        return None if self._unfinished() else self.bench.fake.rotate(self.name)

    def _run(self, token: str, fuse: Fuse | None = None) -> None:
        self._changed()
        self.bench.fake.around = fuse or nullcontext
        try:
            self.bench.steps(self.name, token)
        except Crash:
            return
        finally:
            self.bench.fake.around = nullcontext
        assert self._holder("AWSPENDING") is None, "AWSPENDING is left over"
        assert self._holder("AWSCURRENT") == token

    def _retire(self, token: str, fuse: Fuse | None) -> None:
        self._changed()
        self.bench.fake.around = fuse or nullcontext
        try:
            with suppress(Crash, RotationError):
                self.bench.retire(self.name, token)
        finally:
            self.bench.fake.around = nullcontext

    def _changed(self) -> None:
        self.logins.clear()

    def _logs_in(self, document: dict[str, Any]) -> bool:
        """At the first attempt; asked of the server once for each value after each change."""
        key = document["username"] + document["password"]
        if key not in self.logins:
            self.logins[key] = self.bench.logs_in(document)
        return self.logins[key]

    def _holder(self, stage: str) -> str | None:
        return self.bench.fake.secrets[self.name].holder(stage)

    def _pending(self) -> str:
        return str(self._holder("AWSPENDING"))

    def _unfinished(self) -> bool:
        return self._holder("AWSPENDING") not in (None, self._holder("AWSCURRENT"))
