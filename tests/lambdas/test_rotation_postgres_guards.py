"""What the rotation of a role refuses to touch, on a real PostgreSQL."""

from __future__ import annotations

import json

import pytest

from rotation.errors import LoginRefusedError, RotationError
from sandbox.servers.server import Server
from tests.lambdas.postgres_bench import PostgresBench
from tests.lambdas.workbench import ADMIN, Fuse

pytestmark = pytest.mark.servers


@pytest.fixture
def bench(postgres_server: Server) -> PostgresBench:
    return PostgresBench(postgres_server)


def test_a_group_that_does_not_exist_is_named(bench: PostgresBench) -> None:
    name = bench.role("no_such_group")
    with pytest.raises(RotationError, match="group role 'no_such_group' does not exist; create it"):
        bench.rotate(name)


def test_a_superuser_among_the_usernames_is_not_touched(bench: PostgresBench) -> None:
    bench.sql("CREATE ROLE powerful SUPERUSER LOGIN")
    name = bench.role(names=["powerful", "powerful_b"])
    with pytest.raises(RotationError, match="'powerful' is a superuser and is not touched"):
        bench.rotate(name)


def test_the_admin_among_the_usernames_is_not_touched(bench: PostgresBench) -> None:
    name = bench.role(names=["postgres", "postgres_b"])
    with pytest.raises(RotationError, match="'postgres' is the admin itself"):
        bench.rotate(name)
    assert bench.logs_in(bench.value(ADMIN))


def test_an_admin_secret_of_another_server_is_refused_before_any_login(bench: PostgresBench) -> None:
    name = bench.role()
    bench.give(ADMIN, {**bench.value(ADMIN), "host": "elsewhere.example"})
    fuse = bench.tap = Fuse()
    with pytest.raises(RotationError, match=r"admin secret is for elsewhere\.example"):
        bench.rotate(name)
    assert not [call for call in fuse.names if call.startswith("login")]


def test_an_admin_secret_whose_current_value_is_refused_is_replaced_by_its_pending_one(bench: PostgresBench) -> None:
    name = bench.role()
    right = bench.value(ADMIN)
    bench.give(ADMIN, {**right, "password": "published-too-early"})
    token = bench.fake.rotate(ADMIN)
    bench.fake.put_secret_value(
        SecretId=ADMIN,
        ClientRequestToken=token,
        SecretString=bench.fake.document(ADMIN, "AWSPREVIOUS"),
        VersionStages=["AWSPENDING"],
    )
    bench.rotate(name)
    assert bench.logs_in(bench.value(name))


def test_an_admin_secret_without_a_value_says_so(bench: PostgresBench) -> None:
    name = bench.role()
    bench.fake.secrets.pop(ADMIN)
    bench.secret(ADMIN, "postgres-superuser", {**bench.constants, "username": "postgres"})
    with pytest.raises(
        LoginRefusedError, match="none of 0 stored credentials can log in; give the admin secret its password"
    ):
        bench.rotate(name)


def test_the_role_in_use_is_never_touched_even_if_the_pending_value_names_it(bench: PostgresBench) -> None:
    name = bench.role()
    bench.rotate(name)
    before = bench.value(name)
    token = bench.fake.rotate(name)
    bench.step(name, token, "createSecret")
    version = bench.fake.secrets[name].versions[token]
    assert version.value is not None
    version.value = version.value.replace(f'"username":"{before["username"]}_b"', f'"username":"{before["username"]}"')
    with pytest.raises(RotationError, match="in use by AWSCURRENT and is not touched"):
        bench.step(name, token, "setSecret")
    assert bench.logs_in(before)


def test_a_pending_value_of_a_role_outside_the_usernames_changes_nothing(bench: PostgresBench) -> None:
    name, other = bench.role(), bench.role()
    bench.rotate(name)
    bench.rotate(other)
    stranger = bench.value(other)
    token = bench.fake.rotate(name)
    bench.step(name, token, "createSecret")
    version = bench.fake.secrets[name].versions[token]
    assert version.value is not None
    version.value = json.dumps({**json.loads(version.value), "username": stranger["username"]})
    with pytest.raises(RotationError, match="is not one of `usernames`"):
        bench.step(name, token, "setSecret")
    assert bench.logs_in(stranger)


@pytest.mark.parametrize(
    "change",
    ["ALTER ROLE {role} SUPERUSER", "ALTER ROLE {role} REPLICATION", "REVOKE llm_observatory_readonly FROM {role}"],
)
def test_a_role_that_can_do_more_or_less_than_it_should_fails_its_test(bench: PostgresBench, change: str) -> None:
    name = bench.role("llm_observatory_readonly")
    token = bench.fake.rotate(name)
    bench.step(name, token, "createSecret")
    bench.step(name, token, "setSecret")
    role = bench.value(name, "AWSPENDING")["username"]
    # The database lets members of its groups in, so the role needs that right by itself to get as far as the check.
    bench.sql(f"GRANT CONNECT ON DATABASE llm_observatory TO {role}")
    bench.sql(change.format(role=role))
    with pytest.raises(RotationError, match=f"role '{role}' logs in but is not the plain member"):
        bench.step(name, token, "testSecret")
    assert bench.value(name).get("password") is None
