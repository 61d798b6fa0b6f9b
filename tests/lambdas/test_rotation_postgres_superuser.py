"""The superuser's single role, on a real PostgreSQL."""

from __future__ import annotations

import pytest

from rotation.errors import LoginRefusedError, RotationError
from rotation.targets.postgres_session import PostgresSession
from sandbox.servers.server import Server
from tests.lambdas.postgres_bench import PostgresBench, alive
from tests.lambdas.workbench import PREFIX, Fuse

pytestmark = pytest.mark.servers


@pytest.fixture
def bench(postgres_server: Server) -> PostgresBench:
    return PostgresBench(postgres_server)


def test_a_rotation_replaces_the_password_and_the_old_one_is_dead(bench: PostgresBench) -> None:
    name = bench.superuser()
    before = bench.value(name)
    bench.rotate(name)
    assert bench.logs_in(bench.value(name))
    assert not bench.logs_in(before)


def test_a_clean_rotation_needs_twelve_calls_and_two_logins_and_none_fails(bench: PostgresBench) -> None:
    name = bench.superuser()
    failed = bench.log().count("authentication failed")
    bench.fake.calls.clear()
    fuse = bench.tap = Fuse()
    bench.rotate(name)
    assert bench.fake.calls == {
        "DescribeSecret": 4,
        "GetSecretValue": 5,
        "PutSecretValue": 1,
        "UpdateSecretVersionStage": 2,
    }
    assert len([call for call in fuse.names if call.startswith("login")]) == 2
    assert bench.log().count("authentication failed") == failed


def test_the_servers_log_holds_the_statement_but_no_password(bench: PostgresBench) -> None:
    name = bench.superuser()
    bench.rotate(name)
    assert f'ALTER ROLE "{bench.value(name)["username"]}" PASSWORD' in bench.log()
    assert bench.value(name)["password"] not in bench.log()


def test_a_lost_password_is_found_in_a_version_without_any_label(bench: PostgresBench) -> None:
    name = bench.superuser()
    token = bench.fake.rotate(name)
    bench.step(name, token, "createSecret")
    bench.step(name, token, "setSecret")
    bench.fake.cancel_pending(name)
    assert not bench.logs_in(bench.value(name))
    bench.rotate(name)
    assert bench.logs_in(bench.value(name))


def test_a_heal_makes_the_current_value_right_again(bench: PostgresBench) -> None:
    name = bench.superuser()
    token = bench.fake.rotate(name)
    bench.step(name, token, "createSecret")
    bench.step(name, token, "setSecret")
    bench.fake.cancel_pending(name)
    bench.step(name, "", "healSecret")
    assert bench.logs_in(bench.value(name))


def test_a_password_that_no_version_holds_is_an_error_that_says_what_to_do(bench: PostgresBench) -> None:
    name = bench.superuser()
    bench.sql(f"ALTER ROLE {bench.value(name)['username']} PASSWORD 'set-by-hand'")
    with pytest.raises(LoginRefusedError, match="none of 2 stored credentials can log in; reset its password"):
        bench.rotate(name)


def test_the_marker_is_refused_and_names_the_bootstrap(bench: PostgresBench) -> None:
    name = PREFIX + "db-never-bootstrapped"
    bench.secret(name, "postgres-superuser", {**bench.constants, "username": "postgres"})
    with pytest.raises(
        RotationError, match="has no value yet; give it the server's password with `secretsctl bootstrap`"
    ):
        bench.rotate(name)


def test_a_pending_value_that_another_rotation_overtook_changes_nothing(bench: PostgresBench) -> None:
    name = bench.superuser()
    token = bench.fake.rotate(name)
    bench.step(name, token, "createSecret")

    class Overtaken(Fuse):
        """Strips the label while the late rotator waits for the lock."""

        def __call__(self, call: str):  # type: ignore[no-untyped-def]
            if "pg_advisory" in call:
                bench.fake.cancel_pending(name)
            return super().__call__(call)

    bench.tap = Overtaken()
    with pytest.raises(RotationError, match="is no longer AWSPENDING"):
        bench.step(name, token, "setSecret")
    assert bench.logs_in(bench.value(name))


def named(bench: PostgresBench, document: dict[str, object], application: str) -> PostgresSession:
    session = bench.session(document)
    session.run(f"SET application_name = '{application}'")
    return session


def test_retirement_ends_the_older_sessions_and_no_rotator_and_no_newer_one(bench: PostgresBench) -> None:
    name = bench.superuser()
    document = bench.value(name)
    old, rotator = named(bench, document, "psql"), bench.session(document)
    bench.rotate(name)
    quiet_since = bench.now()
    new = named(bench, bench.value(name), "psql")
    with old, rotator, new:
        assert bench.retire_directly(name, quiet_since) == ()
        assert [alive(old), alive(rotator), alive(new)] == [False, True, True]
        assert bench.retire(name)["outcome"] == "retired"


def test_an_older_session_in_the_middle_of_something_is_waited_for(bench: PostgresBench) -> None:
    name = bench.superuser()
    with named(bench, bench.value(name), "pg_dump") as old, bench.session(bench.value(name)) as rotator:
        old.run("BEGIN")
        rotator.run("BEGIN")
        bench.rotate(name)
        quiet_since = bench.now()
        with named(bench, bench.value(name), "psql") as new:
            new.run("BEGIN")
            (straggler,) = bench.retire_directly(name, quiet_since)
            assert "application 'pg_dump'" in straggler
            assert alive(old)
            old.run("COMMIT")
            assert bench.retire_directly(name, quiet_since) == ()
            assert [alive(old), alive(rotator), alive(new)] == [False, True, True]


def test_an_emergency_ends_every_session_rotators_too(bench: PostgresBench) -> None:
    name = bench.superuser()
    with named(bench, bench.value(name), "psql") as old, bench.session(bench.value(name)) as rotator:
        old.run("BEGIN")
        bench.rotate(name, "emergency-" + "3" * 32)
        assert bench.retire(name)["outcome"] == "retired"
        assert [alive(old), alive(rotator)] == [False, False]
    assert bench.logs_in(bench.value(name))


def test_a_previous_value_of_another_role_is_left_to_a_person(bench: PostgresBench) -> None:
    name, other = bench.superuser(), bench.superuser()
    current = bench.value(name)
    bench.give(name, bench.value(other))
    bench.give(name, current)
    with pytest.raises(RotationError, match="AWSPREVIOUS is of another role than"):
        bench.retire_directly(name, None)
    assert bench.logs_in(bench.value(other))
