"""ACCESS.md says what the evaluator says, of every role, secret and right, and has every role that is declared."""

from __future__ import annotations

import json

import pytest

from catalog import load, names
from catalog.access.boundary import boundary_policy
from catalog.access.roles import Role, roles
from catalog.access.secret import secret_policy
from catalog.accessmatrix import RIGHTS, markdown, rights
from catalog.environment import Environment
from catalog.names import Duty
from components.aws.environment import SecretsEnvironment, SecretsEnvironmentArgs
from iam.document import PolicyKind, parse
from iam.evaluate import Policies
from tests.components.recording import record
from tests.iam.asking import ask
from tests.iam.programme import CATALOG, session_of

ENVIRONMENTS = [load.environment(name) for name in ("staging", "prod")]


def evaluated(environment: Environment, role: Role) -> dict[str, str]:
    """The same letters, from the evaluator, for requests that satisfy every condition but the caller's."""
    who = session_of(names.named(environment, role.what)).replace(ENVIRONMENTS[0].account, environment.account)
    region, account = environment.region, environment.account
    found = {}
    for secret in CATALOG.secrets:
        arn = (
            f"arn:aws:secretsmanager:{region}:{account}:secret:llm-observatory/{environment.name}/{secret.name}-AbCdEf"
        )
        policies = Policies(
            identity=(parse(role.policy, PolicyKind.IDENTITY, name=role.what),),
            boundary=parse(role.boundary, PolicyKind.IDENTITY, name="boundary"),
            resource=parse(secret_policy(environment, secret), PolicyKind.RESOURCE, name=secret.name),
        )
        given = {
            "aws:PrincipalArn": names.role_arn(environment, role.what),
            "aws:PrincipalIsAWSService": "false",
            "secretsmanager:BlockPublicPolicy": "true",
        }
        found[secret.name] = "".join(
            right
            for right, actions in RIGHTS.items()
            if any(ask(who, action, arn, policies, given).allowed for action in actions)
        )
    return found


@pytest.mark.parametrize("environment", ENVIRONMENTS, ids=lambda one: one.name)
def test_every_cell_is_what_the_evaluator_decides(environment: Environment) -> None:
    for role in roles(environment, CATALOG):
        assert rights(environment, CATALOG, role) == evaluated(environment, role), role.what


@pytest.mark.parametrize("environment", ENVIRONMENTS, ids=lambda one: one.name)
def test_every_declared_role_is_in_the_table_with_its_own_documents(environment: Environment) -> None:
    args = SecretsEnvironmentArgs(environment=environment, catalog=CATALOG)
    declared = record(lambda: SecretsEnvironment(environment.name, args), stack=environment.name)
    found, inline = declared.of("aws:iam/role:Role"), declared.of("aws:iam/rolePolicy:RolePolicy")
    ours = {names.named(environment, role.what): role for role in roles(environment, CATALOG)}
    assert {role["name"] for role in found.values()} == ours.keys()
    for logical, role in found.items():
        assert json.loads(role["assumeRolePolicy"]) == ours[role["name"]].trust
        assert json.loads(inline[logical]["policy"]) == ours[role["name"]].policy


def test_who_reads_a_value_is_its_consumers_its_function_the_backup_and_break_glass() -> None:
    for secret in CATALOG.secrets:
        reading = {
            role.what
            for role in roles(ENVIRONMENTS[0], CATALOG)
            if "R" in rights(ENVIRONMENTS[0], CATALOG, role)[secret.name]
        }
        backup = set() if secret.decoy else {"backup-secrets"}
        assert reading == {*secret.consumers, f"rotate-{secret.spec.target}", Duty.BREAK_GLASS, *backup}


def test_nobody_deletes_and_only_people_and_main_change_a_policy() -> None:
    for role in roles(ENVIRONMENTS[0], CATALOG):
        held = set("".join(rights(ENVIRONMENTS[0], CATALOG, role).values()))
        assert "D" not in held
        assert ("P" in held) is (role.what in (Duty.SECURITY_ADMIN, "deploy"))


def test_the_document_says_each_role_once_and_both_environments_are_alike() -> None:
    text = markdown(CATALOG, ENVIRONMENTS)
    assert "## staging and prod\n" in text
    for role in roles(ENVIRONMENTS[0], CATALOG):
        assert text.count(f"\n| `{role.what}` | ") == 1
    assert not [name for name in ("222233334444", "333344445555", "us-east-1") if name in text]


def test_a_bounded_role_is_held_by_the_programmes_own_boundary() -> None:
    for environment in ENVIRONMENTS:
        workflows = {"preview", "deploy"}
        for role in roles(environment, CATALOG):
            assert (role.boundary == boundary_policy(environment)) is (role.what not in workflows)
