"""A boundary lets through all that the policies of its roles allow, and nothing that none of them needs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

import pytest

from catalog import derive, load, names
from catalog.access.boundary import boundary_policy
from catalog.access.deploy import deploy_boundary
from catalog.access.github import Workflow
from catalog.access.key import key_policy
from catalog.access.roles import Role, roles
from catalog.access.statement import Policy
from catalog.environment import Environment
from iam.document import PolicyKind, parse
from iam.evaluate import Policies
from tests.iam.asking import ask
from tests.iam.programme import CATALOG

ENVIRONMENTS = [load.environment(name) for name in ("staging", "prod")]
EVERY_ROLE = [(environment, role) for environment in ENVIRONMENTS for role in roles(environment, CATALOG)]
_WILDCARDS = str.maketrans({"*": "x", "?": "0"})


def listed(value: object) -> list[str]:
    return [str(one) for one in value] if isinstance(value, list) else [str(value)]


def statements(document: Policy, effect: str) -> Iterator[Mapping[str, Any]]:
    found = document["Statement"]
    assert isinstance(found, list)
    return (statement for statement in found if statement["Effect"] == effect)


def circumstances(statement: Mapping[str, Any]) -> Iterator[tuple[str, list[str]]]:
    """Values that the statement's conditions ask for, a wildcard filled in."""
    for keys in statement.get("Condition", {}).values():
        for key, values in keys.items():
            yield key, [value.translate(_WILDCARDS) for value in listed(values)][:1]


def blocked(environment: Environment, role: Role) -> list[tuple[str, str, str]]:
    """What the role's policy allows and its boundary does not: Sid, action, resource."""
    identity = parse(role.policy, PolicyKind.IDENTITY, name=role.what)
    boundary = parse(role.boundary, PolicyKind.IDENTITY, name="boundary")
    who = f"arn:aws:sts::{environment.account}:assumed-role/{names.named(environment, role.what)}/session"
    found = []
    for statement in statements(role.policy, "Allow"):
        context = {
            "aws:PrincipalArn": names.role_arn(environment, role.what),
            "secretsmanager:BlockPublicPolicy": "true",
            "iam:PermissionsBoundary": names.policy_arn(environment, "boundary"),
            **dict(circumstances(statement)),
        }
        for action in (pattern.translate(_WILDCARDS) for pattern in statement["Action"]):
            for resource in (pattern.translate(_WILDCARDS) for pattern in statement["Resource"]):
                alone = ask(who, action, resource, Policies(identity=(identity,)), context)
                bounded = ask(who, action, resource, Policies(identity=(identity,), boundary=boundary), context)
                if alone.allowed and not bounded.allowed:
                    found.append((statement["Sid"], action, resource))
    return found


@pytest.mark.parametrize(("environment", "role"), EVERY_ROLE, ids=[f"{e.name}-{r.what}" for e, r in EVERY_ROLE])
def test_whatever_a_policy_allows_its_boundary_lets_through(environment: Environment, role: Role) -> None:
    assert blocked(environment, role) == []


@pytest.mark.parametrize("environment", ENVIRONMENTS, ids=lambda one: one.name)
def test_the_boundary_has_no_action_that_no_role_needs(environment: Environment) -> None:
    granting = [role.policy for role in roles(environment, CATALOG)]
    granting += [key_policy(environment, purpose) for purpose in derive.key_purposes(CATALOG)]
    needed = {action for document in granting for one in statements(document, "Allow") for action in one["Action"]}
    spare = [
        action
        for statement in statements(boundary_policy(environment), "Allow")
        for action in statement["Action"]
        if not any(fnmatchcase(need, action) for need in needed)
    ]
    assert spare == []


@pytest.mark.parametrize("environment", ENVIRONMENTS, ids=lambda one: one.name)
def test_documents_fit_into_what_iam_takes(environment: Environment) -> None:
    def size(document: Policy) -> int:
        return len(json.dumps(document, separators=(",", ":")))

    # docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html: white space does not count
    assert size(boundary_policy(environment)) <= 6144
    assert size(deploy_boundary(environment)) <= 6144
    for role in roles(environment, CATALOG):
        assert size(role.policy) <= 10240, role.what


@pytest.mark.parametrize("environment", ENVIRONMENTS, ids=lambda one: one.name)
@pytest.mark.parametrize("boundary", [boundary_policy, deploy_boundary], ids=["boundary", "deploy-boundary"])
def test_no_boundary_reaches_iam_users_other_environments_or_evidence(boundary: Any, environment: Environment) -> None:
    everything = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}
    policies = Policies(
        identity=(parse(everything, PolicyKind.IDENTITY, name="all"),),
        boundary=parse(boundary(environment), PolicyKind.IDENTITY, name="boundary"),
    )
    region, account = environment.region, environment.account
    other = "prod" if environment.name == "staging" else "staging"
    own = f"arn:aws:secretsmanager:{region}:{account}:secret:llm-observatory/{environment.name}/db-password-AbCdEf"
    iam = f"arn:aws:iam::{account}"
    who = f"arn:aws:sts::{account}:assumed-role/llm-observatory-{environment.name}-any/session"
    refused = [
        ("secretsmanager:GetSecretValue", own.replace(f"/{environment.name}/", f"/{other}/")),
        ("secretsmanager:DeleteSecret", own),
        ("kms:CreateGrant", f"arn:aws:kms:{region}:{account}:key/k"),
        ("iam:CreateUser", f"{iam}:user/u"),
        ("iam:CreateAccessKey", f"{iam}:user/u"),
        ("iam:CreateRole", f"{iam}:role/llm-observatory-{environment.name}-x"),
        ("iam:PutRolePolicy", f"{iam}:role/llm-observatory-{environment.name}-operator"),
        ("iam:AttachRolePolicy", f"{iam}:role/llm-observatory-{environment.name}-deploy"),
        ("iam:DeleteRolePermissionsBoundary", f"{iam}:role/llm-observatory-{environment.name}-api-server"),
        ("iam:CreatePolicyVersion", f"{iam}:policy/llm-observatory-{environment.name}-boundary"),
        ("iam:UpdateAssumeRolePolicy", f"{iam}:role/llm-observatory-{environment.name}-break-glass"),
        ("sts:AssumeRole", f"{iam}:role/llm-observatory-{environment.name}-break-glass"),
        ("iam:PassRole", f"{iam}:role/elsewhere"),
        ("cloudtrail:StopLogging", names.trail_arn(environment)),
        ("s3:DeleteObject", f"{names.bucket_arn(environment, 'audit-logs')}/AWSLogs/f"),
    ]
    assert [wanted for wanted in refused if ask(who, *wanted, policies).allowed] == []


def test_the_boundary_of_the_workflows_is_theirs_alone() -> None:
    for environment, role in EVERY_ROLE:
        assert (role.boundary == deploy_boundary(environment)) is (role.what in list(Workflow))
