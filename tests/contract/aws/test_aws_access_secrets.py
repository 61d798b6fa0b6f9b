"""Secrets Manager under IAM. Sources: https://docs.aws.amazon.com/secretsmanager/latest/userguide/auth-and-access.html
and the Service Authorization Reference, list_awssecretsmanager.html.
"""

import json

import pytest

from tests.contract.aws.actors import allow, deny, document, refused
from tests.contract.aws.harness import ContractAws

pytestmark = pytest.mark.diverges
READ = "secretsmanager:GetSecretValue"
DENIED = "AccessDeniedException"


def _arn(aws: ContractAws, name: str) -> str:
    arn: str = aws.sm.describe_secret(SecretId=name)["ARN"]
    return arn


def _pattern(aws: ContractAws, name: str) -> str:
    return f"arn:aws:secretsmanager:{aws.region}:{aws.account}:secret:{name}-??????"


def test_a_role_reads_its_own_secret_and_no_other(aws: ContractAws) -> None:
    """Source: auth-and-access_iam-policies.html; the message: IAM, troubleshoot_access-denied.html."""
    own, other = aws.secret(), aws.secret()
    role = aws.as_role(allow(READ, _pattern(aws, own)))
    sm = role.client("secretsmanager")
    assert sm.get_secret_value(SecretId=own)["SecretString"] == "first"
    code, message = refused(sm.get_secret_value, SecretId=other)
    assert code == DENIED
    assert message == (
        f"User: arn:aws:sts::{aws.account}:assumed-role/{role.name}/contract is not authorized to perform: {READ} on "
        f"resource: {_arn(aws, other)} because no identity-based policy allows the {READ} action"
    )


def test_reading_does_not_allow_writing(aws: ContractAws) -> None:
    """Source: list_awssecretsmanager.html: an action each."""
    name = aws.secret()
    sm = aws.as_role(allow([READ, "secretsmanager:DescribeSecret"], _pattern(aws, name))).client("secretsmanager")
    assert sm.describe_secret(SecretId=name)["Name"] == name
    for call in (sm.put_secret_value, sm.update_secret):
        assert refused(call, SecretId=name, SecretString="x")[0] == DENIED
    assert refused(sm.delete_secret, SecretId=name)[0] == DENIED
    assert sm.get_secret_value(SecretId=name)["SecretString"] == "first"


def test_an_explicit_deny_beats_every_allow(aws: ContractAws) -> None:
    """Source: IAM, reference_policies_evaluation-logic.html."""
    closed, opened = aws.secret(), aws.secret()
    role = aws.as_role(allow("*"), deny(READ, _pattern(aws, closed)))
    sm = role.client("secretsmanager")
    assert sm.get_secret_value(SecretId=opened)["SecretString"] == "first"
    code, message = refused(sm.get_secret_value, SecretId=closed)
    assert (code, message.endswith("with an explicit deny in an identity-based policy")) == (DENIED, True)


def test_a_resource_policy_lets_in_a_role_without_policies(aws: ContractAws) -> None:
    """Source: auth-and-access_resource-policies.html."""
    name, other = aws.secret(), aws.secret()
    role = aws.as_role()
    statement = {**allow(READ), "Principal": {"AWS": role.arn}}
    aws.sm.put_resource_policy(SecretId=name, ResourcePolicy=document(statement), BlockPublicPolicy=True)
    sm = role.client("secretsmanager")
    assert sm.get_secret_value(SecretId=name)["SecretString"] == "first"
    assert refused(sm.get_secret_value, SecretId=other)[0] == DENIED


def test_a_resource_policy_shuts_out_even_an_administrator(aws: ContractAws) -> None:
    """Source: auth-and-access_resource-policies.html."""
    name, other = aws.secret(), aws.secret()
    role = aws.as_role(allow("*"))
    statement = {**deny(READ), "Principal": {"AWS": role.arn}}
    aws.sm.put_resource_policy(SecretId=name, ResourcePolicy=document(statement))
    sm = role.client("secretsmanager")
    assert sm.get_secret_value(SecretId=other)["SecretString"] == "first"
    code, message = refused(sm.get_secret_value, SecretId=name)
    assert (code, message.endswith("with an explicit deny in a resource-based policy")) == (DENIED, True)


def test_a_boundary_limits_what_a_policy_allows(aws: ContractAws) -> None:
    """Source: IAM, access_policies_boundaries.html."""
    inside, outside = aws.secret(), aws.secret()
    sm = aws.as_role(allow("*"), boundary=[allow(READ, _pattern(aws, inside))]).client("secretsmanager")
    assert sm.get_secret_value(SecretId=inside)["SecretString"] == "first"
    code, message = refused(sm.get_secret_value, SecretId=outside)
    assert code == DENIED
    assert message.endswith(f"because no permissions boundary allows the {READ} action")


def test_a_session_policy_limits_the_session(aws: ContractAws) -> None:
    """Source: IAM, access_policies.html#policies_session."""
    inside, outside = aws.secret(), aws.secret()
    limited = {"Policy": document(allow(READ, _pattern(aws, inside)))}
    sm = aws.as_role(allow("*"), session=limited).client("secretsmanager")
    assert sm.get_secret_value(SecretId=inside)["SecretString"] == "first"
    code, message = refused(sm.get_secret_value, SecretId=outside)
    assert (code, "because no session policy allows" in message) == (DENIED, True)


def test_tags_of_principal_and_secret_must_match(aws: ContractAws) -> None:
    """Source: IAM, tutorial_attribute-based-access-control.html (aws:PrincipalTag, aws:ResourceTag)."""
    own = aws.secret(Tags=[{"Key": "Team", "Value": "blue"}])
    other = aws.secret(Tags=[{"Key": "Team", "Value": "red"}])
    policy = allow(READ, "*", StringEquals={"aws:ResourceTag/Team": "${aws:PrincipalTag/Team}"})
    by_role = aws.as_role(policy, Tags=[{"Key": "Team", "Value": "blue"}]).client("secretsmanager")
    by_session = aws.as_role(policy, session={"Tags": [{"Key": "Team", "Value": "red"}]}).client("secretsmanager")
    assert by_role.get_secret_value(SecretId=own)["SecretString"] == "first"
    assert refused(by_role.get_secret_value, SecretId=other)[0] == DENIED
    assert by_session.get_secret_value(SecretId=other)["SecretString"] == "first"
    assert refused(by_session.get_secret_value, SecretId=own)[0] == DENIED


def test_secretsmanager_resource_tag_is_judged(aws: ContractAws) -> None:
    """Source: list_awssecretsmanager.html (secretsmanager:ResourceTag/tag-key)."""
    own, other = aws.secret(Tags=[{"Key": "Tier", "Value": "3"}]), aws.secret(Tags=[{"Key": "Tier", "Value": "1"}])
    condition = {"secretsmanager:ResourceTag/Tier": "3"}
    sm = aws.as_role(allow(READ, "*", StringEquals=condition)).client("secretsmanager")
    assert sm.get_secret_value(SecretId=own)["SecretString"] == "first"
    assert refused(sm.get_secret_value, SecretId=other)[0] == DENIED


def test_a_label_can_be_all_that_is_readable(aws: ContractAws) -> None:
    """Source: list_awssecretsmanager.html (secretsmanager:VersionStage, secretsmanager:SecretId)."""
    name = aws.secret()
    aws.sm.put_secret_value(SecretId=name, SecretString="second")
    arn = _arn(aws, name)
    condition = {"secretsmanager:VersionStage": "AWSCURRENT", "secretsmanager:SecretId": arn}
    sm = aws.as_role(allow(READ, "*", StringEquals=condition)).client("secretsmanager")
    assert sm.get_secret_value(SecretId=name, VersionStage="AWSCURRENT")["SecretString"] == "second"
    assert refused(sm.get_secret_value, SecretId=name, VersionStage="AWSPREVIOUS")[0] == DENIED


def test_names_and_tags_of_new_secrets_are_judged(aws: ContractAws) -> None:
    """Source: list_awssecretsmanager.html (secretsmanager:Name, aws:RequestTag, aws:TagKeys)."""
    good, bad = aws.name(), aws.name()
    sm = aws.as_role(
        allow(
            ["secretsmanager:CreateSecret", "secretsmanager:TagResource"],
            "*",
            StringEquals={"secretsmanager:Name": good, "aws:RequestTag/Environment": "staging"},
            ForAllValues__StringEquals={"aws:TagKeys": ["Environment"]},
        )
    ).client("secretsmanager")
    tag = {"Key": "Environment", "Value": "staging"}
    assert refused(sm.create_secret, Name=bad, Tags=[tag])[0] == DENIED
    assert refused(sm.create_secret, Name=good)[0] == DENIED
    assert refused(sm.create_secret, Name=good, Tags=[tag, {"Key": "Other", "Value": "x"}])[0] == DENIED
    assert sm.create_secret(Name=good, Tags=[tag])["Name"] == good


def test_deleting_without_recovery_can_be_forbidden(aws: ContractAws) -> None:
    """Source: list_awssecretsmanager.html (secretsmanager:ForceDeleteWithoutRecovery, RecoveryWindowInDays)."""
    name = aws.secret()
    sm = aws.as_role(
        allow("secretsmanager:DeleteSecret"),
        deny("secretsmanager:DeleteSecret", Bool={"secretsmanager:ForceDeleteWithoutRecovery": "true"}),
        deny("secretsmanager:DeleteSecret", NumericLessThan={"secretsmanager:RecoveryWindowInDays": "14"}),
    ).client("secretsmanager")
    assert refused(sm.delete_secret, SecretId=name, ForceDeleteWithoutRecovery=True)[0] == DENIED
    assert refused(sm.delete_secret, SecretId=name, RecoveryWindowInDays=7)[0] == DENIED
    assert sm.delete_secret(SecretId=name, RecoveryWindowInDays=30)["Name"] == name


def test_block_public_policy_can_be_demanded(aws: ContractAws) -> None:
    """Source: list_awssecretsmanager.html (secretsmanager:BlockPublicPolicy)."""
    name = aws.secret()
    condition = {"secretsmanager:BlockPublicPolicy": "true"}
    sm = aws.as_role(allow("secretsmanager:PutResourcePolicy", "*", Bool=condition)).client("secretsmanager")
    text = document({**allow(READ), "Principal": {"AWS": f"arn:aws:iam::{aws.account}:root"}})
    assert refused(sm.put_resource_policy, SecretId=name, ResourcePolicy=text)[0] == DENIED
    assert sm.put_resource_policy(SecretId=name, ResourcePolicy=text, BlockPublicPolicy=True)["Name"] == name


def test_a_batch_lists_what_may_not_be_read_as_errors(aws: ContractAws) -> None:
    """Source: API_BatchGetSecretValue.html: "you must have … GetSecretValue for each secret"."""
    own, other = aws.secret(), aws.secret()
    sm = aws.as_role(allow(READ, _pattern(aws, own)), allow("secretsmanager:BatchGetSecretValue")).client(
        "secretsmanager"
    )
    answer = sm.batch_get_secret_value(SecretIdList=[own, other])
    assert [value["Name"] for value in answer["SecretValues"]] == [own]
    assert [(error["SecretId"], error["ErrorCode"]) for error in answer["Errors"]] == [(other, DENIED)]
    without = aws.as_role(allow(READ)).client("secretsmanager")
    assert refused(without.batch_get_secret_value, SecretIdList=[own])[0] == DENIED


def test_a_listing_needs_every_resource(aws: ContractAws) -> None:
    """Source: list_awssecretsmanager.html: ListSecrets has no resource type."""
    name = aws.secret()
    narrow = aws.as_role(allow("secretsmanager:ListSecrets", _pattern(aws, name))).client("secretsmanager")
    broad = aws.as_role(allow("secretsmanager:ListSecrets")).client("secretsmanager")
    assert refused(narrow.list_secrets)[0] == DENIED
    assert json.dumps(broad.list_secrets()["SecretList"], default=str)
