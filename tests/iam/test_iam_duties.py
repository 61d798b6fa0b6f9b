"""Who rotates does not read, who audits does not write, who manages keys does neither."""

from __future__ import annotations

import pytest

from catalog import derive, names
from catalog.access.key import key_policy
from catalog.access.roles import Role, roles
from catalog.names import Duty
from iam.document import PolicyKind, parse
from iam.evaluate import Holder, Policies
from tests.iam.asking import ask
from tests.iam.programme import CATALOG, KEY, STAGING, session_of

ROLES = {role.what: role for role in roles(STAGING, CATALOG)}
MACHINE, EXECUTION, MAP_RUN = (arn.replace("*", "x") for arn in names.emergency_arns(STAGING))


def may(role: Role, action: str, arn: str, **held: object) -> bool:
    policies = Policies(
        identity=(parse(role.policy, PolicyKind.IDENTITY, name=role.what),),
        boundary=parse(role.boundary, PolicyKind.IDENTITY, name="boundary"),
        **held,  # type: ignore[arg-type]
    )
    return ask(session_of(names.named(STAGING, role.what)), action, arn, policies).allowed


def those_who_may(action: str, arn: str) -> set[str]:
    return {what for what, role in ROLES.items() if may(role, action, arn)}


def test_an_operator_starts_the_emergency_and_nobody_else_but_the_machine_itself() -> None:
    assert those_who_may("states:StartExecution", MACHINE) == {Duty.OPERATOR, "emergency"}
    assert those_who_may("states:RedriveExecution", EXECUTION) == {Duty.OPERATOR}
    assert may(ROLES[Duty.OPERATOR], "states:DescribeMapRun", MAP_RUN)
    for action in ("states:UpdateStateMachine", "states:DeleteStateMachine"):
        assert not may(ROLES[Duty.OPERATOR], action, MACHINE)


def test_only_who_starts_rotations_may_let_a_rotation_function_run() -> None:
    for target in CATALOG.targets:
        function = names.function_arn(STAGING, names.rotator(target))
        assert those_who_may("lambda:InvokeFunction", function) == {Duty.OPERATOR, "deploy", "emergency", "retire"}


def test_an_old_credential_is_retired_by_a_schedule_an_emergency_or_an_operator() -> None:
    function = names.function_arn(STAGING, "retire")
    assert those_who_may("lambda:InvokeFunction", function) == {Duty.OPERATOR, "emergency", "schedule-retire"}


def test_only_a_rotation_function_plans_a_retirement_and_as_that_one_role() -> None:
    schedule = f"arn:aws:scheduler:us-east-1:{STAGING.account}:schedule/default/llm-observatory-staging-retire-x"
    rotators = {names.rotator(target) for target in CATALOG.targets}
    assert those_who_may("scheduler:CreateSchedule", schedule) == {*rotators, "deploy"}
    for target in rotators:
        assert not may(ROLES[target], "scheduler:CreateSchedule", schedule.replace("-retire-", "-backup-"))
        assert not may(ROLES[target], "iam:PassRole", names.role_arn(STAGING, "deploy"))


def test_access_keys_are_issued_by_one_function_for_the_users_of_the_catalogue() -> None:
    user = f"arn:aws:iam::{STAGING.account}:user/llm-observatory-staging-backup"
    assert those_who_may("iam:CreateAccessKey", user) == {"rotate-iam"}
    assert those_who_may("iam:CreateAccessKey", user.replace("backup", "other")) == set()


@pytest.mark.parametrize("purpose", derive.key_purposes(CATALOG))
def test_an_auditor_looks_at_keys_and_roles_and_changes_neither(purpose: str) -> None:
    held = {"holder": Holder.KEY, "resource": parse(key_policy(STAGING, purpose), PolicyKind.RESOURCE, name=purpose)}
    auditor = ROLES[Duty.AUDITOR]
    assert may(auditor, "kms:GetKeyPolicy", KEY, **held)
    for action in ("kms:PutKeyPolicy", "kms:DisableKey", "kms:Decrypt", "kms:CreateGrant"):
        assert not may(auditor, action, KEY, **held)
    assert may(auditor, "iam:GetRolePolicy", names.role_arn(STAGING, "deploy"))
    assert may(auditor, "iam:GetPolicyVersion", names.policy_arn(STAGING, "boundary"))
    assert not may(auditor, "iam:GetRole", f"arn:aws:iam::{STAGING.account}:role/elsewhere")


@pytest.mark.parametrize("purpose", derive.key_purposes(CATALOG))
def test_a_security_administrator_manages_keys_and_opens_nothing_with_them(purpose: str) -> None:
    held = {"holder": Holder.KEY, "resource": parse(key_policy(STAGING, purpose), PolicyKind.RESOURCE, name=purpose)}
    administrator = ROLES[Duty.SECURITY_ADMIN]
    for action in ("kms:PutKeyPolicy", "kms:DisableKey", "kms:CancelKeyDeletion"):
        assert may(administrator, action, KEY, **held)
    for action in ("kms:Decrypt", "kms:GenerateDataKey", "kms:CreateGrant", "kms:ReplicateKey"):
        assert not may(administrator, action, KEY, **held)


def test_a_security_administrator_puts_no_policy_that_lets_everybody_in() -> None:
    administrator = ROLES[Duty.SECURITY_ADMIN]
    arn = derive.secret_arn(STAGING, CATALOG.secrets[0]).replace("??????", "AbCdEf")
    policies = Policies(
        identity=(parse(administrator.policy, PolicyKind.IDENTITY, name="policy"),),
        boundary=parse(administrator.boundary, PolicyKind.IDENTITY, name="boundary"),
    )
    who, action = session_of(names.named(STAGING, Duty.SECURITY_ADMIN)), "secretsmanager:PutResourcePolicy"
    for said in ("true", "false"):
        assert ask(who, action, arn, policies, {"secretsmanager:BlockPublicPolicy": said}).allowed is (said == "true")
    assert not ask(who, action, arn, policies).allowed


@pytest.mark.parametrize("duty", [Duty.OPERATOR, Duty.AUDITOR, Duty.BREAK_GLASS, Duty.SECURITY_ADMIN])
def test_metrics_and_alarms_are_for_who_is_on_call_or_audits(duty: Duty) -> None:
    assert may(ROLES[duty], "cloudwatch:GetMetricData", "*") is (duty in (Duty.OPERATOR, Duty.AUDITOR))
    assert not may(ROLES[duty], "cloudwatch:DeleteAlarms", "*")
    assert not may(ROLES[duty], "cloudwatch:PutMetricData", "*")
