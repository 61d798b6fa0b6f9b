"""Each guard of the protocol, by what it must not let through. No server: a target that only remembers."""

from __future__ import annotations

from typing import Any

import pytest

from rotation.errors import RotationError, ServiceError
from tests.lambdas.remembering import ALL, DOCUMENT, NAME, Remembering, put_pending, refuses, remembering_bench, tokens
from tests.lambdas.workbench import Bench


@pytest.fixture
def made() -> tuple[Bench, Remembering]:
    return remembering_bench()


@pytest.fixture
def bench(made: tuple[Bench, Remembering]) -> Bench:
    return made[0]


@pytest.fixture
def target(made: tuple[Bench, Remembering]) -> Remembering:
    return made[1]


def test_rotation_must_be_enabled(bench: Bench, target: Remembering) -> None:
    token = bench.fake.rotate(NAME)
    bench.fake.secrets[NAME].rotation_enabled = False
    refuses(bench, token, "rotation is not enabled", ALL)
    assert target.done == []


def test_the_token_must_be_known(bench: Bench, target: Remembering) -> None:
    refuses(bench, "never-heard-of", "no labelled version has id 'never-heard-of'", ALL)
    assert target.done == []


def test_the_tokens_version_must_be_pending_after_the_first_step(bench: Bench, target: Remembering) -> None:
    bench.rotate(NAME)
    bench.rotate(NAME)
    previous = tokens(bench, "AWSPREVIOUS")
    assert previous is not None
    target.done.clear()
    refuses(bench, previous, "is not AWSPENDING", ALL[1:])
    assert target.done == []


def test_a_token_that_is_current_already_changes_nothing(bench: Bench, target: Remembering) -> None:
    token = bench.rotate(NAME)
    before = {id_: set(version.stages) for id_, version in bench.fake.secrets[NAME].versions.items()}
    target.done.clear()
    bench.steps(NAME, token)
    assert target.done == []
    assert {id_: version.stages for id_, version in bench.fake.secrets[NAME].versions.items()} == before


def test_a_pending_label_left_on_the_current_version_is_cleared(bench: Bench) -> None:
    token = bench.rotate(NAME)
    bench.fake.secrets[NAME].versions[token].stages.add("AWSPENDING")
    bench.step(NAME, token, "finishSecret")
    assert tokens(bench, "AWSPENDING") is None


@pytest.mark.parametrize(
    ("tag", "value", "match"),
    [
        ("Kind", "redis", "tag Kind is 'redis', this function rotates postgres-role"),
        ("Kind", "", "tag Kind is ''"),
        ("Environment", "prod", "tag Environment is 'prod', this function serves 'staging'"),
    ],
)
def test_the_secrets_own_tags_must_say_that_this_function_rotates_it(
    bench: Bench, target: Remembering, tag: str, value: str, match: str
) -> None:
    token = bench.fake.rotate(NAME)
    bench.fake.secrets[NAME].tags[tag] = value
    refuses(bench, token, match, (*ALL, "healSecret"))
    assert target.done == []


def test_the_secrets_name_must_lie_under_the_environments_prefix(bench: Bench, target: Remembering) -> None:
    token = bench.fake.rotate(NAME)
    bench.fake.secrets[NAME].name = "llm-observatory/prod/thing-password"
    refuses(bench, token, "is not under 'llm-observatory/staging/'", ALL)
    assert target.done == []


@pytest.mark.parametrize("field", ["host", "port", "dbname", "username", "added"])
def test_a_pending_value_of_another_server_is_refused(bench: Bench, target: Remembering, field: str) -> None:
    token = bench.fake.rotate(NAME)
    put_pending(bench, token, {**DOCUMENT, "password": "canary", field: "elsewhere"})
    for step in ("createSecret", "setSecret"):
        with pytest.raises(RotationError, match=f"differ in {field}") as caught:
            bench.step(NAME, token, step)
        assert "canary" not in str(caught.value)
    assert target.done == []


def test_a_rotation_beside_another_one_is_refused_before_it_makes_a_value(bench: Bench) -> None:
    token = bench.fake.rotate(NAME)
    # A stray label on a second version, which PutSecretValue by a person can leave behind.
    bench.fake.secrets[NAME].versions[token].stages = {"SOMETHING"}
    put_pending(bench, "rival-" + "0" * 26, {**DOCUMENT, "password": "x"})
    refuses(bench, token, "so another rotation is under way", ("createSecret",))
    assert bench.fake.secrets[NAME].versions[token].value is None


def test_a_pending_value_is_kept_by_a_second_create(bench: Bench) -> None:
    token = bench.fake.rotate(NAME)
    bench.step(NAME, token, "createSecret")
    before = bench.value(NAME, "AWSPENDING")
    bench.rotator._targets["postgres-role"].done.append("makes another password")  # type: ignore[attr-defined]
    bench.step(NAME, token, "createSecret")
    assert bench.value(NAME, "AWSPENDING") == before


def test_a_create_that_loses_the_race_goes_on_with_the_winners_value(bench: Bench, target: Remembering) -> None:
    token = bench.fake.rotate(NAME)
    put = bench.fake.put_secret_value

    def late(**arguments: Any) -> Any:
        bench.fake.put_secret_value = put  # type: ignore[method-assign]
        put_pending(bench, token, {**DOCUMENT, "password": "winner"})
        return put(**arguments)

    bench.fake.put_secret_value = late  # type: ignore[method-assign]
    bench.step(NAME, token, "createSecret")
    assert bench.value(NAME, "AWSPENDING")["password"] == "winner"
    for step in ALL[1:]:
        bench.step(NAME, token, step)
    assert target.done == ["apply winner", "verify winner"]


def test_a_version_without_a_value_is_never_published(bench: Bench) -> None:
    token = bench.fake.rotate(NAME)
    current = tokens(bench, "AWSCURRENT")
    refuses(bench, token, "has no value or is no longer AWSPENDING", ("setSecret", "finishSecret"))
    put_pending(bench, token, DOCUMENT)
    refuses(bench, token, "holds no credential", ("finishSecret",))
    assert tokens(bench, "AWSCURRENT") == current


def test_publishing_is_refused_when_the_current_version_has_changed_meanwhile(bench: Bench) -> None:
    bench.rotate(NAME)
    token = bench.fake.rotate(NAME)
    for step in ALL[:3]:
        bench.step(NAME, token, step)
    get = bench.fake.get_secret_value

    def late(**arguments: Any) -> Any:
        # Between the guards and the move.
        bench.give(NAME, {**DOCUMENT, "password": "given by a person"})
        return get(**arguments)

    bench.fake.get_secret_value = late  # type: ignore[method-assign]
    with pytest.raises(ServiceError, match="UpdateSecretVersionStage was refused with InvalidParameterException"):
        bench.step(NAME, token, "finishSecret")
    assert bench.value(NAME)["password"] == "given by a person"


def test_a_pending_label_that_the_service_has_cleared_already_is_no_error(bench: Bench) -> None:
    token = bench.fake.rotate(NAME)
    for step in ALL[:3]:
        bench.step(NAME, token, step)
    update = bench.fake.update_secret_version_stage

    def cleared(**arguments: Any) -> Any:
        bench.fake.cancel_pending(NAME)
        return update(**arguments)

    bench.fake.update_secret_version_stage = cleared  # type: ignore[method-assign]
    bench.step(NAME, token, "finishSecret")
    assert tokens(bench, "AWSCURRENT") == token


def test_an_unknown_step_is_refused(bench: Bench) -> None:
    token = bench.fake.rotate(NAME)
    refuses(bench, token, "step 'deleteSecret' is unknown", ("deleteSecret",))


def test_a_secret_without_a_current_version_says_so(bench: Bench) -> None:
    token = bench.fake.rotate(NAME)
    for version in bench.fake.secrets[NAME].versions.values():
        version.stages.discard("AWSCURRENT")
    refuses(bench, token, "no version is AWSCURRENT; run `pulumi up`", ("createSecret", "setSecret"))


def test_a_secret_that_the_service_does_not_know_is_an_error_with_its_code(bench: Bench) -> None:
    bench.fake.secrets[NAME].versions.clear()
    token = "x" * 32
    secret = bench.fake.secrets.pop(NAME)
    bench.fake.secrets["other"] = secret
    secret.name = "other"
    with pytest.raises(ServiceError, match="ResourceNotFoundException"):
        bench.rotator._versions.describe(NAME)
    assert token not in bench.fake.calls
