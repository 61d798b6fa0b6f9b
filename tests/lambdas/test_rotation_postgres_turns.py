"""What a turn does to the sessions of the role whose turn it is, on a real PostgreSQL."""

from __future__ import annotations

import pytest

from rotation.targets.postgres_session import PostgresSession
from sandbox.servers.server import Server
from tests.lambdas.postgres_bench import PostgresBench, alive
from tests.lambdas.workbench import Crash, Fuse

pytestmark = pytest.mark.servers


@pytest.fixture
def bench(postgres_server: Server) -> PostgresBench:
    return PostgresBench(postgres_server)


@pytest.fixture
def name(bench: PostgresBench) -> str:
    """A secret whose two roles have both had their turn, and which is inside its overlap: nothing is retired yet."""
    name = bench.role(overlap=900)
    bench.rotate(name)
    bench.rotate(name)
    return name


def test_a_turn_ends_the_sessions_of_the_roles_earlier_turn(bench: PostgresBench, name: str) -> None:
    """An emergency inside the overlap: AWSPREVIOUS's role gets a new password, and its sessions may be a thief's."""
    with bench.session(bench.value(name, "AWSPREVIOUS")) as old, bench.session(bench.value(name)) as other:
        bench.rotate(name, "emergency-" + "1" * 32)
        assert not alive(old)
        assert alive(other)
        assert bench.retire(name)["outcome"] == "retired"
        assert not alive(other)
    assert bench.logs_in(bench.value(name))


def test_a_turn_that_died_before_it_ended_the_sessions_ends_them_when_it_runs_again(
    bench: PostgresBench, name: str
) -> None:
    with bench.session(bench.value(name, "AWSPREVIOUS")) as old:
        token = bench.fake.rotate(name, "emergency-" + "2" * 32)
        bench.step(name, token, "createSecret")

        class Dying(Fuse):
            def __call__(self, call: str):  # type: ignore[no-untyped-def]
                if call.startswith("run DO"):
                    raise Crash(call)
                return super().__call__(call)

        bench.tap = Dying()
        with pytest.raises(Crash):
            bench.step(name, token, "setSecret")
        bench.tap = Fuse()
        assert alive(old)
        bench.step(name, token, "setSecret")
        assert not alive(old)


def test_a_second_delivery_does_not_cut_off_who_has_the_new_credential_already(bench: PostgresBench, name: str) -> None:
    token = bench.fake.rotate(name, "emergency-" + "6" * 32)
    bench.step(name, token, "createSecret")
    bench.step(name, token, "setSecret")
    pending = bench.value(name, "AWSPENDING")
    consumers: list[PostgresSession] = []

    class Published(Fuse):
        """The first delivery publishes while the second one, which has read its label, goes on."""

        def __call__(self, call: str):  # type: ignore[no-untyped-def]
            if call.startswith("run SELECT EXISTS"):
                consumers.append(bench.session(pending))
            return super().__call__(call)

    bench.tap = Published()
    bench.step(name, token, "setSecret")
    with consumers[0]:
        assert alive(consumers[0])


def test_a_turn_ends_the_session_that_came_in_with_the_old_password_while_the_new_one_was_set(
    bench: PostgresBench, name: str
) -> None:
    old = bench.value(name, "AWSPREVIOUS")
    late: list[PostgresSession] = []

    class Late(Fuse):
        def __call__(self, call: str):  # type: ignore[no-untyped-def]
            if call == "run COMMIT":
                late.append(bench.session(old))
            return super().__call__(call)

    bench.tap = Late()
    bench.rotate(name, "emergency-" + "5" * 32)
    with late[0]:
        assert not alive(late[0])
