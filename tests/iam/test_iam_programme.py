"""The programme's own documents decide as they are meant to."""

from __future__ import annotations

from typing import Any

import pytest

from catalog import derive, load, names
from catalog.access.boundary import boundary_policy
from catalog.access.consumer import consumer_policy, rotation_policy
from catalog.access.duty import duty_policy
from catalog.access.key import key_policy
from catalog.access.trust import consumer_trust, duty_trust, function_trust
from catalog.model import Secret
from iam.decision import Decision
from iam.document import Policy, PolicyKind, parse
from iam.evaluate import Holder, Policies
from iam.principal import Principal
from tests.iam.asking import ask

CATALOG = load.catalog()
STAGING = load.environment("staging")
CONSUMERS = [consumer.name for consumer in CATALOG.consumers]
KEY = f"arn:aws:kms:{STAGING.region}:{STAGING.account}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
VIA = f"secretsmanager.{STAGING.region}.amazonaws.com"
READ, WRITE = "secretsmanager:GetSecretValue", "secretsmanager:PutSecretValue"
ADMINISTRATOR = names.role_arn(STAGING, names.Duty.SECURITY_ADMIN)


def arn_of(secret: Secret) -> str:
    return derive.secret_arn(STAGING, secret).replace("??????", "AbCdEf")


def session_of(role: str) -> str:
    return f"arn:aws:sts::{STAGING.account}:assumed-role/{role}/session"


def consumer_of(name: str) -> Policy:
    return parse(consumer_policy(STAGING, CATALOG, name), PolicyKind.IDENTITY, name=name)


def rotator_of(target: str) -> Policy:
    return parse(rotation_policy(STAGING, CATALOG, target), PolicyKind.IDENTITY, name=target)


def key_policy_of(purpose: str) -> Policy:
    return parse(key_policy(STAGING, purpose), PolicyKind.RESOURCE, name=purpose)


def decrypt(who: str, secret: Secret, *attached: Policy, action: str = "kms:Decrypt", **changed: Any) -> Decision:
    purpose = derive.key_purpose(secret)
    context = {
        "kms:ViaService": VIA,
        "kms:EncryptionContext:SecretARN": arn_of(secret),
        "kms:ResourceAliases": [derive.key_alias(STAGING, purpose)],
    } | {key.replace("__", ":"): value for key, value in changed.items()}
    policies = Policies(holder=Holder.KEY, resource=key_policy_of(purpose), identity=attached)
    return ask(who, action, KEY, policies, {key: value for key, value in context.items() if value})


@pytest.mark.parametrize("consumer", CONSUMERS)
@pytest.mark.parametrize("secret", CATALOG.secrets, ids=lambda secret: secret.name)
def test_a_consumer_reads_its_own_secrets_with_their_keys_and_no_other(consumer: str, secret: Secret) -> None:
    who, attached = session_of(consumer), consumer_of(consumer)
    meant = consumer in secret.consumers
    assert ask(who, READ, arn_of(secret), Policies(identity=(attached,))).allowed is meant
    assert decrypt(who, secret, attached).allowed is meant
    assert not ask(who, WRITE, arn_of(secret), Policies(identity=(attached,))).allowed
    assert not decrypt(who, secret, attached, action="kms:GenerateDataKey").allowed


def test_decryption_needs_secrets_manager_the_own_secret_and_the_alias_of_its_tier() -> None:
    secret = next(one for one in CATALOG.secrets if one.name == "db-app-password")
    other = next(one for one in CATALOG.secrets if one.name == "db-password")
    who, attached = session_of("api-server"), consumer_of("api-server")
    assert decrypt(who, secret, attached).allowed
    for changed in (
        {"kms__ViaService": None},
        {"kms__ViaService": f"s3.{STAGING.region}.amazonaws.com"},
        {"kms__EncryptionContext:SecretARN": None},
        {"kms__EncryptionContext:SecretARN": arn_of(other)},
        {"kms__ResourceAliases": None},
        {"kms__ResourceAliases": ["alias/llm-observatory-prod-tier-1"]},
    ):
        assert not decrypt(who, secret, attached, **changed).allowed, changed
    assert not decrypt(who, secret).allowed
    assert not ask(who, "kms:Decrypt", KEY, Policies(holder=Holder.KEY, identity=(attached,))).allowed


@pytest.mark.parametrize("purpose", derive.key_purposes(CATALOG))
def test_a_key_administrator_manages_keys_and_does_not_decrypt(purpose: str) -> None:
    policies = Policies(holder=Holder.KEY, resource=key_policy_of(purpose))
    who = session_of(ADMINISTRATOR.rpartition("/")[2])
    for action in ("kms:DescribeKey", "kms:DisableKey", "kms:ScheduleKeyDeletion", "kms:EnableKeyRotation"):
        assert ask(who, action, KEY, policies, {"kms:ViaService": VIA}).allowed
    for action in ("kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey", "kms:ReEncryptFrom"):
        assert not ask(who, action, KEY, policies, {"kms:ViaService": VIA}).allowed


@pytest.mark.parametrize("target", CATALOG.targets)
@pytest.mark.parametrize("secret", CATALOG.secrets, ids=lambda secret: secret.name)
def test_a_rotator_writes_what_it_rotates_and_nothing_else(target: str, secret: Secret) -> None:
    who, attached = session_of(derive.function_name(STAGING, target)), rotator_of(target)
    meant = secret.spec.target == target
    for action in (READ, WRITE, "secretsmanager:UpdateSecretVersionStage"):
        assert ask(who, action, arn_of(secret), Policies(identity=(attached,))).allowed is meant
    assert decrypt(who, secret, attached, action="kms:GenerateDataKey").allowed is meant
    assert not ask(who, "secretsmanager:DeleteSecret", arn_of(secret), Policies(identity=(attached,))).allowed


def test_a_rotator_writes_its_own_log_only() -> None:
    for target in CATALOG.targets:
        policies = Policies(identity=(rotator_of(target),))
        for other in CATALOG.targets:
            stream = f"arn:aws:logs:{STAGING.region}:{STAGING.account}:log-group:{derive.log_group(STAGING, other)}"
            decision = ask(session_of("x"), "logs:PutLogEvents", f"{stream}:log-stream:s", policies)
            assert decision.allowed is (other == target)


def test_the_log_key_serves_the_logs_of_this_account_only() -> None:
    policies = Policies(holder=Holder.KEY, resource=key_policy_of("logs"))
    logs = Principal.service(f"logs.{STAGING.region}.amazonaws.com")

    def allowed(account: str, who: Principal = logs) -> bool:
        group = f"arn:aws:logs:{STAGING.region}:{account}:log-group:/aws/lambda/x"
        return ask(who, "kms:GenerateDataKey", KEY, policies, {"kms:EncryptionContext:aws:logs:arn": group}).allowed

    assert allowed(STAGING.account)
    assert not allowed("999999999999")
    assert not allowed(STAGING.account, Principal.service("lambda.amazonaws.com"))


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


# Every role of the programme, every action of interest, every secret: what the catalogue grants, and nothing else.
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
                if ask(who, action, arn_of(secret), policies).allowed != (action in meant.get(secret.name, set())):
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
