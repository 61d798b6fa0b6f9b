"""Resource policies. Source: https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_PutResourcePolicy.html."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.contract.aws.harness import ContractAws, error_of


def _policy(principal: Any, **extra: Any) -> str:
    statement = {"Effect": "Allow", "Principal": principal, "Action": "secretsmanager:GetSecretValue", "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [{**statement, **extra}]})


def test_a_policy_comes_back_and_can_be_removed(aws: ContractAws) -> None:
    """Source: API_GetResourcePolicy.html."""
    secret = aws.secret()
    text = _policy({"AWS": f"arn:aws:iam::{aws.account}:root"})
    aws.sm.put_resource_policy(SecretId=secret, ResourcePolicy=text, BlockPublicPolicy=True)
    assert json.loads(aws.sm.get_resource_policy(SecretId=secret)["ResourcePolicy"]) == json.loads(text)
    aws.sm.delete_resource_policy(SecretId=secret)
    assert "ResourcePolicy" not in aws.sm.get_resource_policy(SecretId=secret)


@pytest.mark.diverges
@pytest.mark.parametrize(
    "text",
    [
        "no json",
        json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Perhaps", "Principal": "*"}]}),
        json.dumps({"Version": "2012-10-17", "Statement": []}),
    ],
)
def test_a_malformed_policy_is_refused(aws: ContractAws, text: str) -> None:
    """Source: MalformedPolicyDocumentException, "The resource policy has syntax errors"."""
    with pytest.raises(ClientError) as caught:
        aws.sm.put_resource_policy(SecretId=aws.secret(), ResourcePolicy=text)
    assert error_of(caught.value)[0] == "MalformedPolicyDocumentException"


@pytest.mark.diverges
@pytest.mark.parametrize("principal", ["*", {"AWS": "*"}])
def test_a_public_policy_is_blocked_when_asked_for(aws: ContractAws, principal: Any) -> None:
    """Source: PublicPolicyException."""
    with pytest.raises(ClientError) as caught:
        aws.sm.put_resource_policy(SecretId=aws.secret(), ResourcePolicy=_policy(principal), BlockPublicPolicy=True)
    assert error_of(caught.value)[0] == "PublicPolicyException"


def test_any_principal_of_one_account_is_not_public(aws: ContractAws) -> None:
    """Source: userguide/auth-and-access_resource-policies.html."""
    narrowed = _policy("*", Condition={"StringEquals": {"aws:PrincipalAccount": aws.account}})
    aws.sm.put_resource_policy(SecretId=aws.secret(), ResourcePolicy=narrowed, BlockPublicPolicy=True)


@pytest.mark.diverges
def test_a_policy_can_be_validated_without_being_put(aws: ContractAws) -> None:
    """Source: API_ValidateResourcePolicy.html."""
    good = aws.sm.validate_resource_policy(ResourcePolicy=_policy({"AWS": f"arn:aws:iam::{aws.account}:root"}))
    assert (good["PolicyValidationPassed"], good["ValidationErrors"]) == (True, [])
    bad = aws.sm.validate_resource_policy(ResourcePolicy=_policy("*"))
    assert bad["PolicyValidationPassed"] is False
    assert bad["ValidationErrors"]
