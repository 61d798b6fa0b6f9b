"""A read is judged by the secret and by the role behind the session, and by nothing that a caller chooses."""

from __future__ import annotations

from typing import Any

import pytest

from alert.handler import tell
from catalog import derive, names
from catalog.access.secret import readers
from tests.lambdas.alert_events import CATALOG, SECRET, SECRET_ARN, STAGING, Topic, read_of, session_of, settings, told

ROLES = sorted({arn for secret in CATALOG.secrets for arn in readers(STAGING, secret)})


def is_told(secret: str, who: dict[str, Any] | None) -> bool:
    topic = Topic()
    tell(told("read-by-stranger", read_of(secret, who)), settings(), topic)
    return bool(topic.published)


@pytest.mark.parametrize("secret", CATALOG.secrets, ids=[secret.name for secret in CATALOG.secrets])
def test_exactly_the_readers_of_a_secret_read_it_without_an_alert(secret: Any) -> None:
    name = derive.secret_name(STAGING, secret)
    quiet = {arn for arn in ROLES if not is_told(name, session_of(arn.removeprefix(names.role_arn(STAGING, ""))))}
    assert quiet == set(readers(STAGING, secret))


@pytest.mark.parametrize("form", [SECRET, SECRET_ARN, SECRET_ARN[:-7]])
def test_each_form_of_a_secrets_name_is_the_same_secret(form: str) -> None:
    assert not is_told(form, session_of("api-server"))
    assert is_told(form, session_of("grafana"))


def test_the_name_of_a_session_makes_nobody_a_reader() -> None:
    for session in ("llm-observatory-staging-api-server", names.role_arn(STAGING, "api-server")):
        assert is_told(SECRET, session_of("grafana", session=session))


@pytest.mark.parametrize(
    "who",
    [
        {"type": "Root", "arn": f"arn:aws:iam::{STAGING.account}:root"},
        {"type": "IAMUser", "arn": f"arn:aws:iam::{STAGING.account}:user/llm-observatory-staging-api-server"},
        {
            "type": "AssumedRole",
            "arn": f"arn:aws:sts::{STAGING.account}:assumed-role/llm-observatory-staging-api-server/s",
        },
        {"type": "AWSAccount", "accountId": "999988887777"},
        {},
    ],
    ids=["root", "user", "session-without-issuer", "other-account", "nobody"],
)
def test_who_is_no_session_of_a_reader_is_a_stranger(who: dict[str, Any]) -> None:
    assert is_told(SECRET, who)


def test_a_role_of_the_same_name_in_another_account_is_a_stranger() -> None:
    who = session_of("api-server")
    issuer = who["sessionContext"]["sessionIssuer"]
    issuer["arn"] = issuer["arn"].replace(STAGING.account, "999988887777")
    assert is_told(SECRET, who)


def test_secrets_manager_itself_is_no_stranger() -> None:
    assert not is_told(SECRET, {"type": "AWSService", "invokedBy": "secretsmanager.amazonaws.com"})


def test_a_secret_that_the_catalogue_does_not_know_has_no_reader() -> None:
    assert is_told("llm-observatory/staging/of-yesterday", session_of("api-server"))
    assert is_told("llm-observatory/staging/of-yesterday", session_of("break-glass"))
