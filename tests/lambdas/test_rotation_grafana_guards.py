"""What a rotation of Grafana's admins must not touch, and what stops it: each guard by what it does not let through."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from datetime import timedelta
from typing import Any

import pytest

from rotation.errors import LoginRefusedError, RotationError
from rotation.targets.api_session import StatusError
from tests.lambdas.fake_http_api import Reply
from tests.lambdas.grafana_bench import FIRST, NAME, OVERLAP, GrafanaBench

LOOKUP = "GET /api/users/lookup"


@pytest.fixture
def bench() -> Iterator[GrafanaBench]:
    with GrafanaBench() as bench:
        yield bench


def pass_overlap(bench: GrafanaBench) -> None:
    bench.fake.now += timedelta(seconds=OVERLAP + 60)


def before(bench: GrafanaBench, call: str, meanwhile: Callable[[], object]) -> None:
    """Let something happen right before the next call of that name."""

    def around(name: str) -> AbstractContextManager[None]:
        if name.startswith(call):
            bench.fake.around = nullcontext
            meanwhile()
        return nullcontext()

    bench.fake.around = around


def give(bench: GrafanaBench, **changed: Any) -> None:
    """A value of a person's, whose password works if its user is there."""
    document = {**bench.value(NAME), "password": "by a person", **changed}
    bench.give(NAME, document)
    if user := bench.grafana.users.get(document["username"]):
        user.password = document["password"]


def test_a_pending_value_of_an_admin_whose_turn_it_is_no_more_is_not_set(bench: GrafanaBench) -> None:
    token = bench.fake.rotate(NAME)
    bench.step(NAME, token, "createSecret")
    bench.grafana.add("admin_b", "x", is_admin=True)
    give(bench, username="admin_b")
    with pytest.raises(RotationError, match="AWSPENDING is for user 'admin_b', and the turn is 'admin'"):
        bench.step(NAME, token, "setSecret")
    assert bench.grafana.users["admin"].password == FIRST
    assert bench.logs_in(bench.value(NAME))


def test_a_value_that_a_person_gave_for_the_same_admin_leaves_nothing_to_scramble(bench: GrafanaBench) -> None:
    give(bench)
    pass_overlap(bench)
    assert bench.retire(NAME)["outcome"] == "retired"
    assert bench.logs_in(bench.value(NAME))


def test_an_admin_that_takes_no_turns_is_not_scrambled(bench: GrafanaBench) -> None:
    bench.grafana.add("root", "x", is_admin=True)
    give(bench, username="root")
    give(bench, username="admin")
    pass_overlap(bench)
    with pytest.raises(RotationError, match="user 'root' is not one of `usernames`; correct the secret's document"):
        bench.retire(NAME)
    assert bench.grafana.users["root"].password == "by a person"


def test_an_old_admin_that_somebody_deleted_is_retired(bench: GrafanaBench) -> None:
    bench.rotate(NAME)
    pass_overlap(bench)
    del bench.grafana.users["admin"]
    assert bench.retire(NAME)["outcome"] == "retired"
    assert "admin" not in bench.grafana.users


def test_a_retirement_stops_for_a_rotation_that_has_just_begun(bench: GrafanaBench) -> None:
    bench.rotate(NAME)
    old = bench.value(NAME)["username"], bench.value(NAME, "AWSPREVIOUS")
    pass_overlap(bench)
    before(bench, LOOKUP, lambda: bench.fake.rotate(NAME))
    with pytest.raises(RotationError, match="a rotation was started meanwhile; nothing was changed"):
        bench.retire(NAME)
    assert bench.logs_in(old[1])


@pytest.mark.parametrize("step", ["heal", "retire"])
def test_nothing_is_healed_when_a_rotation_has_just_begun(bench: GrafanaBench, step: str) -> None:
    bench.rotate(NAME)
    pass_overlap(bench)
    bench.grafana.users["admin_b"].password = "set by hand"
    before(bench, LOOKUP, lambda: bench.fake.rotate(NAME))
    with pytest.raises(RotationError, match="a rotation was started meanwhile; nothing was changed"):
        bench.step(NAME, "", "healSecret") if step == "heal" else bench.retire(NAME)
    assert bench.grafana.users["admin_b"].password == "set by hand"


def test_a_retirement_heals_first_when_only_the_old_credential_works(bench: GrafanaBench) -> None:
    """Else it would end the last credential that works."""
    bench.rotate(NAME)
    pass_overlap(bench)
    bench.grafana.users["admin_b"].password = "of an older snapshot"
    old = bench.value(NAME, "AWSPREVIOUS")
    assert bench.retire(NAME)["outcome"] == "retired"
    assert bench.logs_in(bench.value(NAME))
    assert not bench.logs_in(old)


def test_a_use_after_a_heal_is_a_stragglers_and_one_before_it_may_be_the_heals_own(bench: GrafanaBench) -> None:
    bench.rotate(NAME)
    pass_overlap(bench)
    bench.grafana.users["admin_b"].password = "of an older snapshot"
    bench.step(NAME, "", "healSecret")
    assert bench.grafana.users["admin"].seen == bench.fake.now
    bench.fake.now += timedelta(seconds=1)
    bench.grafana.users["admin"].seen = bench.fake.now
    assert bench.retire(NAME)["outcome"] == "straggling"
    bench.grafana.users["admin"].seen = bench.fake.now - timedelta(seconds=1)
    assert bench.retire(NAME)["outcome"] == "retired"


def test_a_session_is_a_stragglers_though_it_is_older_than_a_heal(bench: GrafanaBench) -> None:
    """A heal opens none."""
    bench.rotate(NAME)
    pass_overlap(bench)
    bench.grafana.open_session("admin")
    bench.fake.now += timedelta(seconds=1)
    bench.grafana.users["admin_b"].password = "of an older snapshot"
    bench.step(NAME, "", "healSecret")
    assert bench.retire(NAME)["outcome"] == "straggling"


def test_a_password_of_a_disabled_admin_is_not_set_by_a_heal(bench: GrafanaBench) -> None:
    bench.rotate(NAME)
    bench.grafana.users["admin_b"].is_disabled = True
    with pytest.raises(RotationError, match="has user 'admin_b' disabled, which only a person does; enable it there"):
        bench.step(NAME, "", "healSecret")


@pytest.mark.parametrize("names", [["admin"], ["admin", "b", "c"], ["admin", "admin"], ["admin", ""]])
def test_turns_are_of_two_different_names(bench: GrafanaBench, names: list[str]) -> None:
    give(bench, usernames=names)
    pass_overlap(bench)
    with pytest.raises(RotationError, match="'usernames' must be two different user names; correct the secret's"):
        bench.rotate(NAME)


def test_a_trouble_of_the_lookup_is_not_taken_for_a_user_that_is_missing(bench: GrafanaBench) -> None:
    def trouble() -> None:
        bench.grafana.forced = [Reply(status=500)]

    before(bench, LOOKUP, trouble)
    with pytest.raises(StatusError, match="500"):
        bench.rotate(NAME)
    assert "admin_b" not in bench.grafana.users


def test_a_user_that_was_made_and_is_not_listed_is_an_error_that_asks_for_another_run(bench: GrafanaBench) -> None:
    def around(name: str) -> AbstractContextManager[None]:
        if name.startswith(LOOKUP):
            bench.grafana.forced = [Reply(status=404)]
        return nullcontext()

    bench.fake.around = around
    with pytest.raises(RotationError, match="made user 'admin_b' but does not list it; run the step again"):
        bench.rotate(NAME)


def test_rights_are_given_once(bench: GrafanaBench) -> None:
    bench.rotate(NAME)
    pass_overlap(bench)
    bench.rotate(NAME)
    assert len(bench.grafana.seen("PUT", "permissions")) == 1


def test_a_session_that_was_last_used_when_caches_ended_is_no_stragglers(bench: GrafanaBench) -> None:
    bench.rotate(NAME)
    bench.fake.now += timedelta(seconds=OVERLAP / 2)
    bench.grafana.open_session("admin")
    pass_overlap(bench)
    assert bench.retire(NAME)["outcome"] == "retired"


@pytest.mark.parametrize("number", [True, "1", None])
def test_an_answer_of_something_else_is_not_taken_for_a_user(bench: GrafanaBench, number: object) -> None:
    bench.grafana.forced = [Reply(body={**bench.grafana._profile(bench.grafana.users["admin"]), "id": number})]
    with pytest.raises(RotationError, match="`id` of the API's answer is not a whole number; see whether `url`"):
        bench.rotator._targets["grafana-admin"].verify(bench.value(NAME))


def test_an_automatic_step_and_its_retry_lock_no_admin_out(bench: GrafanaBench) -> None:
    for _ in range(8):
        bench.rotate(NAME)
        pass_overlap(bench)
        bench.retire(NAME)
    for user in bench.grafana.users.values():
        user.password = "set by hand"
    token = bench.fake.rotate(NAME)
    bench.step(NAME, token, "createSecret")
    for _ in range(2):
        with pytest.raises(
            LoginRefusedError, match=r"none of 4 .* heal the secret, which tries more of them, or set one"
        ):
            bench.step(NAME, token, "setSecret")
    assert bench.grafana.lets_in("admin", "set by hand")
    assert bench.grafana.lets_in("admin_b", "set by hand")


def test_when_no_version_of_either_admin_works_the_error_says_what_a_person_has_to_do(bench: GrafanaBench) -> None:
    """Grafana's API has no way in without a password: its own command line has."""
    bench.rotate(NAME)
    for user in bench.grafana.users.values():
        user.password = "known to nobody"
    with pytest.raises(
        LoginRefusedError,
        match=r"none of 2 .* server admin; set one with `grafana cli admin reset-admin-password`, then store it with",
    ):
        bench.step(NAME, "", "healSecret")
