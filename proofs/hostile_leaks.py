"""Where a password might show although nobody asked: the database's log, the functions' logs and errors, messages."""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import io
import json
import logging
import pkgutil
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from typing import Any

import rotation
from proofs.hostile_drivers import Failing, failing
from rotation import handler
from rotation.errors import RotationError
from rotation.steps import RETIRE, STEPS
from sandbox.servers.server import Server
from tests.lambdas.postgres_bench import PostgresBench
from tests.lambdas.redis_bench import RedisBench
from tests.lambdas.workbench import Bench
from tests.servers import INITIAL_PASSWORD

CANARY = "canary-Pl4nt3d+in/a=password"
VERIFIER = "SCRAM-SHA-256$"
_TALKATIVE = ("log_statement = 'all'", "log_min_duration_statement = 0", "log_error_verbosity = 'verbose'")
_HIDDEN_FIELDS = {"password", "document", "secret", "secret_access_key", "key", "key_pem", "private_key", "value"}
"""Names of fields that hold a credential; a dataclass of the functions must not show one in its `repr`."""


@dataclass(frozen=True, kw_only=True)
class Look:
    """One place: how much was looked through, whether what has to be in it was there, and what must not be."""

    place: str
    looked: str
    control: bool
    problems: list[str] = field(default_factory=list)


def passwords(bench: Bench) -> set[str]:
    """Every password that any version of any secret of a bench has ever had, and the servers' first ones."""
    texts = [version.value for secret in bench.fake.secrets.values() for version in secret.versions.values()]
    documents = [json.loads(text) for text in texts if text]
    return {INITIAL_PASSWORD, CANARY} | {document["password"] for document in documents if "password" in document}


def server_log(server: Server) -> Look:
    """PostgreSQL logs every statement and its length while roles are made, rotated, healed, retired and scrambled."""
    bench = PostgresBench(server)
    for setting in _TALKATIVE:
        bench.sql(f"ALTER SYSTEM SET {setting}")
    bench.sql("SELECT pg_reload_conf()")
    name, recovery, superuser = bench.role(), bench.recovery(), bench.superuser()
    # What is before this is not ours: a bench gives its superusers a first password in a statement.
    before = server.log.stat().st_size
    with redirect_stdout(io.StringIO()):
        for secret in (name, recovery, superuser, name):
            bench.rotate(secret)
        bench.retire(name)
        current = bench.value(name)
        bench.give(name, {**current, "password": CANARY})
        bench.step(name, "", "healSecret")
        healed = bench.logs_in({**current, "password": CANARY})
        refused = not bench.logs_in({**current, "password": CANARY + "-wrong"})
        bench.rotate(name, "emergency-" + "0" * 22)
        bench.retire(name)
    bench.sql(f"CREATE ROLE careless PASSWORD 'control-{CANARY[::-1]}'")
    # The server cuts names and statements between the bytes of a character.
    log = server.log.read_bytes()[before:].decode("utf-8", errors="replace")
    bench.sql("DROP ROLE careless")
    return Look(
        place="PostgreSQL's log, log_statement=all",
        looked=f"{len(log.splitlines())} lines, {log.count(VERIFIER)} verifiers",
        # The control: what a careless tool sends is there to be read, so the log does hold statements.
        control=healed and refused and f"control-{CANARY[::-1]}" in log and log.count(VERIFIER) >= 5,
        problems=["a password"] if any(password in log for password in passwords(bench)) else [],
    )


@contextmanager
def served(bench: Bench) -> Iterator[Callable[[str, str, str], tuple[str, RotationError | None]]]:
    """The rotation function with a bench behind it: secret, token, step; what it printed, and its error."""
    real, handler.rotator = handler.rotator, lambda: bench.rotator  # type: ignore[assignment]

    def call(secret: str, token: str, step: str) -> tuple[str, RotationError | None]:
        printed, caught = io.StringIO(), None
        listening = logging.StreamHandler(printed)
        logging.getLogger().addHandler(listening)
        try:
            with redirect_stdout(printed), redirect_stderr(printed):
                answer = handler.handle({"SecretId": secret, "ClientRequestToken": token, "Step": step}, None)
                printed.write(json.dumps(answer))
        except RotationError as error:
            caught = error
            printed.write(_everything(error))
        finally:
            logging.getLogger().removeHandler(listening)
        return printed.getvalue(), caught

    try:
        yield call
    finally:
        handler.rotator = real


def _everything(error: BaseException) -> str:
    """What Lambda and any other tool could print of an error: causes, contexts, and the variables of every frame."""
    shown = traceback.TracebackException.from_exception(error, capture_locals=True)
    shown.stack[:] = [frame for frame in shown.stack if "/proofs/" not in frame.filename]
    return "".join(shown.format(chain=True)) + repr(error) + repr(error.__cause__) + repr(error.__context__)


def function_log(place: str, bench: PostgresBench | RedisBench, steps: Sequence[str] = (*STEPS, RETIRE)) -> Look:
    """Every call of a driver fails in turn, in every step, with the password and the statement in its error."""
    problems, lines, failures, quoted = [], 0, 0, 0
    for step in steps:
        for at in range(1, 100):
            name = bench.role() if isinstance(bench, PostgresBench) else bench.user()
            with redirect_stdout(io.StringIO()):
                token = _prepared(bench, name, step)
            with served(bench) as call, failing(at) as driver:
                printed, error = call(name, token, step)
            lines += len(printed.splitlines())
            failures += error is not None
            quoted += _quotes(driver, bench)
            if VERIFIER in printed or any(password in printed for password in passwords(bench)):
                problems.append(f"{step}, call {at}, {driver.raised}")
            bench.fake.cancel_pending(name)
            if driver.raised is None:
                break
    return Look(
        place=place, looked=f"{failures} failures, {lines} lines", control=failures > 0 < quoted, problems=problems
    )


def _prepared(bench: Bench, name: str, step: str) -> str:
    """Bring a rotation to where `step` comes next; its token."""
    bench.rotate(name)
    if step == RETIRE:
        bench.rotate(name)
        return bench.fake.secrets[name].holder("AWSCURRENT") or ""
    token = bench.fake.rotate(name)
    for before in STEPS[: STEPS.index(step)]:
        bench.step(name, token, before)
    return token


def _quotes(driver: Failing, bench: Bench) -> bool:
    """Whether the driver's error did quote a password: else its failing shows nothing."""
    return any(password in driver.text for password in passwords(bench))


class Cloud:
    """What the function `retire` calls, with boto3's names: Lambda is the rotation function itself."""

    def __init__(self, bench: Bench, call: Callable[[str, str, str], tuple[str, RotationError | None]]) -> None:
        self._bench, self._call = bench, call
        self.messages: list[str] = []

    def describe_secret(self, *, SecretId: str) -> Any:  # noqa: N803 - boto3 spells it so
        """Labels, and the name of the function."""
        return {**self._bench.fake.describe_secret(SecretId=SecretId), "RotationLambdaARN": "rotation"}

    def invoke(self, *, FunctionName: str, InvocationType: str, Payload: bytes) -> Any:  # noqa: N803
        """What Lambda answers: the function's value, or its error's text."""
        del FunctionName, InvocationType
        event = json.loads(Payload)
        printed, error = self._call(event["SecretId"], event["ClientRequestToken"], event["Step"])
        if error is None:
            return {"Payload": io.BytesIO(printed.splitlines()[-1].encode())}
        return {"FunctionError": "Unhandled", "Payload": io.BytesIO(json.dumps({"errorMessage": str(error)}).encode())}

    def publish(self, **message: Any) -> object:
        """Kept."""
        self.messages.append(json.dumps(message))
        return {}

    def put_metric_data(self, **numbers: Any) -> object:
        """Kept too."""
        self.messages.append(json.dumps(numbers))
        return {}


def messages(server: Server) -> Look:
    """A straggler whose statement holds the canary, and a retirement that fails: what topic and log are told."""
    retire = importlib.import_module("retire.handler")
    place = importlib.import_module("retire.settings").Settings(environment="staging", topic_arn="topic")
    bench = PostgresBench(server)
    name = bench.role()
    with redirect_stdout(io.StringIO()):
        bench.rotate(name)
        bench.rotate(name)
    printed, errors = io.StringIO(), 0
    with served(bench) as call, bench.session(bench.value(name, "AWSPREVIOUS")) as straggler:
        straggler.run("BEGIN")
        straggler.run(f"SELECT '{CANARY}', '{bench.value(name)['password']}'")
        cloud = Cloud(bench, call)
        services = retire.Clients(secretsmanager=cloud, functions=cloud, sns=cloud, cloudwatch=cloud)
        with redirect_stdout(printed):
            retire.retire({"secret": name, "version": None}, place, services)
            for at in (1, 2, 3):
                with failing(at):
                    try:
                        retire.retire({"secret": name, "version": None}, place, services)
                    except Exception as error:  # noqa: BLE001 - the family is the function's own
                        errors += 1
                        printed.write(_everything(error))
    told = "".join(cloud.messages) + printed.getvalue()
    named = sum("Who:     role" in message for message in cloud.messages)
    return Look(
        place="messages and log of `retire`",
        looked=f"{len(cloud.messages)} messages, {errors} errors",
        control=named >= 1 and errors == 3,
        problems=["a password"] if VERIFIER in told or any(text in told for text in passwords(bench)) else [],
    )


def reprs() -> Look:
    """No dataclass of the functions shows a field in its `repr` that holds a credential."""
    classes = set()
    for module in pkgutil.walk_packages(rotation.__path__, "rotation."):
        for _, found in inspect.getmembers(importlib.import_module(module.name), inspect.isclass):
            if dataclasses.is_dataclass(found) and found.__module__.startswith("rotation"):
                classes.add(found)
    hiding = [
        (one, one_field) for one in classes for one_field in dataclasses.fields(one) if one_field.name in _HIDDEN_FIELDS
    ]
    shown = [f"{one.__name__}.{one_field.name}" for one, one_field in hiding if one_field.repr]
    # A journal names the secret it writes about, not its value.
    problems = sorted(name for name in shown if name != "Journal.secret")
    return Look(
        place="repr of the functions' dataclasses",
        looked=f"{len(classes)} classes, {len(hiding)} such fields",
        control=len(hiding) >= 4,
        problems=problems,
    )
