"""Anthropic keys: a person makes one, the system checks, publishes and switches off; it never pretends to make one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from rotation.errors import LoginRefusedError, RotationError, ServerBusyError
from tests.lambdas import fake_anthropic
from tests.lambdas.api_bench import ADMIN, OVERLAP, AnthropicBench
from tests.lambdas.fake_http_api import Reply


@pytest.fixture
def bench() -> Iterator[AnthropicBench]:
    bench = AnthropicBench()
    with bench.api:
        yield bench


def turned(bench: AnthropicBench) -> tuple[str, str]:
    """Two keys supplied and published one after the other: the old value and the new."""
    old = bench.new_key()
    bench.rotate(bench.name)
    bench.later(seconds=OVERLAP)
    new = bench.new_key()
    bench.rotate(bench.name)
    bench.later(seconds=OVERLAP)
    return old, new


def test_without_a_supplied_key_a_rotation_refuses_and_names_the_command(bench: AnthropicBench) -> None:
    bench.admit(fake_anthropic.ADMIN_KEY)
    with pytest.raises(RotationError, match="run `secretsctl set anthropic-api-key`"):
        bench.rotate(bench.name)
    assert bench.api.calls == []


def test_a_supplied_key_is_checked_and_published_without_an_admin_key(bench: AnthropicBench) -> None:
    value = bench.new_key()
    bench.rotate(bench.name)
    assert bench.value(bench.name) == {"url": bench.api.url, "key": value}
    assert bench.fake.secrets[bench.name].holder("LLMOBS_SUPPLIED") is None


def test_with_an_admin_key_the_id_is_found_by_the_hint_on_a_later_page(bench: AnthropicBench) -> None:
    bench.admit(fake_anthropic.ADMIN_KEY)
    for _ in range(4):
        bench.api.make()
    bench.new_key()
    bench.rotate(bench.name)
    assert bench.value(bench.name)["key_id"] == bench.api.keys[-1].id


@pytest.mark.parametrize("admin", ["sk-ant-admin01-revoked", None])
def test_a_bad_admin_key_does_not_stop_a_new_key(bench: AnthropicBench, admin: str | None) -> None:
    if admin:
        bench.admit(admin)
    bench.new_key()
    bench.rotate(bench.name)
    assert bench.works()


def test_a_supplied_key_that_is_refused_is_not_published(bench: AnthropicBench) -> None:
    bench.supply({"key": "sk-ant-api03-wrong"})
    with pytest.raises(LoginRefusedError):
        bench.rotate(bench.name)
    assert "key" not in bench.value(bench.name)


def test_the_current_key_supplied_again_is_no_new_one(bench: AnthropicBench) -> None:
    value = bench.new_key()
    bench.rotate(bench.name)
    bench.later(seconds=OVERLAP)
    bench.supply({"key": value})
    with pytest.raises(RotationError, match="is the one that is current"):
        bench.rotate(bench.name)


def test_a_supplied_document_changes_no_constant(bench: AnthropicBench) -> None:
    bench.supply({"key": bench.api.make().value, "url": "https://elsewhere.example"})
    bench.rotate(bench.name)
    assert bench.value(bench.name)["url"] == bench.api.url


def test_retirement_switches_the_old_key_off_and_sees_that_it_is_refused(bench: AnthropicBench) -> None:
    bench.admit(fake_anthropic.ADMIN_KEY)
    old, new = turned(bench)
    assert bench.api.works(old)
    assert bench.retire(bench.name)["outcome"] == "retired"
    assert not bench.api.works(old)
    assert bench.api.works(new)


def test_an_admin_key_that_came_later_finds_the_old_key_too(bench: AnthropicBench) -> None:
    old, new = turned(bench)
    with pytest.raises(RotationError, match="disable it in the Claude Console under Settings, API keys"):
        bench.retire(bench.name)
    assert bench.api.works(old)
    bench.admit(fake_anthropic.ADMIN_KEY)
    assert bench.retire(bench.name)["outcome"] == "retired"
    assert (bench.api.works(old), bench.api.works(new)) == (False, True)


def test_without_an_admin_key_a_person_retires_and_the_system_sees_it(bench: AnthropicBench) -> None:
    old, _ = turned(bench)
    with pytest.raises(RotationError, match="no admin key is there"):
        bench.retire(bench.name)
    next(key for key in bench.api.keys if key.value == old).status = "inactive"
    assert bench.retire(bench.name)["outcome"] == "retired"


def test_a_function_without_an_admin_secret_says_the_same(bench: AnthropicBench) -> None:
    turned(bench)
    object.__setattr__(bench.settings, "admin_secret_ids", {})
    with pytest.raises(RotationError, match="disable it in the Claude Console"):
        bench.retire(bench.name)


def test_an_old_key_that_lives_on_is_no_success(bench: AnthropicBench) -> None:
    bench.admit(fake_anthropic.ADMIN_KEY)
    old, _ = turned(bench)
    bench.api.stubborn.add(old)
    with pytest.raises(RotationError, match="still accepted 20 s after"):
        bench.retire(bench.name)
    assert sum(bench.slept) == 20


def test_while_every_key_is_refused_a_refusal_of_the_old_one_means_nothing(bench: AnthropicBench) -> None:
    bench.admit(fake_anthropic.ADMIN_KEY)
    old, _ = turned(bench)
    bench.api.shut = True
    with pytest.raises(LoginRefusedError):
        bench.retire(bench.name)
    bench.api.shut = False
    assert bench.api.works(old)
    assert bench.fake.secrets[bench.name].holder("AWSPREVIOUS") is not None


def test_a_made_up_value_with_the_hint_of_another_key_gets_nothing_switched_off(bench: AnthropicBench) -> None:
    bench.admit(fake_anthropic.ADMIN_KEY)
    foreign = bench.api.make("sk-ant-api03-production-secret-part-abcd")
    forged = "sk-ant-api03-prod-forged-abcd"
    assert forged.startswith(foreign.hint.split("...")[0])
    bench.give(bench.name, {**bench.value(bench.name), "key": forged, "key_id": foreign.id})
    bench.new_key()
    bench.rotate(bench.name)
    bench.later(seconds=OVERLAP)
    assert bench.retire(bench.name)["outcome"] == "retired"
    assert foreign.status == "active"


def test_two_keys_of_one_hint_are_left_to_a_person_unless_the_id_tells_them_apart(bench: AnthropicBench) -> None:
    bench.admit(fake_anthropic.ADMIN_KEY)
    twin = bench.api.make("sk-ant-api03-same-1111-abcd")
    mine = bench.api.make("sk-ant-api03-same-2222-abcd")
    bench.give(bench.name, {**bench.value(bench.name), "key": mine.value})
    bench.new_key()
    bench.rotate(bench.name)
    bench.later(seconds=OVERLAP)
    with pytest.raises(RotationError, match="2 active API keys fit the hint"):
        bench.retire(bench.name)
    assert (twin.status, mine.status) == ("active", "active")


def test_healing_switches_the_current_key_on_again_and_names_the_person_otherwise(bench: AnthropicBench) -> None:
    bench.admit(fake_anthropic.ADMIN_KEY)
    bench.new_key()
    bench.rotate(bench.name)
    bench.step(bench.name, "", "healSecret")
    bench.api.keys[0].status = "inactive"
    bench.step(bench.name, "", "healSecret")
    assert bench.works()
    bench.api.keys[0].status = "archived"
    with pytest.raises(LoginRefusedError, match="secretsctl set"):
        bench.step(bench.name, "", "healSecret")


def test_an_overloaded_api_is_no_refusal(bench: AnthropicBench) -> None:
    bench.new_key()
    bench.api.forced.append(Reply(status=529, body={"type": "error", "error": {"type": "overloaded_error"}}))
    with pytest.raises(ServerBusyError, match="overloaded_error"):
        bench.rotate(bench.name)


def test_each_key_travels_only_where_it_must(bench: AnthropicBench) -> None:
    bench.admit(fake_anthropic.ADMIN_KEY)
    turned(bench)
    bench.retire(bench.name)
    secrets = [fake_anthropic.ADMIN_KEY, *(key.value for key in bench.api.keys)]
    for call in bench.api.calls:
        assert (call.headers["x-api-key"] == fake_anthropic.ADMIN_KEY) == (call.path != "/v1/models")
        assert not any(value in f"{call.path}{call.query}{call.body}" for value in secrets)
    assert ADMIN in bench.fake.secrets
