"""Consumers, rotators and keys: the programme's own documents decide as they are meant to."""

from __future__ import annotations

import pytest

from catalog import derive
from catalog.model import Secret
from iam.evaluate import Holder, Policies
from iam.principal import Principal
from tests.iam.asking import ask
from tests.iam.programme import (
    ADMINISTRATOR,
    CATALOG,
    CONSUMERS,
    KEY,
    READ,
    STAGING,
    VIA,
    WRITE,
    arn_of,
    consumer_of,
    decrypt,
    key_policy_of,
    rotator_of,
    session_of,
)


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
