"""The Lambda's entry: configuration, the event, and that no value ever gets out of it."""

from __future__ import annotations

import json
import logging
import traceback
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from rotation import handler
from rotation.document import Document
from rotation.errors import RotationError
from rotation.settings import Settings
from rotation.targets import TARGETS
from rotation.targets.keyring import Keyring
from rotation.targets.target import Fallbacks
from tests.lambdas.workbench import PREFIX, RETIREMENT, Bench

CANARY = "canary-Zm9yYmlkZGVu"
NAME = PREFIX + "jwt-secret"
VARIABLES = {
    "ENVIRONMENT": "staging",
    "TARGET": "keyring",
    "KINDS": "keyring",
    "RETIRE_FUNCTION_ARN": RETIREMENT.function,
    "RETIRE_ROLE_ARN": RETIREMENT.role,
    "RETIRE_DEAD_LETTERS_ARN": RETIREMENT.dead_letters,
}


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    for name, value in {**VARIABLES, "AWS_DEFAULT_REGION": "us-east-1"}.items():
        monkeypatch.setenv(name, value)
    made = handler.rotator
    made.cache_clear()
    yield monkeypatch
    made.cache_clear()


def serve(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], None]:
    monkeypatch.setattr(handler, "rotator", lambda: bench.rotator)

    def call(token: str, step: str) -> None:
        handler.handle({"SecretId": NAME, "ClientRequestToken": token, "Step": step}, None)

    return call


def test_every_target_can_be_loaded_for_every_kind_that_it_names(environment: pytest.MonkeyPatch) -> None:
    for target, kinds in TARGETS.items():
        settings = Settings(environment="staging", target=target, kinds=frozenset(kinds), retirement=RETIREMENT)
        for kind in kinds:
            loaded = handler.load_target(settings, kind)
            assert isinstance(loaded.overlaps, bool)


def test_every_kind_of_the_contract_is_rotated_by_exactly_one_target() -> None:
    kinds = [kind for kinds in TARGETS.values() for kind in kinds]
    assert len(kinds) == len(set(kinds)) == 13


@pytest.mark.parametrize(
    ("changes", "match"),
    [
        ({"ENVIRONMENT": ""}, "variable ENVIRONMENT is missing or empty"),
        ({"TARGET": "mongo"}, "variable TARGET is 'mongo'; set one of api, certificate, iam, keyring, postgres, redis"),
        ({"KINDS": "keyring,redis"}, "variable KINDS names redis, which target 'keyring' cannot rotate"),
        ({"KINDS": ""}, "variable KINDS is missing"),
        ({"ADMIN_SECRET_IDS": "redis=r"}, "variable ADMIN_SECRET_IDS names redis, which target 'keyring' cannot"),
        ({"ADMIN_SECRET_IDS": "keyring"}, "variable ADMIN_SECRET_IDS has 'keyring'; write kind=secret-name"),
        ({"RETIRE_FUNCTION_ARN": ""}, "variable RETIRE_FUNCTION_ARN is missing"),
        ({"RETIRE_ROLE_ARN": ""}, "variable RETIRE_ROLE_ARN is missing"),
        ({"RETIRE_DEAD_LETTERS_ARN": ""}, "variable RETIRE_DEAD_LETTERS_ARN is missing"),
    ],
)
def test_a_wrong_variable_is_named(changes: dict[str, str], match: str) -> None:
    with pytest.raises(RotationError, match=match):
        Settings.read({**VARIABLES, **changes})


def test_settings_hold_what_the_variables_say() -> None:
    more = {"KINDS": " keyring ,", "CA_PEM": "pem", "ADMIN_SECRET_IDS": "keyring=a/b, "}
    settings = Settings.read({**VARIABLES, **more})
    assert settings == Settings(
        environment="staging",
        target="keyring",
        kinds=frozenset({"keyring"}),
        retirement=RETIREMENT,
        admin_secret_ids={"keyring": "a/b"},
        ca_pem="pem",
    )


def test_the_rotator_is_made_once(environment: pytest.MonkeyPatch) -> None:
    assert handler.rotator() is handler.rotator()


@pytest.mark.parametrize("event", [{}, {"SecretId": NAME}, {"SecretId": NAME, "Step": "setSecret"}, {"SecretId": 1}])
def test_an_event_that_lacks_something_is_refused(event: dict[str, object]) -> None:
    with pytest.raises(RotationError, match="the event lacks SecretId, ClientRequestToken or Step"):
        handler.handle(event, None)


def test_a_rotation_through_the_handler_logs_one_json_object_a_line(
    environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    bench = Bench("keyring", {"keyring": Keyring()})
    bench.secret(NAME, "keyring", {"retention_days": 30})
    token = bench.fake.rotate(NAME)
    call = serve(bench, environment)
    for step in ("createSecret", "setSecret", "testSecret", "finishSecret"):
        call(token, step)
    out = capsys.readouterr().out
    lines = [json.loads(line) for line in out.splitlines()]
    assert [line["event"] for line in lines] == ["created", "set", "tested", "published", "finished"]
    assert all(
        set(line) == {"level", "event", "secret", "token", "step", "target", "ms", "error"}
        and line["target"] == "keyring"
        for line in lines
    )
    assert bench.value(NAME)["key"] not in out


def test_a_ca_is_for_the_kinds_that_it_is_said_to_be_for() -> None:
    settings = Settings.read({**VARIABLES, "CA_PEM": "pem"})
    assert settings.ca_of("keyring") == "pem"
    settings = Settings.read({**VARIABLES, "CA_PEM": "pem", "CA_PEM_KINDS": "redis"})
    assert (settings.ca_of("redis"), settings.ca_of("keyring")) == ("pem", None)


class Talkative:
    """A target whose driver puts the password into everything it raises."""

    credential = frozenset({"password"})
    value = "password"
    overlaps = False
    issued = False
    retires = True

    def __init__(self, error: Exception) -> None:
        self.error = error

    def generate(self, name: str, current: Document, fallbacks: Fallbacks, *, urgent: bool) -> Document:
        return {**current, "password": CANARY}

    def apply(self, current: Document, pending: Callable[[], Document], fallbacks: Fallbacks) -> None:
        statement = f"ALTER ROLE x PASSWORD '{pending()['password']}'"
        try:
            raise self.error
        except Exception as error:
            raise type(error)(statement) from error

    def verify(self, document: Document) -> None:
        raise KeyError(document["password"])

    def heal(self, current: Document, fallbacks: Fallbacks) -> None:
        raise ValueError(CANARY)

    def retire(
        self, current: Document, previous: Document, fallbacks: Fallbacks, quiet_since: datetime | None
    ) -> Sequence[str]:
        raise ValueError(CANARY)


def everything_that_lambda_could_print(error: BaseException) -> str:
    """Lambda prints type, message and traceback; other tools follow causes and contexts or show local variables."""
    shown = traceback.TracebackException.from_exception(error, capture_locals=True)
    # The test's own frames know the canary; those of the function must not.
    shown.stack[:] = [frame for frame in shown.stack if "/tests/" not in frame.filename]
    assert len(shown.stack) == 1
    return "".join(shown.format(chain=True)) + repr(error) + repr(error.__cause__) + repr(error.__context__)


@pytest.mark.parametrize("step", ["setSecret", "testSecret", "healSecret"])
@pytest.mark.parametrize("error", [RuntimeError(CANARY), OSError(CANARY), ValueError(CANARY)])
def test_no_value_leaves_the_handler_whatever_a_driver_raises(
    environment: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
    error: Exception,
    step: str,
) -> None:
    caplog.set_level(logging.DEBUG)
    bench = Bench("postgres", {"postgres-role": Talkative(error)})
    bench.secret(NAME, "postgres-role", {"host": "db", "password": CANARY})
    token = bench.fake.rotate(NAME)
    call = serve(bench, environment)
    call(token, "createSecret")
    with pytest.raises(RotationError, match="this is a defect of the function") as caught:
        call(token, step)
    captured = capsys.readouterr()
    assert CANARY not in everything_that_lambda_could_print(caught.value)
    assert CANARY not in captured.out + captured.err + caplog.text
    assert json.loads(captured.out.splitlines()[-1])["level"] == "ERROR"


def test_no_value_leaves_a_retirement_whatever_a_driver_raises(
    environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    bench = Bench("postgres", {"postgres-role": Talkative(OSError(CANARY))})
    bench.secret(NAME, "postgres-role", {"host": "db"}, overlap=0)
    for password in (CANARY, CANARY + "2"):
        bench.give(NAME, {"host": "db", "password": password})
    with pytest.raises(RotationError, match="this is a defect of the function") as caught:
        serve(bench, environment)(bench.fake.secrets[NAME].holder("AWSCURRENT") or "", "retireSecret")
    assert CANARY not in everything_that_lambda_could_print(caught.value) + capsys.readouterr().out


@pytest.mark.parametrize(
    ("error", "match"),
    [
        (ClientError({"Error": {"Code": "ThrottlingException", "Message": CANARY}}, "x"), "with ThrottlingException"),
        (ClientError({"Error": {"Message": CANARY}}, "x"), "with Unknown"),
        (EndpointConnectionError(endpoint_url=f"https://{CANARY}"), "no answer \\(EndpointConnectionError\\)"),
    ],
)
def test_no_text_of_the_service_leaves_the_handler(
    environment: pytest.MonkeyPatch, error: Exception, match: str
) -> None:
    bench = Bench("keyring", {"keyring": Keyring()})
    bench.secret(NAME, "keyring", {"retention_days": 30})
    token = bench.fake.rotate(NAME)

    def fails(**_: Any) -> Any:
        raise error

    bench.fake.get_secret_value = fails  # type: ignore[method-assign]
    with pytest.raises(RotationError, match=match) as caught:
        serve(bench, environment)(token, "createSecret")
    assert CANARY not in everything_that_lambda_could_print(caught.value)


@pytest.mark.parametrize("text", ["no json", '"a string"', "[]", ""])
def test_a_version_that_is_no_document_is_refused_without_its_text(environment: pytest.MonkeyPatch, text: str) -> None:
    bench = Bench("keyring", {"keyring": Keyring()})
    bench.fake.create(NAME, {"Environment": "staging", "Kind": "keyring", "OverlapSeconds": "0"}, text)
    with pytest.raises(RotationError, match="not one JSON object"):
        serve(bench, environment)(bench.fake.rotate(NAME), "createSecret")
