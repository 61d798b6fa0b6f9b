"""The death of the process before and after every single call of a rotation and of its retirement at an API.

After each death the rotation is retried with the same token, or AWSPENDING is taken off and a new one is started.
Either must end within two runs. AWSCURRENT works all the time, and after the retirement no key is left over.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from functools import partial

import pytest

from rotation.errors import RotationError
from tests.lambdas import fake_anthropic, workbench
from tests.lambdas.api_bench import OVERLAP, AnthropicBench, OpenAiBench, SentryBench
from tests.lambdas.workbench import Crash

AnyBench = OpenAiBench | SentryBench | AnthropicBench
POLICIES = pytest.mark.parametrize(
    "same_token", [True, False], ids=["same token", "new token after the label is stripped"]
)


class Fuse(workbench.Fuse):
    """Dies after a call that was refused as well: an issuer's API answers some with 404, Secrets Manager too."""

    @contextmanager
    def __call__(self, name: str) -> Iterator[None]:
        with super().__call__(name):
            try:
                yield
            except Exception:
                if len(self.names) == self.at and self.after:
                    raise Crash(name) from None
                raise


def settled(bench: AnyBench) -> AnyBench:
    """A secret that has seen two rotations and their retirements: every rotation from here makes the same calls."""
    bench.api.__enter__()
    if isinstance(bench, AnthropicBench):
        bench.admit(fake_anthropic.ADMIN_KEY)
    for _ in range(2):
        provide(bench)
        bench.rotate_and_retire()
    return bench


def from_the_marker(bench: AnyBench) -> AnyBench:
    bench.api.__enter__()
    return bench


STARTS: dict[str, Callable[[], AnyBench]] = {
    "openai": lambda: settled(OpenAiBench()),
    "openai from the marker": lambda: from_the_marker(OpenAiBench()),
    "sentry": lambda: settled(SentryBench()),
    "sentry from the marker": lambda: from_the_marker(SentryBench()),
    "anthropic": lambda: settled(AnthropicBench()),
}


def provide(bench: AnyBench) -> None:
    """What a person does before a rotation, where one is needed."""
    if isinstance(bench, AnthropicBench):
        bench.new_key()


def live(bench: AnyBench) -> set[str]:
    """The ids of the keys that open something."""
    if isinstance(bench, SentryBench):
        return {key.public for key in bench.api.keys if key.active}
    if isinstance(bench, AnthropicBench):
        return {key.id for key in bench.api.keys if key.status == "active"}
    return {key.id for key in bench.api.keys}


def dies(bench: AnyBench, fuse: Fuse, run: Callable[[], object]) -> str | None:
    """Run until the fuse blows; where it did, or None when the run made fewer calls."""
    bench.fake.around = fuse
    try:
        run()
    except Crash:
        return f"{'after' if fuse.after else 'before'} call {fuse.at} ({fuse.names[-1]})"
    finally:
        bench.fake.around = nullcontext
    return None


def runs_to_recover(bench: AnyBench, token: str, *, same_token: bool) -> int | None:
    """Runs until a rotation has succeeded, or None after two."""
    for run in (1, 2):
        if not same_token:
            bench.fake.cancel_pending(bench.name)
            if bench.fake.secrets[bench.name].holder("AWSCURRENT") == token:
                return run  # it was published before the death; the overlap forbids a further one
            token = bench.fake.rotate(bench.name)
        try:
            bench.steps(bench.name, token)
        except RotationError:
            continue
        return run
    return None


def flaws(bench: AnyBench, recovered: int | None) -> Iterator[str]:
    """What is wrong after the recovery, and after the retirement that follows it."""
    if recovered is None:
        yield "not recovered in two runs"
        return
    if bench.fake.secrets[bench.name].holder("AWSPENDING") is not None:
        yield "AWSPENDING is left over"
    if not bench.works():
        yield "AWSCURRENT does not work"
    bench.later(seconds=OVERLAP)
    outcome = bench.retire(bench.name)["outcome"]
    if outcome not in ("retired", "nothing to retire"):
        yield f"retirement: {outcome}"
    if not bench.works():
        yield "AWSCURRENT does not work after the retirement"
    if outcome == "retired" and live(bench) != {bench.value(bench.name)["key_id"]}:
        yield "a key is left over after the retirement"


def points(count: int) -> Iterator[Fuse]:
    for at in range(1, count + 1):
        yield Fuse(at=at)
        yield Fuse(at=at, after=True)


class Scene:
    """A secret that one death after another is tried on; from the marker it is a new one for each."""

    def __init__(self, start: str) -> None:
        self._start = start
        self.bench = STARTS[start]()

    def renewed(self) -> AnyBench:
        if "marker" in self._start:
            self.bench.api.__exit__(None, None, None)
            self.bench = STARTS[self._start]()
        # As AWS does with unlabelled versions in the end; else every death would make the next rotation's calls more.
        versions = self.bench.fake.secrets[self.bench.name].versions
        for id_ in [id_ for id_, version in versions.items() if not version.stages]:
            del versions[id_]
        if isinstance(self.bench, AnthropicBench):
            self.bench.api.keys = [key for key in self.bench.api.keys if key.status == "active"]
        provide(self.bench)
        return self.bench


@pytest.fixture
def scene(request: pytest.FixtureRequest) -> Iterator[Scene]:
    scene = Scene(request.param)
    yield scene
    scene.bench.api.__exit__(None, None, None)


def calls(scene: Scene) -> int:
    """Of a clean rotation, or of the retirement after it."""
    fuse = Fuse()
    bench = scene.renewed()
    assert dies(bench, fuse, partial(bench.rotate, bench.name)) is None
    assert list(flaws(bench, 1)) == []
    return len(fuse.names)


@POLICIES
@pytest.mark.parametrize(
    ("scene", "expected"),
    [
        ("openai", 24),
        ("openai from the marker", 23),
        ("sentry", 25),
        ("sentry from the marker", 21),
        ("anthropic", 20),
    ],
    indirect=["scene"],
)
def test_a_rotation_that_dies_anywhere_converges(scene: Scene, expected: int, same_token: bool) -> None:
    count = calls(scene)
    wrong, tried = [], 0
    for fuse in points(count):
        bench = scene.renewed()
        marker = "marker" in scene._start
        token = bench.fake.rotate(bench.name)
        place = dies(bench, fuse, partial(bench.steps, bench.name, token))
        assert place is not None
        tried += 1
        if not marker and not bench.works():
            wrong.append(f"{place}: AWSCURRENT does not work before the recovery")
        wrong += [f"{place}: {flaw}" for flaw in flaws(bench, runs_to_recover(bench, token, same_token=same_token))]
        if marker:
            bench.rotate_and_retire()
            if live(bench) != {bench.value(bench.name)["key_id"]}:
                wrong.append(f"{place}: a key is left over after the next rotation")
    assert wrong == []
    assert tried == 2 * count == 2 * expected


@POLICIES
@pytest.mark.parametrize("scene", ["openai", "sentry", "anthropic"], indirect=True)
def test_a_second_death_in_the_recovery_converges(scene: Scene, same_token: bool) -> None:
    count = calls(scene)
    dice = random.Random(6)
    wrong = []
    for _ in range(25):
        bench = scene.renewed()
        token = bench.fake.rotate(bench.name)
        first = Fuse(at=dice.randint(1, count), after=dice.random() < 0.5)
        place = dies(bench, first, partial(bench.steps, bench.name, token))
        second = Fuse(at=dice.randint(1, count), after=dice.random() < 0.5)
        if not same_token and bench.fake.secrets[bench.name].holder("AWSCURRENT") != token:
            bench.fake.cancel_pending(bench.name)
            token = bench.fake.rotate(bench.name)
        again = dies(bench, second, partial(bench.steps, bench.name, token))
        if not bench.works():
            wrong.append(f"{place}, then {again}: AWSCURRENT does not work before the recovery")
        found = flaws(bench, runs_to_recover(bench, token, same_token=same_token))
        wrong += [f"{place}, then {again}: {flaw}" for flaw in found]
    assert wrong == []


@pytest.mark.parametrize("emergency", [False, True], ids=["after the overlap", "emergency"])
@pytest.mark.parametrize("scene", ["openai", "sentry", "anthropic"], indirect=True)
def test_a_retirement_that_dies_anywhere_is_done_by_the_next(scene: Scene, emergency: bool) -> None:
    wrong, at, more = [], 0, True
    while more:
        at += 1
        for after in (False, True):
            bench = scene.renewed()
            bench.rotate(bench.name, f"emergency-{at:020}{after:02}" if emergency else None)
            if not emergency:
                bench.later(seconds=OVERLAP)
            place = dies(bench, Fuse(at=at, after=after), partial(bench.retire, bench.name))
            more = place is not None
            if not bench.works():
                wrong.append(f"{place}: AWSCURRENT does not work")
            if more and bench.retire(bench.name)["outcome"] not in ("retired", "nothing to retire"):
                wrong.append(f"{place}: not retired")
            bench.later(seconds=OVERLAP)
            if live(bench) != {bench.value(bench.name)["key_id"]}:
                wrong.append(f"{place}: a key is left over")
    assert wrong == []
    assert at > 5
