"""`secretsctl heal` against a fake AWS: it calls the rotation function's own step and shows its answer."""

from __future__ import annotations

import json

import pytest

from tests.secretsctl.bench import Bench


@pytest.mark.parametrize(
    ("name", "target"), [("db-app-password", "postgres"), ("redis-password", "redis"), ("jwt-secret", "keyring")]
)
def test_it_asks_the_rotation_function_of_the_secrets_target(bootstrapped: Bench, name: str, target: str) -> None:
    function = f"llm-observatory-staging-rotate-{target}"
    bootstrapped.aws.functions[function] = None
    result = bootstrapped.run("heal", name)
    assert result.exit_code == 0, result.stderr
    event = {"SecretId": f"llm-observatory/staging/{name}", "Step": "healSecret"}
    assert bootstrapped.aws.invoked == [(function, event)]
    version = bootstrapped.secret(name).holder("AWSCURRENT")
    assert result.stdout == f"{name}: healed: version {version} works\n"
    told = json.loads(bootstrapped.run("heal", name, "--json").stdout)
    assert told == {"secret": name, "version": version, "outcome": "healed"}


def test_the_functions_error_says_what_to_do(bootstrapped: Bench) -> None:
    advice = "none of 4 stored credentials can log in; reset its password at the server's own console"
    bootstrapped.aws.functions["llm-observatory-staging-rotate-postgres"] = advice
    result = bootstrapped.run("heal", "db-password")
    assert result.exit_code == 1
    assert advice in result.stderr
    assert "/aws/lambda/llm-observatory-staging-rotate-postgres" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_secret_without_a_value_cannot_be_healed(bench: Bench) -> None:
    result = bench.run("heal", "db-app-password")
    assert result.exit_code == 1
    assert "has no value yet" in result.stderr
    assert bench.aws.invoked == []
