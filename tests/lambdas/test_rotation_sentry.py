"""Sentry client keys: a new one before the old is switched off, which is deleted with the rotation after."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from rotation.errors import LoginRefusedError, RotationError
from tests.lambdas import fake_sentry
from tests.lambdas.api_bench import OVERLAP, SentryBench
from tests.lambdas.fake_http_api import FakeHttpApi


@pytest.fixture
def bench() -> Iterator[SentryBench]:
    bench = SentryBench()
    with bench.api:
        yield bench


def states(bench: SentryBench) -> dict[str, bool]:
    return {key.public: key.active for key in bench.api.keys}


def test_the_first_key_is_made_from_the_marker(bench: SentryBench) -> None:
    bench.rotate(bench.name)
    [key] = bench.api.keys
    assert key.label == bench.name
    value = bench.value(bench.name)
    assert (value["dsn"], value["key_id"]) == (key.dsn, key.public)
    assert bench.works()


def test_both_keys_work_in_the_overlap_then_the_old_one_is_off_and_gone_after_the_next(bench: SentryBench) -> None:
    bench.rotate(bench.name)
    first = bench.value(bench.name)["key_id"]
    bench.rotate(bench.name)
    second = bench.value(bench.name)["key_id"]
    assert states(bench) == {first: True, second: True}
    bench.later(seconds=OVERLAP)
    assert bench.retire(bench.name)["outcome"] == "retired"
    assert states(bench) == {first: False, second: True}
    bench.rotate(bench.name)
    third = bench.value(bench.name)["key_id"]
    assert states(bench) == {second: True, third: True}


def test_an_emergency_switches_off_every_other_version(bench: SentryBench) -> None:
    bench.rotate_and_retire()
    bench.rotate(bench.name)
    bench.rotate(bench.name, "emergency-" + "0" * 22)
    assert bench.retire(bench.name)["outcome"] == "retired"
    assert {id_ for id_, active in states(bench).items() if active} == {bench.value(bench.name)["key_id"]}


def test_a_key_that_stays_on_is_no_success(bench: SentryBench) -> None:
    bench.rotate(bench.name)
    bench.rotate(bench.name)
    bench.api.stubborn.add(bench.value(bench.name, "AWSPREVIOUS")["key_id"])
    bench.later(seconds=OVERLAP)
    with pytest.raises(RotationError, match="still switched on"):
        bench.retire(bench.name)
    assert bench.fake.secrets[bench.name].holder("AWSPREVIOUS") is not None


@pytest.mark.parametrize("gone", [True, False], ids=["deleted", "switched off"])
def test_the_old_key_stays_while_the_new_one_does_not_work(bench: SentryBench, gone: bool) -> None:
    bench.rotate(bench.name)
    bench.rotate(bench.name)
    current = next(key for key in bench.api.keys if key.public == bench.value(bench.name)["key_id"])
    current.active = False
    if gone:
        bench.api.keys.remove(current)
    bench.later(seconds=OVERLAP)
    with pytest.raises(LoginRefusedError, match=current.public):
        bench.retire(bench.name)
    assert bench.works("AWSPREVIOUS")


def test_keys_that_are_not_ours_are_never_touched(bench: SentryBench) -> None:
    labels = ("Default", "llm-observatory/production/sentry-api-key", "Mobile")
    spared = {bench.api.make(label).public: True for label in labels}
    off = bench.api.make("Retired by a person")
    off.active = False
    for _ in range(3):
        bench.rotate_and_retire()
    assert states(bench).items() >= {**spared, off.public: False}.items()
    assert len(bench.api.keys) == 4 + 2


def test_a_key_of_somebody_else_that_the_secret_names_is_refused_and_named(bench: SentryBench) -> None:
    """Whoever may write this secret must not get another key switched off with the admin token."""
    foreign = bench.api.make("llm-observatory/production/sentry-dsn")
    bench.give(bench.name, {**bench.value(bench.name), "dsn": foreign.dsn, "key_id": foreign.public})
    bench.rotate(bench.name)
    bench.later(seconds=OVERLAP)
    with pytest.raises(RotationError, match=f"API key {foreign.public} was not made by a rotation of this secret"):
        bench.retire(bench.name)
    assert foreign.active
    foreign.active = False  # by its owner
    assert bench.retire(bench.name)["outcome"] == "retired"


def test_a_dsn_that_a_person_supplied_needs_no_id(bench: SentryBench) -> None:
    bench.rotate(bench.name)
    mine = bench.api.make("My key")
    bench.supply({"dsn": mine.dsn, "key_id": mine.public})
    bench.rotate(bench.name)
    bench.later(seconds=OVERLAP)
    assert bench.retire(bench.name)["outcome"] == "retired"
    assert states(bench)[mine.public]
    assert sum(states(bench).values()) == 1


def test_an_orphan_is_deleted_by_the_next_rotation_once_no_invocation_can_be_storing_it(bench: SentryBench) -> None:
    bench.rotate(bench.name)
    orphan = bench.api.make(bench.name)
    bench.later(minutes=19)
    bench.rotate(bench.name)
    assert orphan in bench.api.keys
    bench.later(seconds=OVERLAP)
    bench.retire(bench.name)
    assert not orphan.active
    bench.rotate(bench.name)
    assert orphan not in bench.api.keys


def test_a_pending_key_that_is_off_or_another_is_not_published(bench: SentryBench) -> None:
    token = bench.fake.rotate(bench.name)
    bench.step(bench.name, token, "createSecret")
    bench.api.keys[0].active = False
    with pytest.raises(LoginRefusedError, match="switched off"):
        bench.step(bench.name, token, "setSecret")
    bench.api.keys[0].active = True
    bench.step(bench.name, token, "setSecret")
    bench.api.keys[0].public = "f" * 32
    with pytest.raises(LoginRefusedError, match="gone from Sentry"):
        bench.step(bench.name, token, "setSecret")


@pytest.mark.parametrize(
    "dsn",
    [
        "http://{id}@o1.ingest.sentry.io/1",
        "https://{id}:secret@o1.ingest.sentry.io/1",
        "https://o1.ingest.sentry.io/1",
        "https://{id}@o1.ingest.sentry.io/",
        "https://{id}@o1.ingest.sentry.io/project",
        "https://{id}@/1",
        "https://short@o1.ingest.sentry.io/1",
        "https://{id}@[::1/1",
        "not a dsn",
    ],
)
def test_a_malformed_dsn_is_refused_without_showing_it(bench: SentryBench, dsn: str) -> None:
    value = dsn.format(id="a" * 32)
    with pytest.raises(RotationError, match="field `dsn` is not") as caught:
        bench.rotator._targets["sentry"].verify({"dsn": value, "key_id": "a" * 32})
    assert value not in str(caught.value)


def test_dsn_and_key_id_must_be_of_one_key(bench: SentryBench) -> None:
    document = {"dsn": f"https://{'a' * 32}@o1.ingest.sentry.io/1", "key_id": "b" * 32}
    with pytest.raises(RotationError, match="name two client keys"):
        bench.rotator._targets["sentry"].verify(document)


def test_healing_switches_the_current_key_on_again(bench: SentryBench) -> None:
    bench.rotate(bench.name)
    bench.api.keys[0].active = False
    bench.step(bench.name, "", "healSecret")
    assert bench.works()
    bench.api.keys.clear()
    with pytest.raises(LoginRefusedError, match="gone from Sentry and cannot come back"):
        bench.step(bench.name, "", "healSecret")


def test_the_token_is_never_sent_to_the_url_of_another_secret_or_a_link(bench: SentryBench) -> None:
    for number in range(fake_sentry.PAGE):
        bench.api.make(f"of somebody else {number}")
    for _ in range(2):
        bench.rotate_and_retire()
    assert len({call.headers["host"] for call in bench.api.calls}) == 1
    assert any("cursor" in call.query for call in bench.api.calls)
    with FakeHttpApi() as elsewhere:
        bench.give(bench.name, {**bench.value(bench.name), "url": elsewhere.url})
        bench.later(seconds=OVERLAP)
        with pytest.raises(RotationError, match="the admin secret is for another `url`"):
            bench.rotate(bench.name)
        assert elsewhere.calls == []
    assert all(call.bearer == fake_sentry.TOKEN for call in bench.api.calls)


def test_a_clean_rotation_makes_three_calls(bench: SentryBench) -> None:
    bench.rotate(bench.name)
    bench.api.calls.clear()
    bench.rotate(bench.name)
    assert [(call.method, *call.parts[6:]) for call in bench.api.calls] == [
        ("GET",),
        ("POST",),
        ("GET", bench.value(bench.name)["key_id"]),
    ]
