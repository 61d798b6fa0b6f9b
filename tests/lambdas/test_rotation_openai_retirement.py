"""OpenAI keys after their overlap: deleted with every orphan, and nothing that is not ours is touched."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from rotation.errors import LoginRefusedError, RotationError
from rotation.targets.api_session import ApiSession
from tests.lambdas.api_bench import OVERLAP, OpenAiBench


@pytest.fixture
def bench() -> Iterator[OpenAiBench]:
    bench = OpenAiBench()
    with bench.api:
        yield bench


def key_ids(bench: OpenAiBench) -> set[str]:
    return {key.id for key in bench.api.keys}


def test_retirement_deletes_the_old_key_and_leaves_the_new_one(bench: OpenAiBench) -> None:
    bench.rotate(bench.name)
    bench.rotate(bench.name)
    old = bench.value(bench.name, "AWSPREVIOUS")
    bench.later(seconds=OVERLAP)
    assert bench.retire(bench.name)["outcome"] == "retired"
    assert key_ids(bench) == {bench.value(bench.name)["key_id"]}
    assert not bench.api.works(old["key"])
    assert bench.retire(bench.name)["outcome"] == "nothing to retire"


def test_a_use_after_the_longest_cache_is_a_straggler_and_nothing_is_deleted(bench: OpenAiBench) -> None:
    bench.rotate(bench.name)
    bench.rotate(bench.name)
    old = bench.value(bench.name, "AWSPREVIOUS")
    bench.later(seconds=OVERLAP // 2 + 10)
    used = bench.fake.now
    ApiSession(bench.api.url, bench.api.ca_pem, {"Authorization": f"Bearer {old['key']}"}).call("GET", "/v1/models")
    bench.later(seconds=OVERLAP)
    answer = bench.retire(bench.name)
    assert answer["outcome"] == "straggling"
    [text] = answer["stragglers"]
    assert old["key_id"] in text
    assert used.isoformat(timespec="seconds") in text
    assert bench.works("AWSPREVIOUS")


def test_a_use_before_that_is_none(bench: OpenAiBench) -> None:
    bench.rotate(bench.name)
    bench.rotate(bench.name)
    old = bench.value(bench.name, "AWSPREVIOUS")
    bench.later(seconds=OVERLAP // 2 - 10)
    ApiSession(bench.api.url, bench.api.ca_pem, {"Authorization": f"Bearer {old['key']}"}).call("GET", "/v1/models")
    bench.later(seconds=OVERLAP)
    assert bench.retire(bench.name)["outcome"] == "retired"


def test_an_emergency_waits_for_no_straggler_and_ends_every_version(bench: OpenAiBench) -> None:
    for _ in range(2):
        bench.rotate_and_retire()
    bench.rotate(bench.name)
    before = [version.value or "" for version in bench.fake.secrets[bench.name].versions.values()]
    bench.rotate(bench.name, "emergency-" + "0" * 22)
    assert bench.retire(bench.name)["outcome"] == "retired"
    assert key_ids(bench) == {bench.value(bench.name)["key_id"]}
    assert not any(key.value in text for key in bench.api.keys for text in before)


def test_an_old_key_that_lives_on_is_no_success(bench: OpenAiBench) -> None:
    bench.rotate(bench.name)
    bench.rotate(bench.name)
    bench.api.lose.add(bench.value(bench.name, "AWSPREVIOUS")["key"])
    bench.later(seconds=OVERLAP)
    with pytest.raises(RotationError, match="still accepted 20 s after"):
        bench.retire(bench.name)
    assert bench.fake.secrets[bench.name].holder("AWSPREVIOUS") is not None


def test_the_old_key_stays_while_the_new_one_does_not_work(bench: OpenAiBench) -> None:
    bench.rotate(bench.name)
    bench.rotate(bench.name)
    bench.api.keys = [key for key in bench.api.keys if key.id != bench.value(bench.name)["key_id"]]
    bench.later(seconds=OVERLAP)
    with pytest.raises(LoginRefusedError, match="emergency procedure"):
        bench.retire(bench.name)
    assert bench.works("AWSPREVIOUS")
    bench.rotate(bench.name, "emergency-" + "0" * 22)
    assert bench.works()


def test_keys_that_are_not_ours_are_never_deleted(bench: OpenAiBench) -> None:
    ours = bench.api.account("llm-observatory-staging")
    other = bench.api.account("other-team")
    spared = {
        bench.api.make("by a person, in our account", ours).id,
        bench.api.make("llm-observatory/production/openai-api-key", ours).id,  # another secret's
        bench.api.make(bench.name, other).id,
        bench.api.make(bench.name, None).id,
    }
    for _ in range(3):
        bench.rotate_and_retire()
    assert key_ids(bench) == spared | {bench.value(bench.name)["key_id"]}


@pytest.mark.parametrize("owner", ["llm-observatory-staging", "other-team"])
def test_a_key_of_somebody_else_that_the_secret_names_is_refused_and_named(bench: OpenAiBench, owner: str) -> None:
    """Whoever may write this secret must not get another key deleted with the admin key."""
    foreign = bench.api.make("llm-observatory/production/openai-api-key", bench.api.account(owner))
    bench.give(bench.name, {**bench.value(bench.name), "key": "sk-forged", "key_id": foreign.id})
    bench.rotate(bench.name)
    bench.later(seconds=OVERLAP)
    with pytest.raises(RotationError, match=f"API key {foreign.id} was not made by a rotation of this secret"):
        bench.retire(bench.name)
    assert foreign in bench.api.keys


def test_a_first_key_by_a_person_is_named_until_a_person_deletes_it(bench: OpenAiBench) -> None:
    mine = bench.api.make("my key", bench.api.account("llm-observatory-staging"))
    bench.give(bench.name, {**bench.value(bench.name), "key": mine.value, "key_id": mine.id})
    bench.rotate(bench.name)
    bench.later(seconds=OVERLAP)
    with pytest.raises(RotationError, match=mine.id):
        bench.retire(bench.name)
    assert mine in bench.api.keys
    bench.api.keys.remove(mine)
    assert bench.retire(bench.name)["outcome"] == "retired"


def test_a_first_key_without_an_id_is_no_silent_success(bench: OpenAiBench) -> None:
    mine = bench.api.make("my key", bench.api.account("llm-observatory-staging"))
    bench.give(bench.name, {**bench.value(bench.name), "key": mine.value})
    bench.rotate(bench.name)
    bench.later(seconds=OVERLAP)
    with pytest.raises(RotationError, match="still accepted"):
        bench.retire(bench.name)


def test_a_key_that_a_person_supplied_is_taken_up_and_the_one_before_deleted(bench: OpenAiBench) -> None:
    bench.rotate(bench.name)
    first = bench.value(bench.name)["key_id"]
    mine = bench.api.make("my key", bench.api.accounts[0])
    bench.supply({"key": mine.value, "key_id": mine.id})
    bench.rotate(bench.name)
    assert bench.value(bench.name)["key_id"] == mine.id
    bench.later(seconds=OVERLAP)
    assert bench.retire(bench.name)["outcome"] == "retired"
    assert key_ids(bench) == {mine.id} != {first}


def test_an_orphan_younger_than_an_invocation_may_last_is_left_alone(bench: OpenAiBench) -> None:
    """Another invocation may be between making a key and storing it."""
    bench.rotate(bench.name)
    orphan = bench.api.make(bench.name, bench.api.accounts[0])
    bench.later(minutes=19)
    bench.rotate(bench.name)
    assert orphan in bench.api.keys
    bench.later(seconds=OVERLAP)
    bench.retire(bench.name)
    assert orphan not in bench.api.keys


def test_an_orphan_goes_with_the_next_rotation(bench: OpenAiBench) -> None:
    bench.rotate(bench.name)
    orphan = bench.api.make(bench.name, bench.api.accounts[0])
    bench.later(minutes=21)
    bench.rotate(bench.name)
    assert orphan not in bench.api.keys
    assert bench.works("AWSPREVIOUS")
