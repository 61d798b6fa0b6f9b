"""The death of the process around every call of a rotation of an access key, and two runs of one rotation at a time.

IAM allows two keys, and a key whose secret half was lost with the process takes one of the two places. Whatever dies:
AWSCURRENT works all along, two runs suffice, and after the next rotation and its retirement no orphan is left.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext

import pytest

from rotation.errors import RotationError
from tests.lambdas.iam_bench import IamBench, SureFuse
from tests.lambdas.workbench import Crash, Fuse

EMERGENCY = "emergency-" + "7" * 32
Start = Callable[[IamBench], str]
KINDS = pytest.mark.parametrize("kind", ["iam-access-key", "ses-smtp"])
STARTS = pytest.mark.parametrize(
    ("start", "token"),
    [
        pytest.param(IamBench.marked, None, id="from the marker"),
        pytest.param(IamBench.rotated, None, id="retiring on the way"),
        pytest.param(IamBench.rotated, EMERGENCY, id="emergency"),
    ],
)


def calls_of_a_clean_rotation(kind: str, start: Start, token: str | None) -> list[str]:
    bench = IamBench(kind)
    name = start(bench)
    fuse = bench.fake.around = Fuse()
    bench.rotate(name, token)
    return fuse.names


def runs_to_recover(bench: IamBench, name: str, token: str, *, same_token: bool) -> int | None:
    """Runs until a rotation has succeeded, or None after two."""
    for run in (1, 2):
        if not same_token:
            if bench.fake.secrets[name].holder("AWSCURRENT") == token:
                bench.pass_overlap()  # it died after the publication, and a rotation inside the overlap is refused
            bench.fake.cancel_pending(name)
            emergency = f"emergency-again-{run}" if token.startswith("emergency-") else None
            token = bench.fake.rotate(name, emergency)
        try:
            bench.steps(name, token)
        except RotationError:
            continue
        return run
    return None


def troubles(bench: IamBench, name: str, token: str, *, same_token: bool) -> Iterator[str]:
    """What is wrong after a death: during the recovery and after the rotation that follows."""
    marked = bench.key_field not in bench.value(name)
    if not marked and not bench.works(bench.value(name)):
        yield "locked out before the recovery"
    if runs_to_recover(bench, name, token, same_token=same_token) is None:
        yield "not recovered in two runs"
        return
    if not bench.works(bench.value(name)):
        yield "AWSCURRENT is locked out"
    if bench.fake.secrets[name].holder("AWSPENDING") is not None:
        yield "AWSPENDING is left over"
    bench.pass_overlap()
    bench.rotate(name)
    bench.pass_overlap()
    bench.retire(name)
    if [key for key in bench.keys(name).values() if key.active] != [bench.keys(name)[bench.id(name)]]:
        yield "an orphan is left"


@KINDS
@STARTS
@pytest.mark.parametrize("same_token", [True, False], ids=["same token", "new token after the label is stripped"])
def test_a_rotation_that_dies_anywhere_converges(kind: str, start: Start, token: str | None, same_token: bool) -> None:
    names = calls_of_a_clean_rotation(kind, start, token)
    assert "CreateAccessKey" in names
    wrong = []
    for fuse in [SureFuse(at=at, after=after) for at in range(1, len(names) + 1) for after in (False, True)]:
        bench = IamBench(kind)
        name = start(bench)
        started = bench.fake.rotate(name, token)
        bench.fake.around = fuse
        with pytest.raises(Crash):
            bench.steps(name, started)
        bench.fake.around = nullcontext
        place = f"{'after' if fuse.after else 'before'} call {fuse.at} ({fuse.names[-1]}): "
        wrong += [place + trouble for trouble in troubles(bench, name, started, same_token=same_token)]
    assert wrong == []


@KINDS
def test_a_retirement_that_dies_anywhere_is_done_by_the_next(kind: str) -> None:
    bench = IamBench(kind)
    name = bench.rotated()
    fuse = bench.fake.around = Fuse()
    bench.retire(name)
    names = fuse.names
    assert "UpdateAccessKey" in names
    for fuse in [SureFuse(at=at, after=after) for at in range(1, len(names) + 1) for after in (False, True)]:
        bench = IamBench(kind)
        name = bench.rotated()
        old = bench.value(name, "AWSPREVIOUS")
        bench.fake.around = fuse
        with pytest.raises(Crash):
            bench.retire(name)
        bench.fake.around = nullcontext
        assert bench.works(bench.value(name))
        bench.retire(name)
        assert not bench.works(old)
        assert bench.fake.secrets[name].holder("AWSPREVIOUS") is None


class Beside:
    """A second createSecret with the same token: starts at the first one's call `at`, stops before its own `until`."""

    def __init__(self, bench: IamBench, name: str, token: str, at: int, until: int) -> None:
        self._bench, self._at, self._until = bench, at, until
        self._first, self._second = Fuse(), Fuse()
        self._stopped, self._go = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, args=(name, token))
        self.error: BaseException | None = None

    @contextmanager
    def tap(self, call: str) -> Iterator[None]:
        if threading.current_thread() is self._thread:
            with self._second(call):
                if len(self._second.names) == self._until:
                    self._stopped.set()
                    assert self._go.wait(10)
                yield
            return
        with self._first(call):
            if len(self._first.names) == self._at:
                self._thread.start()
                assert self._stopped.wait(10)
            yield

    def finish(self) -> None:
        self._go.set()
        self._thread.join(10)

    def _run(self, name: str, token: str) -> None:
        try:
            self._bench.step(name, token, "createSecret")
        except Exception as error:  # noqa: BLE001 - looked at by the test
            self.error = error
        finally:
            self._stopped.set()


@STARTS
def test_two_runs_of_one_rotation_at_a_time_end_well(start: Start, token: str | None) -> None:
    kind = "iam-access-key"  # both kinds share what is tested here
    bench = IamBench(kind)
    name = start(bench)
    started = bench.fake.rotate(name, token)
    fuse = bench.fake.around = Fuse()
    bench.step(name, started, "createSecret")
    wrong = []
    both = 0
    for at, until in [
        (at, until) for at in range(1, len(fuse.names) + 1) for until in range(3, len(fuse.names) + 4, 2)
    ]:
        bench = IamBench(kind)
        name = start(bench)
        started = bench.fake.rotate(name, token)
        beside = Beside(bench, name, started, at, until)
        bench.fake.around = beside.tap
        refused = False
        try:
            bench.step(name, started, "createSecret")
        except RotationError:
            refused = True
        beside.finish()
        bench.fake.around = nullcontext
        place = f"the second from call {at}, stopped before its call {until}: "
        if not isinstance(beside.error, RotationError | None):
            wrong.append(f"{place}{beside.error!r}")
        if refused and beside.error is not None:
            both += 1
        wrong += [place + trouble for trouble in troubles(bench, name, started, same_token=True)]
    assert wrong == []
    assert both == 0


@KINDS
def test_an_orphan_that_was_not_listed_yet_is_found_by_the_next_rotation(kind: str) -> None:
    """IAM is eventually consistent: the run after the death makes a key without seeing the one before."""
    bench = IamBench(kind)
    name = bench.marked()
    bench.iam.make(bench.value(name)["user_name"])
    bench.fake.now += bench.iam.delay
    bench.rotate(name)
    assert len(bench.keys(name)) == 2
    bench.pass_overlap()
    bench.rotate(name)
    assert list(bench.keys(name)) == [bench.id(name, "AWSPREVIOUS"), bench.id(name)]


@KINDS
def test_a_young_orphan_is_waited_for_because_a_run_may_be_about_to_store_it(kind: str) -> None:
    bench = IamBench(kind)
    name = bench.rotated()
    bench.retire(name)
    token = bench.fake.rotate(name)
    # The process dies with the answer of CreateAccessKey: the key is there and nobody knows its secret half.
    bench.fake.around = fuse = Fuse(at=8, after=True)
    with pytest.raises(Crash):
        bench.step(name, token, "createSecret")
    assert fuse.names[-1] == "CreateAccessKey"
    bench.fake.around = nullcontext
    bench.slept.clear()
    with pytest.raises(
        RotationError, match="was new, and another run may have stored it meanwhile; run the step again"
    ):
        bench.step(name, token, "createSecret")
    assert 0 < sum(bench.slept) <= 60
    bench.steps(name, token)
    assert bench.works(bench.value(name))
