"""The two admin roles: each heals the other, and neither can be used to change anybody else, on a real PostgreSQL."""

from __future__ import annotations

from typing import Any

import pytest

from rotation.errors import LoginRefusedError, RotationError
from rotation.targets import postgres_recovery
from sandbox.servers.server import Server
from tests.lambdas.postgres_bench import RECOVERY, PostgresBench
from tests.lambdas.workbench import ADMIN, Fuse

pytestmark = pytest.mark.servers


@pytest.fixture
def bench(postgres_server: Server) -> PostgresBench:
    return PostgresBench(postgres_server)


@pytest.fixture
def recovery(bench: PostgresBench) -> str:
    """The second admin's secret after its first rotation."""
    name = bench.recovery()
    bench.rotate(name)
    return name


def lose(bench: PostgresBench, name: str) -> None:
    """Somebody sets the password by hand: no version knows it."""
    bench.sql(f"ALTER ROLE {bench.value(name)['username']} PASSWORD 'set-by-hand'")
    assert not bench.logs_in(bench.value(name))


def test_the_first_rotation_makes_the_role_through_the_superuser(bench: PostgresBench, recovery: str) -> None:
    document = bench.value(recovery)
    assert bench.logs_in(document)
    role = f"FROM pg_roles WHERE rolname = '{document['username']}'"
    assert bench.sql(f"SELECT rolsuper, rolcanlogin, shobj_description(oid, 'pg_authid') {role}") == [
        [True, True, postgres_recovery.MARK]
    ]


def test_a_later_rotation_needs_the_superuser_no_more(bench: PostgresBench, recovery: str) -> None:
    before = bench.value(recovery)
    fuse = bench.tap = Fuse()
    bench.rotate(recovery)
    assert {call for call in fuse.names if call.startswith("login")} == {f"login {before['username']}"}
    assert bench.logs_in(bench.value(recovery))
    assert not bench.logs_in(before)


@pytest.mark.parametrize("damage", ["PASSWORD 'set-by-hand'", "NOLOGIN"])
@pytest.mark.parametrize("way", ["healSecret", "rotation"])
def test_a_superuser_that_no_version_opens_is_healed_through_the_second_admin(
    bench: PostgresBench, recovery: str, damage: str, way: str
) -> None:
    name = bench.superuser()
    bench.sql(f"ALTER ROLE {bench.value(name)['username']} {damage}")
    assert not bench.logs_in(bench.value(name))
    if way == "rotation":
        bench.rotate(name)
    else:
        bench.step(name, "", "healSecret")
    assert bench.logs_in(bench.value(name))


@pytest.mark.parametrize("way", ["healSecret", "rotation"])
def test_a_second_admin_that_no_version_opens_is_healed_through_the_superuser(
    bench: PostgresBench, recovery: str, way: str
) -> None:
    lose(bench, recovery)
    if way == "rotation":
        bench.rotate(recovery)
    else:
        bench.step(recovery, "", "healSecret")
    assert bench.logs_in(bench.value(recovery))


def test_a_server_restored_from_before_the_second_admin_gets_it_again(bench: PostgresBench, recovery: str) -> None:
    bench.sql(f"DROP ROLE {bench.value(recovery)['username']}")
    bench.step(recovery, "", "healSecret")
    assert bench.logs_in(bench.value(recovery))


def test_without_a_second_admin_the_error_says_so_and_what_to_do(bench: PostgresBench) -> None:
    name = bench.superuser()
    lose(bench, name)
    bench.admins.pop("postgres-superuser")
    with pytest.raises(LoginRefusedError, match=r"none of 2 stored.*reset its password.*ADMIN_SECRET_IDS names no"):
        bench.rotate(name)
    bench.fake.cancel_pending(name)
    with pytest.raises(LoginRefusedError, match=r"none of \d stored credentials can log in.*ADMIN_SECRET_IDS names no"):
        bench.step(name, "", "healSecret")


def admin_of_the_superuser(bench: PostgresBench, **document: Any) -> None:
    bench.recovery("nobody-yet")
    bench.give(RECOVERY, {**bench.value(ADMIN), **document})


def test_a_second_admin_of_another_server_is_not_used(bench: PostgresBench) -> None:
    name = bench.superuser()
    lose(bench, name)
    admin_of_the_superuser(bench, host="elsewhere.example")
    with pytest.raises(LoginRefusedError, match=r"admin secret is for elsewhere\.example"):
        bench.step(name, "", "healSecret")


def test_the_role_itself_is_no_second_admin(bench: PostgresBench) -> None:
    name = bench.superuser()
    lose(bench, name)
    admin_of_the_superuser(bench, username=bench.value(name)["username"], password="set-by-hand")
    with pytest.raises(LoginRefusedError, match=r"the admin secret is of 'root\d+' itself"):
        bench.step(name, "", "healSecret")


@pytest.mark.parametrize("role", ["NOSUPERUSER", None])
def test_a_role_that_is_no_superuser_is_not_changed_through_the_second_admin(
    bench: PostgresBench, recovery: str, role: str | None
) -> None:
    name = bench.superuser()
    username = bench.value(name)["username"]
    lose(bench, name)
    bench.sql(f"ALTER ROLE {username} {role}" if role else f"DROP ROLE {username}")
    with pytest.raises(RotationError, match=f"role '{username}' is no superuser and is not touched"):
        bench.step(name, "", "healSecret")
    assert not bench.logs_in(bench.value(name))


@pytest.mark.parametrize(
    "making",
    [
        "CREATE ROLE {role} LOGIN SUPERUSER PASSWORD 'of-a-person'",
        "CREATE ROLE {role} LOGIN PASSWORD 'of-a-person'; COMMENT ON ROLE {role} IS '{mark}'",
    ],
    ids=["a person's superuser", "no superuser"],
)
def test_a_role_that_rotation_did_not_make_is_not_taken_for_the_second_admin(bench: PostgresBench, making: str) -> None:
    name = bench.recovery()
    role = bench.value(name)["username"]
    for statement in making.format(role=role, mark=postgres_recovery.MARK).split("; "):
        bench.sql(statement)
    with pytest.raises(RotationError, match=f"role '{role}' is there already and was not made by rotation"):
        bench.rotate(name)
    # The database lets no role in that has no right to it by itself.
    bench.sql(f"GRANT CONNECT ON DATABASE llm_observatory TO {role}")
    assert bench.logs_in({**bench.value(name), "password": "of-a-person"})


def test_the_role_of_the_server_itself_is_not_taken_for_the_second_admin(bench: PostgresBench) -> None:
    name = bench.superuser()
    bench.give(ADMIN, bench.value(name))
    bench.recovery("postgres")
    bench.sql(f"COMMENT ON ROLE postgres IS '{postgres_recovery.MARK}'")
    with pytest.raises(RotationError, match="role 'postgres' is there already"):
        bench.rotate(RECOVERY)
    bench.sql("COMMENT ON ROLE postgres IS NULL")


def test_the_superuser_and_the_second_admin_are_never_one_role(bench: PostgresBench) -> None:
    bench.recovery("postgres")
    with pytest.raises(LoginRefusedError, match="the admin secret is of 'postgres' itself"):
        bench.rotate(RECOVERY)
    assert bench.logs_in(bench.value(ADMIN))


def test_a_second_admin_that_could_not_heal_fails_its_test(bench: PostgresBench, recovery: str) -> None:
    role = bench.value(recovery)["username"]
    bench.sql(f"ALTER ROLE {role} NOSUPERUSER")
    bench.sql(f"GRANT CONNECT ON DATABASE llm_observatory TO {role}")
    with pytest.raises(RotationError, match="is no superuser, so it cannot heal"):
        bench.rotate(recovery)


def test_the_servers_log_holds_no_password_of_either(bench: PostgresBench, recovery: str) -> None:
    name = bench.superuser()
    lose(bench, name)
    bench.step(name, "", "healSecret")
    bench.rotate(recovery)
    for document in (bench.value(name), bench.value(recovery), bench.value(recovery, "AWSPREVIOUS")):
        assert f'"{document["username"]}"' in bench.log()
        # superuser() itself gives the first password in cleartext.
        assert document["password"].endswith("-first") or document["password"] not in bench.log()
