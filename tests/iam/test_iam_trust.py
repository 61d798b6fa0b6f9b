"""Who may become which role of the programme."""

from __future__ import annotations

from typing import Any

import pytest

from catalog import derive, names
from catalog.access.trust import consumer_trust, duty_trust, function_trust
from iam.document import Policy, PolicyKind, parse
from iam.evaluate import Holder, Policies
from iam.principal import Principal
from tests.iam.asking import ask
from tests.iam.programme import ADMINISTRATOR, CATALOG, STAGING


def test_only_lambda_assumes_the_role_of_a_rotation_function() -> None:
    policy = parse(function_trust(), PolicyKind.TRUST, name="trust")
    everything = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}
    policies = Policies(
        holder=Holder.ROLE, resource=policy, identity=(parse(everything, PolicyKind.IDENTITY, name="all"),)
    )
    role = f"arn:aws:iam::{STAGING.account}:role/{derive.function_name(STAGING, 'redis')}"
    assert ask(Principal.service("lambda.amazonaws.com"), "sts:AssumeRole", role, policies).allowed
    assert not ask(Principal.service("ec2.amazonaws.com"), "sts:AssumeRole", role, policies).allowed
    assert not ask(ADMINISTRATOR, "sts:AssumeRole", role, policies).allowed
    assert not ask(f"arn:aws:iam::{STAGING.account}:root", "sts:AssumeRole", role, policies).allowed


def _assume(role: str, trust: Policy, who: Principal, given: dict[str, Any], action: str = "sts:AssumeRole") -> bool:
    policies = Policies(holder=Holder.ROLE, resource=trust)
    return ask(who, action, names.role_arn(STAGING, role), policies, given).allowed


PLATFORMS: dict[str, tuple[str, dict[str, Any]]] = {
    "replication": ("ec2.amazonaws.com", {}),
    "backup": ("lambda.amazonaws.com", {}),
    "grafana": (
        "ecs-tasks.amazonaws.com",
        {
            "aws:SourceAccount": STAGING.account,
            "aws:SourceArn": f"arn:aws:ecs:{STAGING.region}:{STAGING.account}:task/t",
        },
    ),
    "collector": (
        "pods.eks.amazonaws.com",
        {
            "aws:RequestTag/kubernetes-namespace": "llm-observatory",
            "aws:RequestTag/kubernetes-service-account": "collector",
            "aws:RequestTag/eks-cluster-name": STAGING.cluster.name,
        },
    ),
}


@pytest.mark.parametrize("consumer", sorted(PLATFORMS))
def test_a_consumer_is_assumed_by_its_platform_for_this_consumer_alone(consumer: str) -> None:
    declared = next(one for one in CATALOG.consumers if one.name == consumer)
    trust = parse(consumer_trust(STAGING, declared), PolicyKind.TRUST, name=consumer)
    service, given = PLATFORMS[consumer]
    assert _assume(consumer, trust, Principal.service(service), given)
    assert not _assume(consumer, trust, Principal.service("states.amazonaws.com"), given)
    for key in given:
        assert not _assume(consumer, trust, Principal.service(service), {**given, key: "another"})


@pytest.mark.parametrize("consumer", ["api-server", "ci"])
def test_a_consumer_with_a_web_identity_is_assumed_with_its_own_subject_only(consumer: str) -> None:
    declared = next(one for one in CATALOG.consumers if one.name == consumer)
    document = consumer_trust(STAGING, declared)
    statement: Any = document["Statement"]
    claims = statement[0]["Condition"]["StringEquals"]
    trust = parse(document, PolicyKind.TRUST, name=consumer)
    who = Principal.federated(statement[0]["Principal"]["Federated"])
    action = "sts:AssumeRoleWithWebIdentity"
    assert any("api-server" in value or "environment:staging" in value for value in claims.values())
    assert _assume(consumer, trust, who, claims, action)
    for key in claims:
        assert not _assume(consumer, trust, who, {**claims, key: "another"}, action)
        assert not _assume(consumer, trust, who, {k: v for k, v in claims.items() if k != key}, action)


@pytest.mark.parametrize("duty", list(names.Duty))
@pytest.mark.parametrize(
    ("given", "allowed"),
    [
        ({"aws:MultiFactorAuthPresent": "true", "aws:MultiFactorAuthAge": 60}, True),
        ({"aws:MultiFactorAuthPresent": "false"}, False),
        ({}, False),  # long-term keys: no such key in the request
        ({"aws:MultiFactorAuthPresent": "true", "aws:MultiFactorAuthAge": 3600}, False),
    ],
    ids=["a minute ago", "without", "long-term key", "an hour ago"],
)
def test_a_duty_is_taken_on_with_a_second_factor_given_within_the_hour(
    duty: names.Duty, given: dict[str, Any], allowed: bool
) -> None:
    everything = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "sts:*", "Resource": "*"}}
    policies = Policies(
        holder=Holder.ROLE,
        resource=parse(duty_trust(STAGING, duty), PolicyKind.TRUST, name=duty),
        identity=(parse(everything, PolicyKind.IDENTITY, name="person"),),
    )
    who = f"arn:aws:iam::{STAGING.account}:user/someone"
    assert ask(who, "sts:AssumeRole", names.role_arn(STAGING, duty), policies, given).allowed is allowed
