"""Two roles taking turns, on a real PostgreSQL."""

from __future__ import annotations

import ssl
from collections import Counter

import pytest

from rotation.errors import RotationError
from sandbox.servers.server import Server
from tests.lambdas.postgres_bench import PostgresBench, replication_connection
from tests.lambdas.workbench import Fuse

pytestmark = pytest.mark.servers


@pytest.fixture
def bench(postgres_server: Server) -> PostgresBench:
    return PostgresBench(postgres_server)


def test_a_role_without_a_password_cannot_log_in_before_its_first_rotation(bench: PostgresBench) -> None:
    assert not bench.logs_in({**bench.constants, "username": "app", "password": "x"})
    assert not bench.logs_in({**bench.constants, "username": "replication", "password": "x"})


def test_the_two_roles_take_turns_from_the_marker_on(bench: PostgresBench) -> None:
    name = bench.role(names=["app", "app_b"])
    seen = []
    for _ in range(3):
        bench.rotate(name)
        seen.append(bench.value(name)["username"])
        assert bench.logs_in(bench.value(name))
    assert seen == ["app", "app_b", "app"]


def test_the_old_credential_still_works_after_a_rotation(bench: PostgresBench) -> None:
    name = bench.role()
    bench.rotate(name)
    before = bench.value(name)
    bench.rotate(name)
    assert bench.value(name, "AWSPREVIOUS") == before
    assert bench.logs_in(before)


def test_no_label_is_left_over_after_a_rotation(bench: PostgresBench) -> None:
    name = bench.role()
    bench.rotate(name)
    token = bench.rotate(name)
    stages = {id_: version.stages for id_, version in bench.fake.secrets[name].versions.items() if version.stages}
    assert stages[token] == {"AWSCURRENT"}
    assert Counter(stage for labels in stages.values() for stage in labels) == Counter(
        ["AWSCURRENT", "AWSPREVIOUS", "LLMOBS_BOOTSTRAP"]
    )


def test_what_one_role_creates_the_other_can_use_and_change(bench: PostgresBench) -> None:
    name = bench.role()
    bench.rotate(name)
    first = bench.value(name)
    bench.sql("CREATE TABLE IF NOT EXISTS shared_by_roles (id int)", first)
    bench.rotate(name)
    second = bench.value(name)
    assert first["username"] != second["username"]
    bench.sql("INSERT INTO shared_by_roles VALUES (1)", second)
    bench.sql("ALTER TABLE shared_by_roles ADD COLUMN more text", second)
    bench.sql("DROP TABLE shared_by_roles", second)


def test_the_readonly_roles_read_and_do_not_write(bench: PostgresBench) -> None:
    owner, reader = bench.role(), bench.role("llm_observatory_readonly", names=["readonly", "readonly_b"])
    bench.rotate(owner)
    bench.sql("CREATE TABLE IF NOT EXISTS read_by_readers (id int)", bench.value(owner))
    for _ in range(2):
        bench.rotate(reader)
        assert bench.sql("SELECT count(*) FROM read_by_readers", bench.value(reader)) == [[0]]
        for statement in ("INSERT INTO read_by_readers VALUES (1)", "CREATE TABLE written_by_readers (id int)"):
            with pytest.raises(RotationError, match="42501"):
                bench.sql(statement, bench.value(reader))


def test_both_replication_roles_open_a_physical_replication_connection(bench: PostgresBench) -> None:
    name = bench.role("llm_observatory_replication", names=["replication", "replication_b"], replication=True)
    context = ssl.create_default_context(cadata=bench.server.ca_pem)
    for _ in range(2):
        bench.rotate(name)
        connection = replication_connection(bench.value(name), context)
        assert connection.run("IDENTIFY_SYSTEM")
        connection.close()


def test_a_plain_role_can_not_replicate(bench: PostgresBench) -> None:
    name = bench.role()
    bench.rotate(name)
    role = bench.value(name)["username"]
    assert bench.sql(f"SELECT rolreplication, rolsuper FROM pg_roles WHERE rolname = '{role}'") == [[False, False]]


def test_a_broken_current_value_heals_through_the_admin(bench: PostgresBench) -> None:
    name = bench.role()
    bench.rotate(name)
    bench.sql(f"ALTER ROLE {bench.value(name)['username']} PASSWORD 'set-by-hand'")
    assert not bench.logs_in(bench.value(name))
    bench.step(name, "", "healSecret")
    assert bench.logs_in(bench.value(name))


def test_a_clean_rotation_needs_thirteen_calls_and_two_logins_and_none_fails(bench: PostgresBench) -> None:
    name = bench.role()
    bench.rotate(name)
    failed = bench.log().count("authentication failed")
    bench.fake.calls.clear()
    fuse = bench.tap = Fuse()
    bench.rotate(name)
    assert bench.fake.calls == {
        "DescribeSecret": 4,
        "GetSecretValue": 6,
        "PutSecretValue": 1,
        "UpdateSecretVersionStage": 2,
    }
    assert len([call for call in fuse.names if call.startswith("login")]) == 2
    assert bench.log().count("authentication failed") == failed


def test_the_servers_log_holds_the_statement_but_no_password(bench: PostgresBench) -> None:
    name = bench.role()
    bench.rotate(name)
    bench.rotate(name)
    log = bench.log()
    assert (
        f'ALTER ROLE "{bench.value(name)["username"]}"' in log
        or f'CREATE ROLE "{bench.value(name)["username"]}"' in log
    )
    for stage in ("AWSCURRENT", "AWSPREVIOUS"):
        assert bench.value(name, stage)["password"] not in log
