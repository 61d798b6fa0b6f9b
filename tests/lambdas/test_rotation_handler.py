"""The Lambda's entry: configuration, the event, and that no value ever gets out of it."""

from __future__ import annotations

import json
import logging
import traceback
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from rotation import handler
from rotation.document import Document
from rotation.errors import RotationError
from rotation.settings import Settings
from rotation.targets import TARGETS
from rotation.targets.assisted import Assisted
from rotation.targets.keyring import Keyring
from rotation.targets.target import Fallbacks
from tests.lambdas.workbench import PREFIX, Bench

CANARY = "canary-Zm9yYmlkZGVu"
NAME = PREFIX + "jwt-secret"
VARIABLES = {"ENVIRONMENT": "staging", "TARGET": "keyring", "KINDS": "keyring"}


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


def test_every_target_can_be_loaded_for_every_kind_that_it_names() -> None:
    for target, kinds in TARGETS.items():
        settings = Settings(environment="staging", target=target, kinds=frozenset(kinds))
        for kind in kinds:
            loaded = handler.load_target(settings, kind)
            assert isinstance(loaded.overlaps, bool)


def test_every_kind_of_the_contract_is_rotated_by_exactly_one_target() -> None:
    kinds = [kind for kinds in TARGETS.values() for kind in kinds]
    assert len(kinds) == len(set(kinds)) == 10


@pytest.mark.parametrize(
    ("changes", "match"),
    [
        ({"ENVIRONMENT": ""}, "variable ENVIRONMENT is missing or empty"),
        ({"TARGET": "mongo"}, "variable TARGET is 'mongo'; set one of assisted, keyring, postgres, redis"),
        ({"KINDS": "keyring,redis"}, "variable KINDS names redis, which target 'keyring' cannot rotate"),
        ({"KINDS": ""}, "variable KINDS is missing"),
    ],
)
def test_a_wrong_variable_is_named(changes: dict[str, str], match: str) -> None:
    with pytest.raises(RotationError, match=match):
        Settings.read({**VARIABLES, **changes})


def test_settings_hold_what_the_variables_say() -> None:
    settings = Settings.read({**VARIABLES, "KINDS": " keyring ,", "CA_PEM": "pem", "ADMIN_SECRET_ID": ""})
    assert settings == Settings(environment="staging", target="keyring", kinds=frozenset({"keyring"}), ca_pem="pem")


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


def test_an_assisted_secret_is_refused_with_the_command_that_sets_it(environment: pytest.MonkeyPatch) -> None:
    bench = Bench("assisted", {"openai": Assisted()})
    bench.secret(NAME, "openai", {"project": "p"})
    token = bench.fake.rotate(NAME)
    call = serve(bench, environment)
    with pytest.raises(RotationError, match="fetch one there and run `secretsctl set jwt-secret`"):
        call(token, "createSecret")
    call(token, "testSecret")


class Talkative:
    """A target whose driver puts the password into everything it raises."""

    credential = frozenset({"password"})
    value = "password"
    overlaps = False

    def __init__(self, error: Exception) -> None:
        self.error = error

    def generate(self, name: str, current: Document) -> Document:
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

    def retire(self, current: Document, previous: Document, fallbacks: Fallbacks) -> None:
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
