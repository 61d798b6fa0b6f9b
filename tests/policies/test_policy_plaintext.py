"""The scan of an exported state: what is a credential is found, what is public is not, and no value is repeated."""

from __future__ import annotations

import base64
import json
import random
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from policies import plaintext
from policies.plaintext import StateError, suspicions
from tests.policies import whole
from tests.policies.program import Declared, sealed

VERSION = "aws:secretsmanager/secretVersion:SecretVersion"
FUNCTION = "aws:lambda/function:Function"
SEEDED = random.Random(7)


def exported(*resources: Declared) -> dict[str, Any]:
    """What `pulumi stack export` writes: a secret's ciphertext in the place of its value."""
    return {
        "version": 3,
        "deployment": {
            "resources": [
                {"urn": each.urn, "type": each.token, "inputs": _exported(each.inputs), "outputs": {}}
                for each in resources
            ]
        },
    }


def _exported(value: object) -> object:
    if isinstance(value, Mapping):
        if set(value) == set(sealed("")):
            return {**{key: mark for key, mark in value.items() if key != "value"}, "ciphertext": "v1:abc"}
        return {key: _exported(inner) for key, inner in value.items()}
    return [_exported(inner) for inner in value] if isinstance(value, (list, tuple)) else value


def function(**variables: str) -> Declared:
    return Declared(token=FUNCTION, name="f", stack="prod", inputs={"environment": {"variables": variables}})


def test_the_whole_stack_holds_nothing_that_looks_like_a_credential() -> None:
    program = whole.program("prod", exists=True)

    assert len(program.resources) > 500
    assert list(suspicions(exported(*program.resources))) == []


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("postgresql://app:hunter2@db.internal:5432/app", "a URL with a password"),
        ("-----BEGIN EC PRIVATE KEY-----\nabc\n-----END EC PRIVATE KEY-----", "a private key"),
        ("AKIA" + "A2B3" * 4, "an AWS access key's id"),
        ("sk-" + "a" * 24, "a key of a provider"),
        ("0a" * 32, "hexadecimal digits of a key"),
        ("0A" * 32, "hexadecimal digits of a key"),
    ],
)
def test_a_shape_of_a_credential_is_found_and_not_repeated(value: str, why: str) -> None:
    (found,) = suspicions(exported(function(SETTING=f"before {value} after")))

    assert found.why.startswith(why)
    assert found.property == "inputs.environment.variables.SETTING"
    assert value not in repr(found)


def test_of_a_thousand_generated_passwords_at_least_98_in_100_are_found() -> None:
    values = [base64.b64encode(SEEDED.randbytes(24)).decode() for _ in range(1000)]

    found = [value for value in values if any(suspicions(exported(function(SETTING=value))))]

    assert len(found) >= 980, len(found)


@pytest.mark.parametrize(
    "name",
    [
        "secretString",
        "secretBinary",
        "masterPassword",
        "DB_PASSWORD",
        "privateKeyPem",
        "private_key",
        "authToken",
        "secretAccessKey",
        "API_KEY",
        "JWT_SECRET",
    ],
)
def test_any_text_in_a_property_for_values_is_found(name: str) -> None:
    resource = Declared(token="aws:some/thing:Thing", name="t", stack="prod", inputs={name: "short"})

    (found,) = suspicions(exported(resource))

    assert found.why == "a value in a property that is meant for secrets (5 characters)"


@pytest.mark.parametrize(
    "inputs", [{"passwords": {"password": ["short"]}}, {"body": '{"user": {"password": "short"}}'}]
)
def test_a_value_in_a_list_or_in_a_document_is_found(inputs: dict[str, object]) -> None:
    (found,) = suspicions(exported(Declared(token="aws:some/thing:Thing", name="t", stack="prod", inputs=inputs)))

    assert found.why == "a value in a property that is meant for secrets (5 characters)"


def test_a_resource_that_a_killed_update_was_at_counts() -> None:
    state: dict[str, Any] = exported(function(A="eu-west-1"))
    (at,) = exported(function(DB_PASSWORD="short"))["deployment"]["resources"]
    state["deployment"]["pending_operations"] = [{"resource": at, "type": "creating"}]

    (found,) = suspicions(state)

    assert found.property == "inputs.environment.variables.DB_PASSWORD"


def test_the_arn_of_a_secret_is_none() -> None:
    arns = {
        "db-password": "arn:aws:secretsmanager:us-east-1:222233334444:secret:llm-observatory/staging/db-password-a1B2c3"
    }

    assert list(suspicions(exported(Declared(token="a:b/c:D", name="d", stack="prod", inputs=arns)))) == []


def test_an_encrypted_value_is_found_unless_it_is_the_marker_of_a_first_version() -> None:
    marker = Declared(token=VERSION, name="v", stack="prod", inputs={"secretStringWo": sealed("{}")})
    other = Declared(token=VERSION, name="w", stack="prod", inputs={"secretBinary": sealed("x")})

    (found,) = suspicions(exported(marker, other))

    assert (found.urn, found.property) == (other.urn, "inputs.secretBinary")
    assert "encrypted" in found.why


def test_a_certificate_and_a_digest_are_public() -> None:
    body = base64.b64encode(b"\x30\x82" + SEEDED.randbytes(600)).decode()
    authority = f"-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n"
    digest = Declared(token=FUNCTION, name="g", stack="prod", inputs={"codeSha256": "rR0vk1CrSTMmrR0vk1CrSTMm"})

    assert list(suspicions(exported(function(CA_PEM=authority), digest))) == []


def test_a_value_beside_a_certificate_is_found() -> None:
    body = "-----BEGIN CERTIFICATE-----\nabc\n-----END CERTIFICATE-----\n"

    (found,) = suspicions(exported(function(CA_PEM=f"{body}-----BEGIN PRIVATE KEY-----")))

    assert found.why.startswith("a private key")


def test_a_state_with_its_secrets_shown_is_refused() -> None:
    state = exported(Declared(token=VERSION, name="v", stack="prod", inputs={"secretStringWo": sealed("")}))
    text = json.dumps(state).replace('"ciphertext"', '"plaintext"')

    with pytest.raises(StateError, match="exported with --show-secrets"):
        list(suspicions(json.loads(text)))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"deployment": {"resources": []}}',
        '{"deployment": {"resources": [1]}}',
        '{"deployment": {"resources": [{"inputs": {"a": "b"}}]}}',
        '{"deployment": {"resources": 1}}',
        "\x00",
    ],
)
def test_what_is_no_state_is_told_in_one_line(text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "state.json"
    path.write_text(text, encoding="utf-8")

    assert plaintext.main([str(path)]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_the_command_ends_with_1_and_lists_what_it_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "state.json"
    path.write_text(json.dumps(exported(function(A="0a" * 32))), encoding="utf-8")

    assert plaintext.main([str(path), "--json"]) == 1
    (found,) = json.loads(capsys.readouterr().out)
    assert found["why"] == "hexadecimal digits of a key (64 characters)"

    path.write_text(json.dumps(exported(function(A="eu-west-1"))), encoding="utf-8")
    assert plaintext.main([str(path)]) == 0
