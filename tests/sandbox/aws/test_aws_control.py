"""The sandbox's own routes: who may ask, and what comes back."""

import json

import pytest

from sandbox.aws.control import Control
from sandbox.aws.errors import SandboxError


def _refuse(_given: object) -> dict[str, str]:
    raise SandboxError("no: give another one")


@pytest.fixture
def control() -> Control:
    made = Control("the-token")
    made.add("GET", "open", lambda given: {"given": dict(given)}, is_open=True)
    made.add("POST", "closed", lambda given: {"given": dict(given)})
    made.add("POST", "refuses", _refuse)
    return made


@pytest.mark.parametrize(
    ("method", "path", "token", "body", "status"),
    [
        ("GET", "/_sandbox/open", "", b"", 200),
        ("POST", "/_sandbox/closed", "the-token", b'{"a": 1}', 200),
        ("POST", "/_sandbox/closed", "another", b'{"a": 1}', 403),
        ("POST", "/_sandbox/closed", "the-token", b"[]", 400),
        ("POST", "/_sandbox/closed", "the-token", b"{", 400),
        ("POST", "/_sandbox/refuses", "the-token", b"", 400),
        ("POST", "/_sandbox/open", "the-token", b"", 404),
        ("GET", "/_sandbox/nothing", "the-token", b"", 404),
    ],
)
def test_a_route_answers_its_method_and_whoever_knows_the_token(
    control: Control, method: str, path: str, token: str, body: bytes, status: int
) -> None:
    assert control.answer(method, path, "", token, body).status == status


def test_a_handler_gets_the_body_or_the_query_and_its_refusal_is_told(control: Control) -> None:
    assert json.loads(control.answer("GET", "/_sandbox/open", "a=1", "", b"").body) == {"given": {"a": "1"}}
    answer = control.answer("POST", "/_sandbox/closed", "", "the-token", b'{"b": 2}')
    assert json.loads(answer.body) == {"given": {"b": 2}}
    assert json.loads(control.answer("POST", "/_sandbox/refuses", "", "the-token", b"").body) == {
        "message": "no: give another one"
    }
