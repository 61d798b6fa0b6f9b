"""What changes the credentials while clients log in: one thread a secret, at random distances."""

from __future__ import annotations

import json
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from proofs.login_place import Place, client
from rotation.errors import LoginRefusedError
from rotation.passwords import new_password
from rotation.targets import postgres_session, redis_session

_PATIENCE_SECONDS = 120.0
_LOOK_SECONDS = 0.2
_RULES = {"AutomaticallyAfterDays": 30}


class RotatorError(RuntimeError):
    """A rotation or a retirement did not come to its end."""


@dataclass(kw_only=True)
class Record:
    """What one thread did. `windows`: from when to when something was being changed, on the monotonic clock."""

    engine: str
    rotations: int = 0
    retirements: int = 0
    refused_after_retirement: int = 0
    stragglers: int = 0
    windows: list[tuple[float, float]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


class Cycle(Protocol):
    """One change of a credential, from beginning to end; writes down what it did."""

    def __call__(self, record: Record) -> None: ...


class Rotator(threading.Thread):
    """Repeats a cycle until it is told to stop, with gaps of random length between."""

    def __init__(self, cycle: Cycle, *, engine: str, longest_gap: float, seed: int) -> None:
        """It starts with a gap, so that the secrets do not move in step."""
        super().__init__(daemon=True)
        self.record = Record(engine=engine)
        self._cycle = cycle
        self._longest_gap = longest_gap
        self._chance = random.Random(seed)
        self._stop_asked = threading.Event()

    def run(self) -> None:
        """Rotate; the first error ends it and is a problem of the run."""
        try:
            while not self._stop_asked.wait(self._chance.uniform(0, self._longest_gap)):
                self._cycle(self.record)
        except Exception as error:  # noqa: BLE001 - it is told with the result of the run
            self.record.problems.append(f"{type(error).__name__}: {error}")

    def ask_to_stop(self) -> None:
        """Let it finish the cycle that it is at."""
        self._stop_asked.set()


class Rotation:
    """Our way: RotateSecret, the overlap, the retirement, and the proof that the old credential is dead."""

    def __init__(self, place: Place, secret: str, engine: str, overlap: float) -> None:
        """The function that rotates the secret is the engine's."""
        self._place = place
        self._secret = secret
        self._engine = engine
        self._overlap = overlap
        self._secrets = client(place.endpoint, "secretsmanager")
        self._functions = client(place.endpoint, "lambda")

    def __call__(self, record: Record) -> None:
        """One rotation and one retirement."""
        old = self.value()
        with _window(record):
            token = self.rotate()
        record.rotations += 1
        # From the end of the rotation, which is when the service notes it; the function counts the same.
        time.sleep(self._overlap)
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while (outcome := self._retire(token, record)) != "retired":
            record.stragglers += outcome == "straggling"
            if time.monotonic() > deadline:
                raise RotatorError(f"{self._secret}: retirement says '{outcome}' for {_PATIENCE_SECONDS:.0f} s")
            time.sleep(_LOOK_SECONDS)
        record.retirements += 1
        if self._is_refused(old):
            record.refused_after_retirement += 1
        else:
            record.problems.append(f"{self._secret}: the old credential logs in after its retirement")

    def rotate(self) -> str:
        """A whole rotation by the service; the token of the new version."""
        token: str = self._secrets.rotate_secret(
            SecretId=self._secret, RotationLambdaARN=self._place.functions[self._engine], RotationRules=_RULES
        )["VersionId"]
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while True:
            stages = self._secrets.describe_secret(SecretId=self._secret)["VersionIdsToStages"]
            pending = any("AWSPENDING" in labels for labels in stages.values())
            if "AWSCURRENT" in stages.get(token, ()) and not pending:
                return token
            if time.monotonic() > deadline:
                raise RotatorError(f"{self._secret}: not rotated within {_PATIENCE_SECONDS:.0f} s: {stages}")
            time.sleep(_LOOK_SECONDS)

    def value(self) -> dict[str, Any]:
        """AWSCURRENT."""
        document: dict[str, Any] = json.loads(self._secrets.get_secret_value(SecretId=self._secret)["SecretString"])
        return document

    def _retire(self, token: str, record: Record) -> str:
        event = {"SecretId": self._secret, "ClientRequestToken": token, "Step": "retireSecret"}
        with _window(record):
            answer = self._functions.invoke(FunctionName=f"rotate-{self._engine}", Payload=json.dumps(event))
        told = json.loads(answer["Payload"].read())
        if "FunctionError" in answer:
            raise RotatorError(f"{self._secret}: {told.get('errorMessage')}")
        return str(told["outcome"])

    def _is_refused(self, document: dict[str, Any]) -> bool:
        ca_pem = self._place.postgres.ca_pem
        try:
            if self._engine == "postgres":
                postgres_session.connect(postgres_session.Login.of(document), ca_pem).__exit__(None, None, None)
            else:
                redis_session.connect(redis_session.Login.of(document), ca_pem).__exit__(None, None, None)
        except LoginRefusedError:
            return True
        return False


class NaiveRotation:
    """The way without an overlap, for contrast: the one password is changed, and then the value is published."""

    def __init__(self, place: Place, secret: str, change: Callable[[str], object]) -> None:
        """`change` sets the password at the server."""
        self._secret = secret
        self._change = change
        self._secrets = client(place.endpoint, "secretsmanager")

    def __call__(self, record: Record) -> None:
        """One change."""
        document = json.loads(self._secrets.get_secret_value(SecretId=self._secret)["SecretString"])
        password = new_password()
        with _window(record):
            self._change(password)
            self._secrets.put_secret_value(
                SecretId=self._secret, SecretString=json.dumps({**document, "password": password})
            )
        record.rotations += 1


class _window:  # noqa: N801 - reads as a verb's object where it is used
    def __init__(self, record: Record) -> None:
        self._record = record

    def __enter__(self) -> None:
        self._from = time.monotonic()

    def __exit__(self, *error: object) -> None:
        self._record.windows.append((self._from, time.monotonic()))
