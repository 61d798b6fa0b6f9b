"""Who made a call, as an event says it, for each kind of caller."""

from typing import Any

import pytest

from iam.principal import Principal, PrincipalKind
from sandbox.aws.caller import Caller, Session
from sandbox.aws.trail.who import user_identity, username
from tests.sandbox.aws.trail_bench import ACCOUNT

ROLE = f"arn:aws:iam::{ACCOUNT}:role/ops/deploy"


def _session(*, mfa: bool) -> Session:
    return Session(
        issuer_arn=ROLE,
        issuer_id="AROAEXAMPLE",
        issuer_name="deploy",
        issued=1_700_000_000,
        expires=1_700_003_600,
        mfa=mfa,
    )


def _role_session(*, mfa: bool = False) -> Caller:
    arn = f"arn:aws:sts::{ACCOUNT}:assumed-role/deploy/pipeline"
    principal = Principal.parse(arn, role_arn=ROLE)
    return Caller(principal=principal, id="AROAEXAMPLE:pipeline", access_key="ASIAEXAMPLE", session=_session(mfa=mfa))


def test_a_roles_session_names_the_role_behind_it_and_whether_it_had_mfa() -> None:
    """https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html."""
    assert user_identity(_role_session(mfa=True), ACCOUNT) == {
        "type": "AssumedRole",
        "principalId": "AROAEXAMPLE:pipeline",
        "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/deploy/pipeline",
        "accountId": ACCOUNT,
        "accessKeyId": "ASIAEXAMPLE",
        "sessionContext": {
            "attributes": {"creationDate": "2023-11-14T22:13:20Z", "mfaAuthenticated": "true"},
            "sessionIssuer": {
                "type": "Role",
                "principalId": "AROAEXAMPLE",
                "arn": ROLE,
                "accountId": ACCOUNT,
                "userName": "deploy",
            },
        },
    }


def _caller(arn: str, **more: Any) -> Caller:
    return Caller(principal=Principal.parse(arn), id="AIDAEXAMPLE", access_key="AKIAEXAMPLE", **more)


@pytest.mark.parametrize(
    ("caller", "kind", "name"),
    [
        (_caller(f"arn:aws:iam::{ACCOUNT}:user/team/alice", user_name="alice"), "IAMUser", "alice"),
        (_caller(f"arn:aws:iam::{ACCOUNT}:root"), "Root", "root"),
        (_role_session(), "AssumedRole", "pipeline"),
        (Caller(principal=Principal(kind=PrincipalKind.ANONYMOUS, arn="*"), id=""), "AWSAccount", ""),
        (None, "AWSAccount", ""),
        (
            Caller(principal=Principal.service("sns.amazonaws.com"), id="sns", service="sns.amazonaws.com"),
            "AWSService",
            "",
        ),
    ],
)
def test_every_caller_has_its_type_and_the_name_that_it_is_looked_up_by(
    caller: Caller | None, kind: str, name: str
) -> None:
    who = user_identity(caller, ACCOUNT)
    assert who["type"] == kind
    assert username(who) == name
    assert who.get("accessKeyId", "none")


def test_a_service_that_acts_by_itself_has_no_arn_and_no_key() -> None:
    principal = Principal.service("lambda.amazonaws.com")
    caller = Caller(principal=principal, id="lambda", service="lambda.amazonaws.com")
    assert user_identity(caller, ACCOUNT) == {"type": "AWSService", "invokedBy": "lambda.amazonaws.com"}
