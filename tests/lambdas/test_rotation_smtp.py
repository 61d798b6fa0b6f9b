"""SMTP credentials of SES: AWS's algorithm, and a login over verified TLS with three different errors."""

from __future__ import annotations

import dataclasses
import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError

from rotation.errors import LoginRefusedError, RotationError, ServerBusyError, ServerUnreachableError
from rotation.targets.iam_smtp import SesSmtp, smtp_password
from rotation.targets.iam_smtp_session import Login, connect
from sandbox.servers import tls
from tests.lambdas.fake_iam import FakeIam
from tests.lambdas.fake_smtp import FakeSmtp
from tests.lambdas.iam_bench import REGION, IamBench

PASSWORD = "canary-password-of-the-tests"


@pytest.fixture
def server() -> Iterator[FakeSmtp]:
    with FakeSmtp(lambda username, password: (username, password) == ("AKIAEXAMPLE", PASSWORD)) as server:
        yield server


@pytest.fixture
def login(server: FakeSmtp) -> Login:
    return Login(host="localhost", port=server.port, username="AKIAEXAMPLE", password=PASSWORD)


@pytest.mark.parametrize(
    ("region", "secret", "password"),
    [
        # Published: hashicorp/terraform-provider-aws, TestSESSMTPPasswordFromSecretKeySigV4; the same from openssl's
        # HMAC, step by step over AWS's page.
        ("eu-central-1", "some+secret+key", "BMXhUYlu5Z3gSXVQORxlVa7XPaz91aGWdfHxvkOZdWZ2"),
        ("eu-central-1", "another+secret+key", "BBbphbrQmrKMx42d1N6+C7VINYEBGI5v9VsZeTxwskfh"),
        ("us-west-1", "some+secret+key", "BH+jbMzper5WwlwUar9E1ySBqHa9whi0GPo+sJ0mVYJj"),
        ("us-west-1", "another+secret+key", "BKVmjjMDFk/qqw8EROW99bjCS65PF8WKvK5bSr4Y6EqF"),
    ],
)
def test_the_password_is_derived_as_aws_publishes_it(region: str, secret: str, password: str) -> None:
    assert smtp_password(secret, region) == password


def test_the_secret_half_of_the_key_is_stored_nowhere() -> None:
    bench = IamBench("ses-smtp")
    name = bench.rotated()
    secrets = [key.secret for key in bench.keys(name).values()]
    assert len(secrets) == 2
    for version in bench.fake.secrets[name].versions.values():
        assert not any(secret in (version.value or "") for secret in secrets)


def test_the_test_of_a_rotation_logs_in_at_a_server_that_learns_of_the_key_later() -> None:
    bench = IamBench("ses-smtp")
    name = bench.marked()
    bench.iam.make(user := bench.value(name)["user_name"])
    key = next(iter(bench.iam.users[user].values()))

    def accepts(username: str, password: str) -> bool:
        return bench.iam.accepts(username, key.secret) and password == smtp_password(key.secret, REGION)

    with FakeSmtp(accepts) as server:
        document = {
            **bench.value(name),
            "host": "localhost",
            "port": server.port,
            "username": key.id,
            "password": smtp_password(key.secret, REGION),
        }
        SesSmtp(server.ca_pem, iam=cast("Any", bench.iam), sleep=bench.sleep).verify(document)
        assert set(server.logins) == {key.id}
        assert len(server.logins) == len(bench.slept) + 1 > 2


def test_a_password_of_another_region_is_refused() -> None:
    iam = IamBench("ses-smtp")
    name = iam.rotated()
    key = iam.keys(name)[iam.id(name)]
    document = {**iam.value(name), "password": smtp_password(key.secret, "us-west-1")}
    with pytest.raises(LoginRefusedError):
        iam.rotator._targets["ses-smtp"].verify(document)


def test_a_target_needs_neither_region_nor_credentials_to_be_made(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(variable, raising=False)
    assert SesSmtp(None).issued


def test_the_right_password_gets_in_and_nothing_of_it_is_seen_before_tls(server: FakeSmtp, login: Login) -> None:
    connect(login, server.ca_pem)
    assert server.logins == ["AKIAEXAMPLE"]
    assert server.plaintext == ["ehlo localhost", "STARTTLS"]


def test_a_wrong_password_is_a_refusal_that_does_not_quote_it(server: FakeSmtp, login: Login) -> None:
    with pytest.raises(LoginRefusedError, match=r"refused the login of 'AKIAEXAMPLE' \(535\)") as caught:
        connect(dataclasses.replace(login, password="canary-wrong"), server.ca_pem)
    assert "canary" not in str(caught.value) + repr(caught.value.__context__) + repr(login)


@pytest.mark.parametrize("word", ["greeting", "STARTTLS", "AUTH", "password"])
@pytest.mark.parametrize("code", [421, 454])
def test_a_temporary_refusal_is_a_busy_server(server: FakeSmtp, login: Login, word: str, code: int) -> None:
    server.replies[word] = f"{code} canary: too many concurrent SMTP connections"
    with pytest.raises(ServerBusyError, match=rf"no room for the login of 'AKIAEXAMPLE' \({code}\); try") as caught:
        connect(login, server.ca_pem)
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize("code", [503, 554])
def test_any_other_answer_to_the_password_is_no_login(server: FakeSmtp, login: Login, code: int) -> None:
    server.replies["password"] = f"{code} canary"
    with pytest.raises(RotationError, match=rf"refused the login of 'AKIAEXAMPLE' \({code}\); look the code up"):
        connect(login, server.ca_pem)


def test_a_server_without_tls_gets_no_password(server: FakeSmtp, login: Login) -> None:
    server.extensions = ["AUTH PLAIN LOGIN"]
    with pytest.raises(ServerUnreachableError, match=r"offers no TLS.; switch TLS on at the server; it is never given"):
        connect(login, server.ca_pem)
    assert server.logins == []
    assert not any("AUTH" in line for line in server.plaintext)


def test_another_authority_or_name_is_refused_and_gets_no_password(
    server: FakeSmtp, login: Login, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for ca_pem in (tls.authority(tmp_path).pem, None):
        with pytest.raises(ServerUnreachableError, match=r"certificate.*check CA_PEM"):
            connect(login, ca_pem)
    resolve = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", lambda host, *more, **named: resolve("127.0.0.1", *more, **named))
    with pytest.raises(ServerUnreachableError, match="Hostname mismatch"):
        connect(dataclasses.replace(login, host="elsewhere.example"), server.ca_pem)
    assert server.logins == []


def test_a_closed_port_and_a_server_that_hangs_up_are_unreachable(server: FakeSmtp, login: Login) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(ServerUnreachableError, match=r"ConnectionRefusedError.; check host, port and the network path"):
        connect(dataclasses.replace(login, port=port), server.ca_pem)
    server.hangs_up = True
    with pytest.raises(ServerUnreachableError):
        connect(login, server.ca_pem)


def test_characters_that_smtp_cannot_carry_are_an_error_that_does_not_quote_them(
    server: FakeSmtp, login: Login
) -> None:
    with pytest.raises(RotationError, match="holds characters that SMTP cannot carry") as caught:
        connect(dataclasses.replace(login, password="canary-ä"), server.ca_pem)
    assert "canary" not in str(caught.value)


def test_the_fake_keeps_the_two_keys_a_user() -> None:
    iam = FakeIam(lambda: datetime(2026, 1, 1, tzinfo=UTC))
    iam.user("one")
    for _ in range(2):
        iam.create_access_key(UserName="one")
    with pytest.raises(ClientError, match="LimitExceeded"):
        iam.create_access_key(UserName="one")
    assert not any("SecretAccessKey" in entry for entry in iam.list_access_keys(UserName="one")["AccessKeyMetadata"])
