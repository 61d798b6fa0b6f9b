"""The programme's own documents decide as they are meant to."""

from __future__ import annotations

from typing import Any

import pytest

from catalog import access, derive, load
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
ADMINISTRATOR = STAGING.key_administrators[0]


def arn_of(secret: Secret) -> str:
    return derive.secret_arn(STAGING, secret).replace("??????", "AbCdEf")


def session_of(role: str) -> str:
    return f"arn:aws:sts::{STAGING.account}:assumed-role/{role}/session"


def consumer_of(name: str) -> Policy:
    return parse(access.consumer_policy(STAGING, CATALOG, name), PolicyKind.IDENTITY, name=name)


def rotator_of(target: str) -> Policy:
    return parse(access.rotation_policy(STAGING, CATALOG, target), PolicyKind.IDENTITY, name=target)


def key_policy_of(purpose: str) -> Policy:
    return parse(access.key_policy(STAGING, purpose), PolicyKind.RESOURCE, name=purpose)


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
    policy = parse(access.function_trust(), PolicyKind.TRUST, name="trust")
    everything = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}
    policies = Policies(
        holder=Holder.ROLE, resource=policy, identity=(parse(everything, PolicyKind.IDENTITY, name="all"),)
    )
    role = f"arn:aws:iam::{STAGING.account}:role/{derive.function_name(STAGING, 'redis')}"
    assert ask(Principal.service("lambda.amazonaws.com"), "sts:AssumeRole", role, policies).allowed
    assert not ask(Principal.service("ec2.amazonaws.com"), "sts:AssumeRole", role, policies).allowed
    assert not ask(ADMINISTRATOR, "sts:AssumeRole", role, policies).allowed
    assert not ask(f"arn:aws:iam::{STAGING.account}:root", "sts:AssumeRole", role, policies).allowed
