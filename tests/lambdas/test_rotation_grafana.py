"""Two server admins of Grafana take turns, and each sets the other's password."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from rotation.errors import LoginRefusedError, RotationError, ServerUnreachableError
from rotation.targets.api_grafana import GrafanaAdmin
from rotation.targets.api_session import ApiSession, bearer
from tests.lambdas.fake_http_api import Reply
from tests.lambdas.grafana_bench import FIRST, NAME, OVERLAP, GrafanaBench
from tests.lambdas.workbench import PREFIX

EMERGENCY = "emergency-" + "7" * 32


@pytest.fixture
def bench() -> Iterator[GrafanaBench]:
    with GrafanaBench() as bench:
        yield bench


def pass_overlap(bench: GrafanaBench) -> None:
    bench.fake.now += timedelta(seconds=OVERLAP + 60)


def test_the_second_admin_is_made_by_the_first_rotation_and_both_work(bench: GrafanaBench) -> None:
    bench.rotate(NAME)
    current = bench.value(NAME)
    assert current["username"] == "admin_b"
    assert bench.grafana.users["admin_b"].is_admin
    assert bench.logs_in(current)
    assert bench.logs_in(bench.value(NAME, "AWSPREVIOUS"))


def test_a_retired_admin_is_scrambled_and_logged_out_and_comes_back_with_its_next_turn(bench: GrafanaBench) -> None:
    bench.grafana.open_session("admin")
    bench.rotate(NAME)
    old = bench.value(NAME, "AWSPREVIOUS")
    pass_overlap(bench)
    assert bench.retire(NAME)["outcome"] == "retired"
    assert not bench.logs_in(old)
    assert bench.grafana.users["admin"].tokens == []
    bench.rotate(NAME)
    assert bench.value(NAME)["username"] == "admin"
    assert bench.logs_in(bench.value(NAME))


def test_a_session_that_was_used_after_the_caches_is_a_straggler_and_nothing_is_changed(bench: GrafanaBench) -> None:
    bench.rotate(NAME)
    old = bench.value(NAME, "AWSPREVIOUS")
    pass_overlap(bench)
    bench.grafana.open_session("admin")
    answer = bench.retire(NAME)
    seen = bench.fake.now.isoformat(timespec="seconds")
    assert answer["stragglers"] == [
        f"session of Grafana admin 'admin' from 10.0.0.7 with Chrome on Linux, last seen at {seen}"
    ]
    assert bench.logs_in(old)
    assert len(bench.grafana.users["admin"].tokens) == 1


def test_a_script_without_a_session_is_a_straggler_too(bench: GrafanaBench) -> None:
    bench.rotate(NAME)
    pass_overlap(bench)
    bench.grafana.users["admin"].seen = bench.fake.now
    bench.grafana.add("admin_c", "other", is_admin=True).seen = bench.fake.now + timedelta(hours=1)
    answer = bench.retire(NAME)
    seen = bench.fake.now.isoformat(timespec="seconds")
    assert answer["stragglers"] == [f"Grafana admin 'admin' without a session, last seen at {seen}"]


def test_a_use_from_a_cache_in_the_first_half_of_the_overlap_is_no_straggler(bench: GrafanaBench) -> None:
    bench.rotate(NAME)
    bench.fake.now += timedelta(seconds=OVERLAP / 2 - 1)
    bench.grafana.open_session("admin")
    bench.grafana.users["admin"].seen = bench.fake.now
    pass_overlap(bench)
    assert bench.retire(NAME)["outcome"] == "retired"


def test_an_emergency_ends_both_admins_old_passwords_and_sessions(bench: GrafanaBench) -> None:
    bench.rotate(NAME)
    old = [bench.value(NAME), bench.value(NAME, "AWSPREVIOUS")]
    bench.grafana.open_session("admin")
    bench.grafana.open_session("admin_b")
    bench.rotate(NAME, EMERGENCY)
    assert bench.retire(NAME)["outcome"] == "retired"
    assert not any(bench.logs_in(document) for document in old)
    assert [user.tokens for user in bench.grafana.users.values()] == [[], []]
    assert bench.logs_in(bench.value(NAME))


def test_a_heal_uses_the_other_admin(bench: GrafanaBench) -> None:
    bench.rotate(NAME)
    bench.grafana.users["admin_b"].password = "set-by-hand"
    assert not bench.logs_in(bench.value(NAME))
    bench.step(NAME, "", "healSecret")
    assert bench.logs_in(bench.value(NAME))
    assert bench.logs_in(bench.value(NAME, "AWSPREVIOUS"))


def test_a_rotation_replaces_a_current_password_that_is_refused(bench: GrafanaBench) -> None:
    bench.grafana.add("admin_b", "known", is_admin=True)
    bench.give(NAME, {**bench.value(NAME), "password": "a mistake"})
    pass_overlap(bench)
    bench.fake.update_secret_version_stage(
        SecretId=NAME,
        VersionStage="AWSPREVIOUS",
        RemoveFromVersionId=str(bench.fake.secrets[NAME].holder("AWSPREVIOUS")),
    )
    bench.rotate(NAME)
    assert bench.logs_in(bench.value(NAME))


def test_a_heal_gives_back_the_right_to_be_admin_and_does_nothing_to_a_healthy_one(bench: GrafanaBench) -> None:
    bench.rotate(NAME)
    bench.grafana.calls.clear()
    bench.step(NAME, "", "healSecret")
    assert [call.method for call in bench.grafana.calls] == ["GET"]
    bench.grafana.users["admin_b"].is_admin = False
    bench.step(NAME, "", "healSecret")
    assert bench.grafana.users["admin_b"].is_admin
    assert bench.logs_in(bench.value(NAME))
    del bench.grafana.users["admin_b"]
    bench.step(NAME, "", "healSecret")
    assert bench.logs_in(bench.value(NAME))
    assert bench.grafana.users["admin_b"].is_admin


def test_a_rotation_goes_on_with_what_an_earlier_run_has_set(bench: GrafanaBench) -> None:
    """The pending password works already, and AWSCURRENT's no more: the admin then sets its own."""
    bench.rotate(NAME)
    pass_overlap(bench)
    bench.retire(NAME)
    token = bench.fake.rotate(NAME)
    bench.step(NAME, token, "createSecret")
    bench.step(NAME, token, "setSecret")
    bench.grafana.users["admin_b"].password = "restored from an older snapshot"
    bench.steps(NAME, token)
    assert bench.value(NAME)["username"] == "admin"
    assert bench.logs_in(bench.value(NAME))


def test_the_search_for_a_password_never_locks_an_admin_out(bench: GrafanaBench) -> None:
    for _ in range(12):
        bench.rotate(NAME)
        pass_overlap(bench)
        bench.retire(NAME)
    for user in bench.grafana.users.values():
        user.password = "set-by-hand"
    with pytest.raises(
        LoginRefusedError, match=r"none of 8 stored passwords .* server admin; set one with `grafana cli"
    ):
        bench.step(NAME, "", "healSecret")
    assert bench.grafana.lets_in("admin", "set-by-hand")
    assert bench.grafana.lets_in("admin_b", "set-by-hand")


def test_a_password_goes_to_the_secrets_own_server_only(bench: GrafanaBench) -> None:
    bench.give(NAME, {**bench.value(NAME), "url": "https://elsewhere.example", "password": "of-elsewhere"})
    bench.give(NAME, {**bench.value(NAME), "url": bench.grafana.url, "password": "wrong"})
    with pytest.raises(LoginRefusedError, match="none of 1 "):
        bench.rotator._targets["grafana-admin"].heal(
            bench.value(NAME),
            bench.rotator._fallbacks(
                bench.rotator._versions.describe(NAME),
                bench.rotator._targets["grafana-admin"],
                *[id_ for id_, version in bench.fake.secrets[NAME].versions.items() if FIRST in (version.value or "")],
            ),
        )


def test_the_marker_is_refused_and_names_the_bootstrap(bench: GrafanaBench) -> None:
    name = PREFIX + "grafana-never-bootstrapped"
    constants = {key: value for key, value in bench.value(NAME).items() if key != "password"}
    bench.secret(name, "grafana-admin", constants)
    with pytest.raises(RotationError, match="give it the server admin's password with `secretsctl bootstrap`"):
        bench.rotate(name)


def test_a_disabled_admin_is_not_enabled_behind_a_persons_back(bench: GrafanaBench) -> None:
    bench.grafana.add("admin_b", "x", is_admin=True).is_disabled = True
    with pytest.raises(RotationError, match="has user 'admin_b' disabled, which only a person does; enable it there"):
        bench.rotate(NAME)


def test_a_user_whose_mail_address_is_the_name_is_not_touched(bench: GrafanaBench) -> None:
    bench.grafana.add("mallory", "of-mallory").email = "admin_b"
    with pytest.raises(RotationError, match="no user 'admin_b' but one whose e-mail address is that"):
        bench.rotate(NAME)
    assert bench.grafana.users["mallory"].password == "of-mallory"


def test_a_plain_user_does_not_pass_the_test(bench: GrafanaBench) -> None:
    token = bench.fake.rotate(NAME)
    bench.step(NAME, token, "createSecret")
    bench.step(NAME, token, "setSecret")
    bench.grafana.users["admin_b"].is_admin = False
    with pytest.raises(RotationError, match="lets 'admin_b' in, but not as the server admin of that name"):
        bench.step(NAME, token, "testSecret")


def test_a_token_is_no_login_for_users_and_the_fake_refuses_it_as_grafana_does(bench: GrafanaBench) -> None:
    target = GrafanaAdmin(bench.grafana.ca_pem, connect=lambda url, ca, headers: _with_token(bench, url, ca))
    with pytest.raises(LoginRefusedError):
        target.verify(bench.value(NAME))


def test_another_authority_gets_no_password(bench: GrafanaBench) -> None:
    with pytest.raises(ServerUnreachableError, match=r"certificate.*CA_PEM"):
        GrafanaAdmin(None).verify(bench.value(NAME))
    assert bench.grafana.calls == []


def test_no_password_shows_in_an_error(bench: GrafanaBench) -> None:
    bench.grafana.forced = [Reply(status=500, body={"message": FIRST})]
    with pytest.raises(RotationError) as caught:
        bench.rotate(NAME)
    assert "canary" not in str(caught.value) + repr(caught.value.__context__)


def _with_token(bench: GrafanaBench, url: str, ca_pem: str | None) -> ApiSession:
    return ApiSession(url, ca_pem, bearer("glsa_token"))
