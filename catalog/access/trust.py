"""Trust policies: who may become which role."""

from __future__ import annotations

from collections.abc import Mapping

from catalog import names
from catalog.access.statement import Condition, Policy, Statement, policy
from catalog.consumer import Consumer, Platform
from catalog.environment import Environment
from catalog.names import Duty

GITHUB = "token.actions.githubusercontent.com"
AUDIENCE = "sts.amazonaws.com"
MFA_SECONDS = 3600
"""How long ago the second factor may have been given for the roles that change or read secrets."""


def function_trust() -> Policy:
    """Lets AWS Lambda, and nobody else, assume the role of a function."""
    return _service("Lambda", "lambda.amazonaws.com")


def consumer_trust(environment: Environment, consumer: Consumer) -> Policy:
    """Lets the platform that `consumer` runs on, and for this consumer alone where the platform can say so.

    Sources: docs.aws.amazon.com/AmazonECS/latest/developerguide/task-iam-roles.html,
    docs.aws.amazon.com/eks/latest/userguide/associate-service-account-role.html and pod-id-role.html,
    docs.github.com/actions/security-for-github-actions (OpenID Connect in AWS).
    """
    match consumer.runs_on:
        case Platform.EC2:
            return _service("InstanceProfile", "ec2.amazonaws.com")
        case Platform.LAMBDA:
            return function_trust()
        case Platform.ECS:
            tasks = f"arn:aws:ecs:{environment.region}:{environment.account}:*"
            condition = {
                "ArnLike": {"aws:SourceArn": tasks},
                "StringEquals": {"aws:SourceAccount": environment.account},
            }
            return _service("Task", "ecs-tasks.amazonaws.com", condition)
        case Platform.EKS_SERVICE_ACCOUNT:
            issuer = environment.cluster.oidc_issuer
            subject = f"system:serviceaccount:{environment.cluster.namespace}:{consumer.name}"
            return web_identity(environment, "ServiceAccount", issuer, {"sub": subject})
        case Platform.EKS_POD_IDENTITY:
            tags = {
                "aws:RequestTag/kubernetes-namespace": environment.cluster.namespace,
                "aws:RequestTag/kubernetes-service-account": consumer.name,
                "aws:RequestTag/eks-cluster-name": environment.cluster.name,
            }
            pods, actions = {"Service": "pods.eks.amazonaws.com"}, ["sts:AssumeRole", "sts:TagSession"]
            return policy(_trust("PodIdentity", pods, actions, {"StringEquals": tags}))
        case Platform.GITHUB:
            subject = f"repo:{environment.repository}:environment:{environment.name}"
            return web_identity(environment, "GitHub", GITHUB, {"sub": subject})


def duty_trust(environment: Environment, duty: Duty) -> Policy:
    """Lets the people of the account become `duty`, with a second factor given within the hour.

    `Bool`, not `BoolIfExists`: long-term keys have no such key in their requests, and would pass otherwise:
    docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-multifactorauthpresent
    """
    condition: Condition = {
        "Bool": {"aws:MultiFactorAuthPresent": "true"},
        "NumericLessThan": {"aws:MultiFactorAuthAge": str(MFA_SECONDS)},
    }
    people = environment.people or [names.account_root(environment)]
    return policy(_trust(f"Become{duty.title().replace('-', '')}", {"AWS": people}, "sts:AssumeRole", condition))


def _service(sid: str, service: str, condition: Condition | None = None) -> Policy:
    return policy(_trust(sid, {"Service": service}, "sts:AssumeRole", condition))


def web_identity(environment: Environment, sid: str, issuer: str, claims: Mapping[str, str]) -> Policy:
    """Lets whoever has a token of `issuer` for AWS with exactly these claims."""
    wanted = {f"{issuer}:{claim}": value for claim, value in {"aud": AUDIENCE, **claims}.items()}
    provider = {"Federated": names.provider_arn(environment, issuer)}
    return policy(_trust(sid, provider, "sts:AssumeRoleWithWebIdentity", {"StringEquals": wanted}))


def _trust(sid: str, principal: object, action: object, condition: Condition | None) -> Statement:
    made: Statement = {"Sid": sid, "Effect": "Allow", "Principal": principal, "Action": action}
    return made | ({"Condition": {key: dict(value) for key, value in condition.items()}} if condition else {})
