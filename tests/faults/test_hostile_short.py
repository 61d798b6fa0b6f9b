"""The short form of `python -m proofs hostile`: the same functions, fewer values; and they find what is planted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from proofs import hostile, hostile_leaks
from proofs.hostile import Place, place
from proofs.hostile_forms import FORMS
from proofs.hostile_middle import OTHER_HOST, meetings
from proofs.hostile_users import Refusal, Users
from proofs.hostile_values import LONGEST_NAME, values
from rotation import handler
from rotation.errors import RotationError
from rotation.targets import postgres_session, postgres_sql
from tests.lambdas.postgres_bench import PostgresBench

pytestmark = pytest.mark.servers
COUNT, ROTATED = 48, 2


@pytest.fixture(scope="module")
def there() -> Iterator[Place]:
    with place() as made:
        yield made


def test_hostile_names_and_passwords_log_in_on_every_way(there: Place) -> None:
    tally = hostile.logins(there, COUNT, seed=1, rotated=ROTATED)
    assert tally.problems == []
    assert {way: done for way, done in tally.done.items() if way not in tally.refused} == dict.fromkeys(
        tally.done.keys() - tally.refused.keys(), COUNT
    )
    assert all(tally.done[form] + tally.refused[form] == COUNT for form in FORMS)
    # An env file has no form for a quote that a shell and Docker Compose share: it says so, and no other form does.
    assert 0 < tally.refused["env file"] < COUNT
    assert sum(tally.refused.values()) == tally.refused["env file"]


def test_what_a_server_cannot_hold_is_refused_and_never_made_another(there: Place) -> None:
    refusals = list(Users(there.postgres, there.redis).refusals())
    assert [one for one in refusals if not one.is_clear] == []


def test_a_man_in_the_middle_hears_nothing_of_a_login(there: Place) -> None:
    met = list(meetings(there.postgres, there.redis, there.authority, there.folder / "middle"))
    assert [one for one in met if not (one.as_meant and one.silent)] == []
    # PostgreSQL's client asks for TLS and says no more: eight bytes.
    stripped = [one for one in met if one.man in ("says that there is no TLS", "answers with an error")]
    assert {one.heard for one in stripped} == {8}
    assert len(met) == 20


def test_no_password_is_in_a_log_an_error_or_a_message(there: Place) -> None:
    found = hostile.looks(there)
    assert [one for one in found if one.problems or not one.control] == []
    assert len({one.place for one in found}) == 5


def test_values_are_the_same_for_a_seed_and_every_name_is_another() -> None:
    some = list(values(2000, seed=3))
    assert some == list(values(2000, seed=3))
    assert len({one.in_redis for one in some}) == 2000
    assert max(len(one.username.encode()) for one in some) <= LONGEST_NAME
    together = "".join(one.username + one.password for one in some)
    assert all(sign in together for sign in "'\"%$:@\\ /?#é日א")


def test_a_function_that_lets_a_drivers_error_out_would_be_found(there: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    def careless(event: Any, _: Any) -> Any:
        try:
            return real(event, None)
        except Exception as error:
            raise RotationError(str(error.__context__ or error)) from error

    def chatty(error: Any, place: str, what: str) -> Any:
        return RotationError(f"{place} refused {what}: {error}")

    real = handler.handle
    monkeypatch.setattr(handler, "handle", careless)
    monkeypatch.setattr(postgres_session, "_database_error", chatty)
    look = hostile_leaks.function_log("careless", PostgresBench(there.postgres), ["setSecret"])
    assert look.problems


def test_a_password_in_a_statement_would_be_found_in_the_servers_log(
    there: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres_sql, "verifier", lambda password: password)
    assert hostile_leaks.server_log(there.postgres).problems


def test_a_name_that_is_cut_would_be_found() -> None:
    assert not Refusal(what="role name too long", text="refused later", left="rrr").is_clear
    assert not Refusal(what="role name too long", text=None, left="").is_clear
    assert OTHER_HOST != "127.0.0.1"
