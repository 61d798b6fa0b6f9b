"""OpenAI keys: made through the admin key, verified before they are published, and seen by nobody else."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from rotation.errors import LoginRefusedError, RotationError
from tests.lambdas import fake_openai
from tests.lambdas.api_bench import ADMIN, OpenAiBench
from tests.lambdas.fake_http_api import FakeHttpApi


@pytest.fixture
def bench() -> Iterator[OpenAiBench]:
    bench = OpenAiBench()
    with bench.api:
        yield bench


def key_ids(bench: OpenAiBench) -> set[str]:
    return {key.id for key in bench.api.keys}


def test_the_first_key_is_made_from_the_marker_with_an_account_of_its_own(bench: OpenAiBench) -> None:
    bench.rotate(bench.name)
    [account] = bench.api.accounts
    assert (account.name, account.role) == ("llm-observatory-staging", "member")
    [key] = bench.api.keys
    assert (key.name, key.account) == (bench.name, account)
    value = bench.value(bench.name)
    assert (value["key"], value["key_id"]) == (key.value, key.id)
    assert value["project"] == fake_openai.PROJECT
    assert bench.works()


def test_an_account_that_is_there_is_used_and_both_keys_work_in_the_overlap(bench: OpenAiBench) -> None:
    for number in range(4):
        bench.api.account(f"of somebody else {number}")
    ours = bench.api.account("llm-observatory-staging")
    bench.rotate(bench.name)
    bench.rotate(bench.name)
    assert len(bench.api.accounts) == 5
    assert [key.account for key in bench.api.keys] == [ours, ours]
    assert bench.works()
    assert bench.works("AWSPREVIOUS")


def test_a_new_key_that_is_not_known_yet_gets_twenty_seconds(bench: OpenAiBench) -> None:
    bench.api.slow = 6
    bench.rotate(bench.name)
    assert bench.slept == [1, 2, 3, 4, 5, 5]
    assert bench.works()


def test_a_key_that_never_gets_known_is_not_published(bench: OpenAiBench) -> None:
    bench.api.slow = 7
    with pytest.raises(LoginRefusedError, match="AWSPENDING's key"):
        bench.rotate(bench.name)
    assert "key" not in bench.value(bench.name)


def test_two_accounts_of_one_name_are_refused(bench: OpenAiBench) -> None:
    bench.api.account("llm-observatory-staging")
    bench.api.account("llm-observatory-staging")
    with pytest.raises(RotationError, match="2 service accounts"):
        bench.rotate(bench.name)
    assert bench.api.keys == []


def test_the_admin_key_is_never_sent_to_the_url_of_another_secret(bench: OpenAiBench) -> None:
    with FakeHttpApi() as elsewhere:
        bench.give(bench.name, {**bench.value(bench.name), "url": elsewhere.url})
        with pytest.raises(RotationError, match="the admin secret is for another `url`"):
            bench.rotate(bench.name)
        assert elsewhere.calls == []


def test_a_refused_admin_key_falls_back_to_its_other_versions(bench: OpenAiBench) -> None:
    bench.admit("sk-admin-revoked")
    bench.rotate(bench.name)
    assert bench.works()


def test_without_an_admin_key_the_error_says_how_to_give_one(bench: OpenAiBench) -> None:
    bench.api.admin_keys = set()
    with pytest.raises(LoginRefusedError, match=r"none of 1 stored admin keys.*secretsctl set"):
        bench.rotate(bench.name)
    bench.fake.secrets[ADMIN].versions = {
        id_: version for id_, version in bench.fake.secrets[ADMIN].versions.items() if id_.startswith("bootstrap")
    }
    with pytest.raises(RotationError, match="no admin key for the API at localhost"):
        bench.rotate(bench.name, bench.fake.secrets[bench.name].holder("AWSPENDING"))


def test_each_key_travels_only_where_it_must(bench: OpenAiBench) -> None:
    for _ in range(2):
        bench.rotate_and_retire()
    values = [key.value for key in bench.api.keys]
    for call in bench.api.calls:
        admin = call.path.startswith("/v1/organization/")
        assert (call.bearer == fake_openai.ADMIN_KEY) == admin
        assert not any(value in f"{call.path}{call.query}{call.body}" for value in [*values, fake_openai.ADMIN_KEY])


def test_healing_checks_the_key_and_says_that_only_a_rotation_helps(bench: OpenAiBench) -> None:
    bench.rotate(bench.name)
    bench.step(bench.name, "", "healSecret")
    bench.api.keys.clear()
    with pytest.raises(LoginRefusedError, match="rotate the secret"):
        bench.step(bench.name, "", "healSecret")


def test_a_clean_rotation_makes_four_calls_of_which_none_fails(bench: OpenAiBench) -> None:
    bench.rotate_and_retire()
    bench.api.calls.clear()
    bench.rotate(bench.name)
    assert [f"{call.method} {'/'.join(call.parts[4:]) or call.path}" for call in bench.api.calls] == [
        "GET service_accounts",
        "GET api_keys",
        f"POST service_accounts/{bench.api.accounts[0].id}/api_keys",
        "GET /v1/models",
    ]
