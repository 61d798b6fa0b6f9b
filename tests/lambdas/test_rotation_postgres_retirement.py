"""Retirement of a role's old credential, on a real PostgreSQL: who is waited for, who is cut off, and what stays."""

from __future__ import annotations

from datetime import timedelta
from threading import Thread

import pytest

from rotation.errors import RotationError
from rotation.targets.postgres_session import PostgresSession
from sandbox.servers.server import Server
from tests.lambdas.postgres_bench import PostgresBench, alive
from tests.lambdas.workbench import Crash, Fuse

pytestmark = pytest.mark.servers
SECOND = timedelta(seconds=1)


@pytest.fixture
def bench(postgres_server: Server) -> PostgresBench:
    return PostgresBench(postgres_server)


@pytest.fixture
def name(bench: PostgresBench) -> str:
    """A secret whose two roles have both had their turn."""
    name = bench.role()
    bench.rotate(name)
    bench.rotate(name)
    return name


def test_retirement_ends_the_old_credential_and_its_sessions_and_no_other(bench: PostgresBench, name: str) -> None:
    old, current = bench.value(name, "AWSPREVIOUS"), bench.value(name)
    with bench.session(old) as ended, bench.session(current) as kept:
        assert bench.retire(name)["outcome"] == "retired"
        assert not alive(ended)
        assert alive(kept)
    assert not bench.logs_in(old)
    assert bench.logs_in(current)
    # Nobody knows a password of it, for there is none; and NOLOGIN stops who was in the middle of the exchange.
    role = f"FROM pg_authid WHERE rolname = '{old['username']}'"
    assert bench.sql(f"SELECT rolpassword, rolcanlogin {role}") == [[None, False]]


def test_a_retired_role_gets_its_turn_again(bench: PostgresBench, name: str) -> None:
    bench.retire(name)
    bench.rotate(name)
    assert bench.logs_in(bench.value(name))


def test_a_login_after_the_caches_ran_out_is_a_straggler_and_nothing_is_changed(
    bench: PostgresBench, name: str
) -> None:
    old = bench.value(name, "AWSPREVIOUS")
    quiet_since = bench.now()
    with bench.session(old) as session:
        session.run("SET application_name = 'nightly report'")
        session.run("SELECT 'canary'")
        (straggler,) = bench.retire_directly(name, quiet_since)
        assert f"role '{old['username']}', application 'nightly report', from 127.0.0.1, since 20" in straggler
        assert straggler.endswith(", idle")
        assert "canary" not in straggler
        assert alive(session)
        assert bench.logs_in(old)
        # The same session is none as soon as it is older than that moment.
        assert bench.retire_directly(name, bench.now()) == ()
        assert not alive(session)


@pytest.mark.parametrize("state", ["idle in transaction", "idle in transaction (aborted)", "active"])
def test_whoever_is_in_the_middle_of_something_is_a_straggler(bench: PostgresBench, name: str, state: str) -> None:
    old = bench.value(name, "AWSPREVIOUS")
    with bench.session(old) as session:
        running = Thread(target=session.run, args=["SELECT pg_sleep(1)" if state == "active" else "BEGIN"])
        running.start()
        if state != "active":
            running.join()
        if "aborted" in state:
            with pytest.raises(RotationError):
                session.run("SELECT 1/0")
        while bench.sql(f"SELECT state FROM pg_stat_activity WHERE usename = '{old['username']}'") != [[state]]:
            pass
        (straggler,) = bench.retire_directly(name, bench.now())
        assert straggler.endswith(f", {state}")
        running.join()
        assert bench.logs_in(old)


def test_many_stragglers_are_counted_and_some_are_named(
    bench: PostgresBench, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rotation.targets.postgres_activity.NAMED", 1)
    quiet_since = bench.now()
    old = bench.value(name, "AWSPREVIOUS")
    with bench.session(old), bench.session(old), bench.session(old):
        _, more = bench.retire_directly(name, quiet_since)
    assert more == "and 2 sessions more"


def test_an_emergency_waits_for_nobody(bench: PostgresBench, name: str) -> None:
    old = bench.value(name, "AWSPREVIOUS")
    with bench.session(old) as session:
        session.run("BEGIN")
        assert bench.retire_directly(name, None) == ()
        assert not alive(session)
    assert not bench.logs_in(old)


def test_a_session_that_came_in_while_the_sessions_were_looked_at_is_ended(bench: PostgresBench, name: str) -> None:
    old = bench.value(name, "AWSPREVIOUS")
    late: list[PostgresSession] = []

    class Late(Fuse):
        def __call__(self, call: str):  # type: ignore[no-untyped-def]
            if call == "run COMMIT":
                late.append(bench.session(old))
            return super().__call__(call)

    bench.tap = Late()
    assert bench.retire_directly(name, bench.now()) == ()
    with late[0]:
        assert not alive(late[0])


def test_a_rotation_that_began_meanwhile_keeps_the_credential_that_it_may_have_set(
    bench: PostgresBench, name: str
) -> None:
    old = bench.value(name, "AWSPREVIOUS")

    def overtaken() -> None:
        raise RotationError("a rotation was started meanwhile")

    for quiet_since in (bench.now(), None):
        with bench.session(old) as session:
            with pytest.raises(RotationError, match="started meanwhile"):
                bench.retire_directly(name, quiet_since + SECOND if quiet_since else None, overtaken)
            assert alive(session)
        assert bench.logs_in(old)


def test_retiring_twice_is_retiring_once(bench: PostgresBench, name: str) -> None:
    for quiet_since in (bench.now(), None, bench.now()):
        assert bench.retire_directly(name, quiet_since) == ()
    assert bench.logs_in(bench.value(name))


def test_a_role_that_is_gone_has_nothing_to_retire(bench: PostgresBench, name: str) -> None:
    role = bench.value(name, "AWSPREVIOUS")["username"]
    bench.sql(f"DROP OWNED BY {role}")
    bench.sql(f"DROP ROLE {role}")
    assert bench.retire_directly(name, None) == ()


def test_the_role_in_use_is_never_retired(bench: PostgresBench, name: str) -> None:
    """A person gave another value for the same role: AWSPREVIOUS names the role that AWSCURRENT uses."""
    current = bench.value(name)
    bench.give(name, {**current, "password": "given-by-a-person"})
    bench.step(name, "", "healSecret")
    with bench.session(bench.value(name)) as session:
        for quiet_since in (None, bench.now()):
            assert bench.retire_directly(name, quiet_since) == ()
        assert alive(session)
    assert bench.logs_in(bench.value(name))


def test_the_marker_has_nothing_to_retire(bench: PostgresBench) -> None:
    name = bench.role()
    bench.rotate(name)
    assert bench.retire_directly(name, None) == ()
    assert bench.logs_in(bench.value(name))


@pytest.mark.parametrize("field", ["host", "usernames"])
def test_a_credential_of_another_server_or_pair_is_left_to_a_person(
    bench: PostgresBench, name: str, field: str
) -> None:
    old, current = bench.value(name, "AWSPREVIOUS"), bench.value(name)
    stranger = "postgres"
    other = {"host": "elsewhere.example", "usernames": [stranger, "nobody"]}[field]
    bench.give(name, {**old, "username": stranger, field: other})
    bench.give(name, current)
    with pytest.raises(RotationError, match=f"AWSPREVIOUS differs from AWSCURRENT in {field}"):
        bench.retire_directly(name, None)
    assert bench.logs_in(old)


def test_a_superuser_among_the_usernames_is_not_retired(bench: PostgresBench, name: str) -> None:
    old = bench.value(name, "AWSPREVIOUS")
    bench.sql(f"ALTER ROLE {old['username']} SUPERUSER")
    with pytest.raises(RotationError, match="is a superuser and is not touched"):
        bench.retire_directly(name, None)
    assert bench.logs_in(old)


def test_a_retirement_that_dies_anywhere_is_completed_by_the_next(bench: PostgresBench, name: str) -> None:
    count = bench.tap = Fuse()
    bench.retire(name)
    wrong, calls = [], count.names
    for at in range(1, len(calls) + 1):
        for after in (False, True):
            bench.tap = Fuse()
            bench.rotate(name)
            old, current = bench.value(name, "AWSPREVIOUS"), bench.value(name)
            with bench.session(old) as session:
                bench.tap = Fuse(at=at, after=after)
                with pytest.raises(Crash):
                    bench.retire(name)
                bench.tap = Fuse()
                outcome = bench.retire(name)["outcome"]
                place = f"{'after' if after else 'before'} call {at} ({calls[at - 1]})"
                if alive(session) or bench.logs_in(old):
                    wrong.append(f"{place}: the old credential lives")
                if not bench.logs_in(current):
                    wrong.append(f"{place}: AWSCURRENT is locked out")
                if outcome not in ("retired", "nothing to retire"):
                    wrong.append(f"{place}: {outcome}")
                if bench.fake.secrets[name].holder("AWSPREVIOUS") is not None:
                    wrong.append(f"{place}: AWSPREVIOUS is still there")
    assert wrong == []
    assert len(calls) == 16
