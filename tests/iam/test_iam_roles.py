"""Every role of the programme, every action of interest, every secret: what is meant, and nothing else."""

from __future__ import annotations

import pytest

from catalog import names
from catalog.access.boundary import boundary_policy
from catalog.access.duty import duty_policy
from iam.document import Policy, PolicyKind, parse
from iam.evaluate import Policies
from tests.iam.asking import ask
from tests.iam.programme import CATALOG, CONSUMERS, READ, STAGING, arn_of, consumer_of, decrypt, rotator_of, session_of

ACTIONS = {
    "secretsmanager:BatchGetSecretValue",
    "secretsmanager:CancelRotateSecret",
    "secretsmanager:DeleteResourcePolicy",
    "secretsmanager:DeleteSecret",
    "secretsmanager:DescribeSecret",
    "secretsmanager:GetResourcePolicy",
    "secretsmanager:GetSecretValue",
    "secretsmanager:ListSecretVersionIds",
    "secretsmanager:PutResourcePolicy",
    "secretsmanager:PutSecretValue",
    "secretsmanager:RestoreSecret",
    "secretsmanager:RotateSecret",
    "secretsmanager:UpdateSecret",
    "secretsmanager:UpdateSecretVersionStage",
    "secretsmanager:ValidateResourcePolicy",
}
READS = {"secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"}
ROTATES = READS | {
    "secretsmanager:ListSecretVersionIds",
    "secretsmanager:PutSecretValue",
    "secretsmanager:UpdateSecretVersionStage",
}
LOOKS = {"secretsmanager:DescribeSecret", "secretsmanager:GetResourcePolicy", "secretsmanager:ListSecretVersionIds"}
MEANT: dict[names.Duty, set[str]] = {
    names.Duty.OPERATOR: (ROTATES - {"secretsmanager:GetSecretValue"})
    | {"secretsmanager:CancelRotateSecret", "secretsmanager:RestoreSecret", "secretsmanager:RotateSecret"},
    names.Duty.AUDITOR: LOOKS,
    names.Duty.SECURITY_ADMIN: LOOKS
    | {
        "secretsmanager:DeleteResourcePolicy",
        "secretsmanager:PutResourcePolicy",
        "secretsmanager:ValidateResourcePolicy",
    },
    names.Duty.BREAK_GLASS: READS,
}
BOUNDARY = parse(boundary_policy(STAGING), PolicyKind.IDENTITY, name="boundary")


def _roles() -> dict[str, tuple[Policy, dict[str, set[str]]]]:
    """Each role's policy, and what it is meant to do with each secret."""
    found = {name: (consumer_of(name), {secret.name: READS for secret in CATALOG.read_by(name)}) for name in CONSUMERS}
    for target in CATALOG.targets:
        own = {secret.name: ROTATES for secret in CATALOG.targeting(target)}
        found[names.rotator(target)] = (rotator_of(target), own)
    for duty in names.Duty:
        policy = parse(duty_policy(STAGING, CATALOG, duty), PolicyKind.IDENTITY, name=duty)
        found[duty] = (policy, {secret.name: MEANT[duty] for secret in CATALOG.secrets})
    return found


def test_every_role_does_with_every_secret_what_is_meant_and_nothing_else() -> None:
    asked, wrong = 0, []
    for name, (policy, meant) in _roles().items():
        policies = Policies(identity=(policy,), boundary=BOUNDARY)
        who = session_of(names.named(STAGING, name))
        for secret in CATALOG.secrets:
            for action in sorted(ACTIONS):
                asked += 1
                given = {"secretsmanager:BlockPublicPolicy": "true"}
                if ask(who, action, arn_of(secret), policies, given).allowed != (
                    action in meant.get(secret.name, set())
                ):
                    wrong.append((name, action, secret.name))
    assert wrong == []
    assert asked == len(_roles()) * len(CATALOG.secrets) * len(ACTIONS)


@pytest.mark.parametrize("duty", [names.Duty.OPERATOR, names.Duty.AUDITOR, names.Duty.SECURITY_ADMIN])
def test_a_duty_that_does_not_read_cannot_decrypt_a_secret_itself(duty: names.Duty) -> None:
    policy = _roles()[duty][0]
    who = session_of(names.named(STAGING, duty))
    for secret in CATALOG.secrets:
        assert not decrypt(who, secret, policy, kms__ViaService=None).allowed
    if duty is not names.Duty.OPERATOR:  # who sets a value encrypts it, through Secrets Manager
        assert not decrypt(who, CATALOG.secrets[0], policy).allowed


def test_the_boundary_keeps_a_role_from_another_environment_and_from_iam() -> None:
    everything = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}
    policies = Policies(identity=(parse(everything, PolicyKind.IDENTITY, name="all"),), boundary=BOUNDARY)
    who = session_of(names.named(STAGING, "api-server"))
    elsewhere = arn_of(CATALOG.secrets[0]).replace("/staging/", "/prod/")
    assert ask(who, READ, arn_of(CATALOG.secrets[0]), policies).allowed
    assert not ask(who, READ, elsewhere, policies).allowed
    for action in ("iam:PutRolePermissionsBoundary", "iam:CreateRole", "iam:AttachRolePolicy", "sts:AssumeRole"):
        assert not ask(who, action, f"arn:aws:iam::{STAGING.account}:role/x", policies).allowed
    forced = {"secretsmanager:ForceDeleteWithoutRecovery": "true"}
    assert not ask(who, "secretsmanager:DeleteSecret", arn_of(CATALOG.secrets[0]), policies, forced).allowed
