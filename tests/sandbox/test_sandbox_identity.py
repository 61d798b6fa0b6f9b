"""Acting as a role of the programme in the sandbox: whom the role trusts gets in, whoever else does not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from botocore.exceptions import ClientError

from catalog import load, names
from catalog.access.statement import Policy, policy
from catalog.access.trust import GITHUB, consumer_trust, duty_trust, function_trust
from catalog.environment import Provider
from sandbox.aws import process
from sandbox.aws.errors import SandboxError
from sandbox.aws.process import LocalAws
from sandbox.identity import ADMINISTRATOR_IDENTITY, IdentityError, acting_as

CATALOG = load.catalog()
STAGING = load.environment("staging")
TRUSTS: dict[str, Policy] = {
    **{consumer.name: consumer_trust(STAGING, consumer) for consumer in CATALOG.consumers},
    **{str(duty): duty_trust(STAGING, duty) for duty in names.Duty},
    "rotate-redis": function_trust(),
}


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAws]:
    """A local AWS with the programme's roles, as far as their trust goes."""
    state = tmp_path_factory.mktemp("identity") / "aws"
    started = process.start(state, STAGING.account, STAGING.region)
    # GitHub's issuer is the stack's own; that of the cluster is there before, with the cluster.
    ADMINISTRATOR_IDENTITY.client(started, "iam").create_open_id_connect_provider(
        Url=f"https://{GITHUB}", ClientIDList=["sts.amazonaws.com"]
    )
    for what, trust in TRUSTS.items():
        _make(started, what, trust, seconds=8 * 3600 if what == "operator" else 3600)
    yield started
    process.stop(state)


def _make(cloud: LocalAws, what: str, trust: Policy, seconds: int = 3600) -> None:
    ADMINISTRATOR_IDENTITY.client(cloud, "iam").create_role(
        RoleName=names.named(STAGING, what),
        AssumeRolePolicyDocument=json.dumps(trust),
        MaxSessionDuration=seconds,
    )


@pytest.mark.parametrize("what", TRUSTS)
def test_whom_a_role_trusts_becomes_it(cloud: LocalAws, what: str) -> None:
    who = acting_as(cloud, STAGING, what).client(cloud, "sts").get_caller_identity()["Arn"]
    assert who.startswith(f"arn:aws:sts::{STAGING.account}:assumed-role/llm-observatory-staging-{what}/")


@pytest.mark.parametrize("what", ["api-server", "collector", "grafana", "operator"])
def test_a_duty_and_a_consumer_take_no_one_but_their_own(cloud: LocalAws, what: str) -> None:
    arn = names.role_arn(STAGING, what)
    with pytest.raises(ClientError, match="AccessDenied"):
        ADMINISTRATOR_IDENTITY.client(cloud, "sts").assume_role(RoleArn=arn, RoleSessionName="plain")
    with pytest.raises(SandboxError, match="is not authorized to perform: sts:AssumeRole"):
        cloud.ask("POST", "sessions", {"role_arn": arn, "service": "lambda.amazonaws.com"})


def test_a_pod_carries_the_tags_that_its_role_asks_for(cloud: LocalAws) -> None:
    asked = {"role_arn": names.role_arn(STAGING, "collector"), "service": "pods.eks.amazonaws.com"}
    tags = {"kubernetes-namespace": "another", "kubernetes-service-account": "collector"}
    with pytest.raises(SandboxError, match="sts:AssumeRole"):
        cloud.ask("POST", "sessions", {**asked, "tags": tags})
    with pytest.raises(SandboxError, match="'service' is missing"):
        cloud.ask("POST", "sessions", {"role_arn": asked["role_arn"]})


def test_a_role_that_is_not_there_is_told_with_those_that_are(cloud: LocalAws) -> None:
    with pytest.raises(IdentityError, match=r"no role llm-observatory-staging-nobody; choose one of .*api-server"):
        acting_as(cloud, STAGING, "nobody")


def test_an_issuer_that_the_stack_should_have_declared_is_not_made_up(cloud: LocalAws) -> None:
    declares = STAGING.model_copy(
        update={"cluster": STAGING.cluster.model_copy(update={"oidc_provider": Provider.CREATED})}
    )
    iam = ADMINISTRATOR_IDENTITY.client(cloud, "iam")
    provider = names.provider_arn(STAGING, STAGING.cluster.oidc_issuer)
    with suppress(iam.exceptions.NoSuchEntityException):
        iam.delete_open_id_connect_provider(OpenIDConnectProviderArn=provider)
    with pytest.raises(IdentityError, match="No OpenIDConnect provider found"):
        acting_as(cloud, declares, "api-server")
    assert acting_as(cloud, STAGING, "api-server").token


def test_a_role_that_lets_nobody_in_says_so(cloud: LocalAws) -> None:
    closed: Any = {"Sid": "No", "Effect": "Deny", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}
    _make(cloud, "closed", policy(closed))
    with pytest.raises(IdentityError, match="its trust policy lets nobody in"):
        acting_as(cloud, STAGING, "closed")


def test_no_credential_shows_in_the_text_of_an_identity(cloud: LocalAws) -> None:
    identity = acting_as(cloud, STAGING, "operator")
    assert identity.token
    assert identity.secret_key not in repr(identity)
    assert identity.token not in repr(identity)
