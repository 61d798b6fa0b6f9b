"""The key of all that is on record or told: which service uses it, for what, and who decrypts through which."""

from __future__ import annotations

import pytest

from catalog import load, names
from catalog.access.key import key_policy
from iam.document import PolicyKind, parse
from iam.evaluate import Holder, Policies
from iam.principal import Principal
from tests.iam.asking import ask, identity, statement
from tests.iam.programme import ADMINISTRATOR, KEY, STAGING, key_policy_of, session_of

TRAIL = names.trail_arn(STAGING)
OTHER = TRAIL.replace(STAGING.account, "999999999999")
ANYTHING = identity(statement())
LOGS = Policies(holder=Holder.KEY, resource=key_policy_of("logs"))


def used(service: str, action: str, **context: str) -> bool:
    given = {key.replace("__", ":"): value for key, value in context.items()}
    return ask(Principal.service(f"{service}.amazonaws.com"), f"kms:{action}", KEY, LOGS, given).allowed


def trail(arn: str = TRAIL, source: str = TRAIL) -> dict[str, str]:
    return {"aws__SourceArn": source, "kms__EncryptionContext:aws:cloudtrail:arn": arn}


def test_cloudtrail_encrypts_the_trail_and_no_other() -> None:
    assert used("cloudtrail", "GenerateDataKey", **trail())
    assert used("cloudtrail", "DescribeKey", aws__SourceArn=TRAIL)
    for wrong in (trail(arn=OTHER), trail(source=OTHER), {}):
        assert not used("cloudtrail", "GenerateDataKey", **wrong)
    assert not used("cloudtrail", "DescribeKey", aws__SourceArn=OTHER)


def test_alarms_of_the_account_events_and_the_topic_reach_what_is_encrypted() -> None:
    for action in ("Decrypt", "GenerateDataKey"):
        assert used("cloudwatch", action, aws__SourceAccount=STAGING.account)
        assert not used("cloudwatch", action, aws__SourceAccount="999999999999")
        assert not used("cloudwatch", action)
        assert used("events", action)  # its requests carry no source
        assert used("sns", action, aws__SourceArn=names.topic_arn(STAGING))
        assert not used("sns", action, aws__SourceArn=f"{names.topic_arn(STAGING)}-of-others")
    for service in ("lambda", "s3", "ec2"):
        assert not used(service, "Decrypt", aws__SourceAccount=STAGING.account)


@pytest.mark.parametrize("service", ["lambda", "s3", "sns", "sqs"])
def test_a_principal_of_the_account_uses_it_through_a_service_as_his_own_policy_says(service: str) -> None:
    via = {"kms:ViaService": f"{service}.{STAGING.region}.amazonaws.com"}
    policies = Policies(holder=Holder.KEY, resource=key_policy_of("logs"), identity=(ANYTHING,))
    for action in ("kms:Decrypt", "kms:GenerateDataKey"):
        assert ask(session_of("auditor"), action, KEY, policies, via).allowed
        assert not ask(session_of("auditor"), action, KEY, LOGS, via).allowed
        assert not ask(session_of("auditor"), action, KEY, policies).allowed
        assert not ask(session_of("auditor"), action, KEY, policies, {"kms:ViaService": "ec2.x.amazonaws.com"}).allowed


def test_a_replica_serves_secrets_manager_of_its_own_region() -> None:
    prod = load.environment("prod")
    who = f"arn:aws:sts::{prod.account}:assumed-role/api-server/session"
    for region in (prod.region, prod.replica_region):
        document = parse(key_policy(prod, "tier-1", region), PolicyKind.RESOURCE, name="tier-1")
        policies = Policies(holder=Holder.KEY, resource=document, identity=(ANYTHING,))
        key = KEY.replace(STAGING.account, prod.account)
        for via in (prod.region, prod.replica_region):
            given = {"kms:ViaService": f"secretsmanager.{via}.amazonaws.com"}
            assert ask(who, "kms:Decrypt", key, policies, given).allowed is (via == region)


def test_a_key_is_replicated_to_the_second_region_only_and_not_by_its_administrators() -> None:
    prod = load.environment("prod")
    document = parse(key_policy(prod, "tier-1"), PolicyKind.RESOURCE, name="tier-1")
    key = KEY.replace(STAGING.account, prod.account)
    deployer = f"arn:aws:iam::{prod.account}:user/deployer"
    admin = f"arn:aws:sts::{prod.account}:assumed-role/{names.named(prod, names.Duty.SECURITY_ADMIN)}/s"
    mine = Policies(holder=Holder.KEY, resource=document, identity=(ANYTHING,))
    bare = Policies(holder=Holder.KEY, resource=document)
    for region in ("us-west-2", "eu-west-1"):
        given = {"kms:ReplicaRegion": region}
        assert ask(deployer, "kms:ReplicateKey", key, mine, given).allowed is (region == "us-west-2")
        assert not ask(admin, "kms:ReplicateKey", key, bare, given).allowed
    assert not ask(session_of(ADMINISTRATOR.rpartition("/")[2]), "kms:ReplicateKey", KEY, LOGS).allowed
