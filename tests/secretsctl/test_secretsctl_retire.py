"""`secretsctl retire` against a fake AWS: when it asks the function, and what it makes of the answer."""

from __future__ import annotations

import json
import time

import pytest

from catalog.emergency.version import token
from tests.secretsctl.bench import Bench
from tests.secretsctl.fake_secret import FakeVersion

FUNCTION = "llm-observatory-staging-retire"
NAME = "db-app-password"
FULL = f"llm-observatory/staging/{NAME}"


def rotated(bench: Bench, version: str, *, ago: float) -> None:
    """A version that became current so many seconds ago; what was before it is no marker."""
    secret = bench.secret(NAME)
    for new in ("older-" + version, version):
        secret.versions[new] = FakeVersion("{}", created=time.time() - ago)
        secret.move("AWSCURRENT", new)
    secret.rotated = time.time() - ago


def answers(bench: Bench, outcome: str, *stragglers: str, until: str | None = None) -> None:
    bench.aws.functions[FUNCTION] = {"outcome": outcome, "stragglers": list(stragglers), "until": until}


@pytest.mark.parametrize("outcome", ["retired", "nothing to retire"])
def test_after_the_overlap_it_asks_the_function_for_the_current_version(bootstrapped: Bench, outcome: str) -> None:
    rotated(bootstrapped, "v2", ago=5000)
    answers(bootstrapped, outcome)
    result = bootstrapped.run("retire", NAME)
    assert result.exit_code == 0, result.stderr
    assert result.stdout == f"{NAME}: {outcome}\n"
    assert bootstrapped.aws.invoked == [(FUNCTION, {"secret": FULL, "version": "v2"})]


def test_within_the_overlap_it_refuses_without_asking_and_names_the_emergency(bootstrapped: Bench) -> None:
    rotated(bootstrapped, "v2", ago=1)
    result = bootstrapped.run("retire", NAME)
    assert result.exit_code == 1
    assert "its overlap runs until 20" in result.stderr
    assert f"`secretsctl emergency {NAME}`" in result.stderr
    assert bootstrapped.aws.invoked == []


def test_an_emergencys_version_waits_for_no_overlap(bootstrapped: Bench) -> None:
    rotated(bootstrapped, token("INC-1", NAME), ago=1)
    answers(bootstrapped, "retired")
    assert bootstrapped.run("retire", NAME).exit_code == 0


def test_with_force_the_functions_own_clock_decides(bootstrapped: Bench) -> None:
    rotated(bootstrapped, "v2", ago=1)
    answers(bootstrapped, "too early", until="2030-01-01T00:00:00+00:00")
    result = bootstrapped.run("retire", NAME, "--force")
    assert result.exit_code == 1
    assert "its overlap runs until 2030-01-01T00:00:00+00:00" in result.stderr
    assert len(bootstrapped.aws.invoked) == 1


def test_who_uses_the_old_credential_is_named(bootstrapped: Bench) -> None:
    rotated(bootstrapped, "v2", ago=5000)
    answers(bootstrapped, "straggling", "app, psql, 10.0.0.7, since 12:00", "app, worker, 10.0.0.8, since 12:01")
    result = bootstrapped.run("retire", NAME)
    assert result.exit_code == 1
    assert result.stdout.splitlines() == [
        f"{NAME}: in use by app, psql, 10.0.0.7, since 12:00",
        f"{NAME}: in use by app, worker, 10.0.0.8, since 12:01",
    ]
    assert "nothing was changed" in result.stderr
    told = json.loads(bootstrapped.run("retire", NAME, "--json").stdout)
    assert told["outcome"] == "straggling"
    assert len(told["stragglers"]) == 2


def test_a_rotation_under_way_is_told(bootstrapped: Bench) -> None:
    rotated(bootstrapped, "v2", ago=5000)
    answers(bootstrapped, "superseded")
    result = bootstrapped.run("retire", NAME)
    assert result.exit_code == 1
    assert f"`secretsctl rotate {NAME} --resume`" in result.stderr


def test_the_functions_error_is_shown(bootstrapped: Bench) -> None:
    rotated(bootstrapped, "v2", ago=5000)
    bootstrapped.aws.functions[FUNCTION] = f"secret '{FULL}' was not retired: the server is busy"
    result = bootstrapped.run("retire", NAME)
    assert result.exit_code == 1
    assert "was not retired: the server is busy" in result.stderr


def test_a_secret_without_a_value_has_nothing_to_retire(bench: Bench) -> None:
    result = bench.run("retire", "openai-api-key")
    assert result.exit_code == 1
    assert "nothing to retire" in result.stderr
    assert bench.aws.invoked == []


def test_a_function_that_is_not_there_or_not_ones_own_is_told(bootstrapped: Bench) -> None:
    rotated(bootstrapped, "v2", ago=5000)
    assert f"see whether function {FUNCTION} is deployed" in bootstrapped.run("retire", NAME).stderr
    bootstrapped.aws.denied.add(("Invoke", FUNCTION))
    assert "not authorized to perform: Invoke" in bootstrapped.run("retire", NAME).stderr


def test_an_unknown_name_is_explained(bootstrapped: Bench) -> None:
    result = bootstrapped.run("retire", "db-ap-password")
    assert (result.exit_code, "did you mean 'db-app-password'?" in result.stderr) == (2, True)
