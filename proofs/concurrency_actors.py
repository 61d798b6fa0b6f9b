"""The 32 who are at one secret at once: rotators with one token and with rival ones, retirers, healers and readers."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from botocore.exceptions import ClientError

from proofs.concurrency_scene import OVERLAP, Scene
from rotation.errors import LoginRefusedError, RotationError, ServerUnreachableError, ServiceError
from rotation.journal import Journal
from rotation.steps import HEAL, RETIRE, STEPS, Request
from rotation.versions import CURRENT
from tests.lambdas.workbench import ADMIN

COUNT = 32
TWINS, RIVALS, RETIRERS, HEALERS, ADMINS = 6, 10, 4, 4, 2
MOST_RUDE = 4
TRIES = 2
_LONGEST_DELAY = 12
_TWIN = "twin-" + "0" * 27
_LOCK_TIMEOUT, _DEADLOCK = "55P03", "40P01"
_REFUSALS = {
    r"another rotation is under way": "another rotation is under way",
    r"is not AWSPENDING|no longer AWSPENDING|no labelled version": "overtaken",
    r"rotated less than": "inside the overlap",
    r"a rotation was started meanwhile": "overtaken while retiring",
    r"in use by AWSCURRENT": "the role is in use",
    r"AWSPREVIOUS is in use": "straggler",
    _LOCK_TIMEOUT: "waited too long for a lock",
    _DEADLOCK: "deadlock",
}


@dataclass(frozen=True, kw_only=True)
class Heard(Journal):
    """Keeps the events of an invocation instead of printing them."""

    events: list[str] = field(default_factory=list)

    def _write(self, level: str, event: str, error: str | None) -> None:  # noqa: ARG002 - of the class above
        self.events.append(event)


class Actors:
    """Makes the actors of a scene; what they came to is counted there."""

    def __init__(self, scene: Scene, seed: int, *, emergency: bool) -> None:
        """How many rivals are rude is the seed's; with an emergency the first of them has a token that says so."""
        self._scene = scene
        self._fake = scene.bench.fake
        self._turns = scene.turns
        self._random = random.Random(seed)
        self._emergency = emergency
        self._between = self._random.randint(0, _LONGEST_DELAY)
        self._rude_rivals = self._random.randint(int(emergency), MOST_RUDE)

    def all(self) -> Mapping[str, Callable[[], None]]:
        """COUNT actors by name; those with one token share a rotation that was started before."""
        actors = dict(self._rotators())
        for number in range(RETIRERS):
            actors[f"retirer {number}"] = self._late(self._retire)
        for number in range(HEALERS):
            actors[f"healer {number}"] = self._late(lambda: self._ask(self._scene.name, "", HEAL))
        if ADMIN in self._fake.secrets and self._scene.kind == "role":
            token = self._fake.rotate(ADMIN)
            for number in range(ADMINS):
                actors[f"superuser {number}"] = self._late(lambda: self._rotate(ADMIN, token))
        for number in range(COUNT - len(actors)):
            actors[f"reader {number}"] = self._reader(self._random.randint(1, 4))
        return actors

    def _rotators(self) -> Iterator[tuple[str, Callable[[], None]]]:
        for number in range(TWINS):
            yield f"twin {number}", self._late(lambda: self._start(_TWIN))
        for number in range(RIVALS):
            if number >= self._rude_rivals:
                yield f"polite rival {number}", self._late(lambda: self._start(None))
            elif number == 0 and self._emergency:
                yield "emergency", self._late(lambda: self._rude("emergency-" + "7" * 32))
            else:
                yield f"rude rival {number}", self._late(lambda: self._rude(None))

    def _late(self, work: Callable[[], object]) -> Callable[[], None]:
        """Not everybody comes at the beginning."""
        delay = self._random.randint(0, _LONGEST_DELAY)

        def come() -> None:
            for _ in range(delay):
                self._turns.pause()
            work()

        return come

    def _rotate(self, name: str, token: str) -> None:
        """As Secrets Manager drives it: the four steps, and all of them again after an error."""
        for _ in range(TRIES):
            if all(self._ask(name, token, step) for step in STEPS):
                if self._fake.secrets[name].holder(CURRENT) == token:
                    self._fake.succeeded(name)
                return

    def _start(self, token: str | None) -> None:
        """Whoever asks, may hear that a rotation is not complete, and asks again later."""
        for _ in range(4):
            self._turns.pause()
            try:
                # RotateSecret with a token that is there already starts nothing anew: who has it was told of it before.
                known = token in self._fake.secrets[self._scene.name].versions
                started = token if known and token else self._fake.rotate(self._scene.name, token)
            except ClientError:
                self._scene.counted["refused: RotateSecret, a rotation is not complete"] += 1
            else:
                self._rotate(self._scene.name, started)
                return

    def _rude(self, token: str | None) -> None:
        """A person who takes AWSPENDING off what he believes to be stuck, and starts anew."""
        self._turns.pause()
        self._fake.cancel_pending(self._scene.name)
        self._rotate(self._scene.name, self._fake.rotate(self._scene.name, token))

    def _retire(self) -> None:
        for _ in range(3):
            self._ask(self._scene.name, str(self._scene.holder(CURRENT)), RETIRE)
            for _ in range(self._between):
                self._turns.pause()

    def _reader(self, waits: int) -> Callable[[], None]:
        def read() -> None:
            for _ in range(2):
                document = self._scene.bench.value(self._scene.name)
                at = self._fake.now
                for _ in range(waits):
                    self._turns.pause()
                cached = self._fake.now - at <= OVERLAP / 2 and not self._scene.has_had_an_emergency_since(at)
                if self._scene.overlaps and cached:
                    self._scene.must_log_in(document, "a value from half an overlap ago or less")

        return read

    def _ask(self, name: str, token: str, step: str) -> bool:
        """One invocation. Anything but an end or a RotationError is a defect."""
        self._turns.pause()
        self._turns.pause("invoke")
        bench, counted = self._scene.bench, self._scene.counted
        journal = Heard(secret=name, token=token, step=step, target=bench.settings.target)
        try:
            request = Request(secret_id=self._fake.secrets[name].arn, token=token, step=step)
            answer = bench.rotator.run(request, journal)
        except RotationError as error:
            counted[f"refused: {refusal(error)}"] += 1
            if refusal(error) == "deadlock":
                self._scene.problems.append(f"{step}: deadlock")
            return False
        except Exception as error:  # noqa: BLE001 - whatever it is, it is the finding
            self._scene.problems.append(f"{step} ended with {type(error).__name__}: {json.dumps(str(error))[:200]}")
            return False
        if step == RETIRE and answer is not None:
            counted[f"retirement: {answer.outcome}"] += 1
        elif name == self._scene.name:
            self._count_events(journal.events)
        return True

    def _count_events(self, events: list[str]) -> None:
        if "published" in events:
            self._scene.counted["published"] += 1
        if "already current" in events:
            self._scene.counted["no-op: already current"] += 1
        if "already created" in events:
            self._scene.counted["no-op: already created"] += 1


def refusal(error: RotationError) -> str:
    """What kind of refusal it is, without names and numbers."""
    text = str(error)
    for pattern, kind in _REFUSALS.items():
        if re.search(pattern, text):
            return kind
    if isinstance(error, ServiceError):
        return f"Secrets Manager said {error.code}"
    if isinstance(error, LoginRefusedError):
        return "login refused"
    if isinstance(error, ServerUnreachableError):
        return "session ended"
    return re.sub(r"'[^']*'|\d+", "…", text)[:80]
