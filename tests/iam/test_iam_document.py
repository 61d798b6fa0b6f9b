"""What the parser takes and what it refuses, with a message that helps."""

from __future__ import annotations

import json
from typing import Any

import pytest

from iam.document import PolicyKind, parse
from iam.error import PolicyError
from iam.evaluate import Holder, Policies
from iam.principal import Principal
from tests.iam.asking import ROLE, SESSION, document, identity, resource, statement, trust


def refusal(raw: Any, kind: PolicyKind = PolicyKind.IDENTITY) -> str:
    with pytest.raises(PolicyError) as refused:
        parse(raw, kind, name="p")
    return str(refused.value)


def without(element: str) -> dict[str, Any]:
    return {name: value for name, value in statement().items() if name != element}


IDENTITY: list[tuple[Any, str]] = [
    ("{", "p is not JSON: Expecting property name"),
    ("[]", "p is a list; write an object"),
    ('{"Version": "2012-10-17", "Version": "2012-10-17"}', "'Version' twice"),
    ({"Version": "2012-10-18", "Statement": [statement()]}, "p.Version is '2012-10-18'; write '2012-10-17'"),
    ({"Version": "2012-10-17"}, "p has no Statement"),
    ({"Statement": []}, "p has no Statement"),
    ({"Statement": [statement()], "Id": "x"}, "unknown element 'Id'"),
    ({"Statement": [statement()], "Extra": 1}, "unknown element 'Extra'"),
    ({"Statement": ["x"]}, "p.Statement[0] is a str; write an object"),
    ({"Statement": [statement(Recource="*")]}, "unknown element 'Recource'"),
    ({"Statement": [statement("allow")]}, "p.Statement[0].Effect is 'allow'"),
    ({"Statement": [without("Effect")]}, "Effect is None"),
    ({"Statement": [without("Action")]}, "neither Action nor NotAction"),
    ({"Statement": [without("Resource")]}, "neither Resource nor NotResource"),
    ({"Statement": [statement(NotAction="*")]}, "both Action and NotAction"),
    ({"Statement": [statement(NotResource="*")]}, "both Resource and NotResource"),
    ({"Statement": [statement(Principal="*")]}, "has Principal, which an identity-based policy can not"),
    ({"Statement": [statement(NotPrincipal="*")]}, "has NotPrincipal"),
    ({"Statement": [statement(Sid="a b")]}, "Sid is 'a b'"),
    ({"Statement": [statement(Sid=1)]}, "Sid is 1"),
    ({"Statement": [statement(Sid="a"), statement(Sid="a")]}, "Sid 'a' twice"),
    ({"Statement": [statement(action=[])]}, "Action must be a text or a list"),
    ({"Statement": [statement(action="GetObject")]}, "'GetObject' is no action"),
    ({"Statement": [statement(action="s*:GetObject")]}, "'s*:GetObject' is no action"),
    ({"Statement": [statement(resource="bucket")]}, "'bucket' is no ARN"),
    ({"Statement": [statement(resource="arn:aws:s3")]}, "'arn:aws:s3' is no ARN"),
    ({"Statement": [statement(resource="arn:aws:*")]}, "wildcard for the service"),
    ({"Statement": [statement(Condition=[])]}, "Condition must be an object"),
    ({"Statement": [statement(Condition={"StringIs": {"a:b": "c"}})]}, "unknown operator 'StringIs'"),
    ({"Statement": [statement(Condition={"NullIfExists": {"a:b": "true"}})]}, "unknown operator 'NullIfExists'"),
    ({"Statement": [statement(Condition={"ForSome:StringLike": {"a:b": "c"}})]}, "unknown operator"),
    ({"Statement": [statement(Condition={"StringLike": {}})]}, "name at least one key"),
    ({"Statement": [statement(Condition={"StringLike": {"key": "c"}})]}, "'key' without a prefix"),
    ({"Statement": [statement(Condition={"StringLike": {"a:b": "c", "A:b": "d"}})]}, "twice (case does not count)"),
    ({"Statement": [statement(Condition={"StringLike": {"a:b": []}})]}, "give at least one value"),
    ({"Statement": [statement(Condition={"StringLike": {"a:b": {"c": "d"}}})]}, "must be a text, number, boolean"),
    ({"Statement": [statement(Condition={"Null": {"a:b": "yes"}})]}, "'yes' is no value for Null"),
    ({"Statement": [statement(Condition={"Bool": {"a:b": "yes"}})]}, "'yes' is no value for Bool"),
    ({"Statement": [statement(Condition={"NumericEquals": {"a:b": "x"}})]}, "'x' is no value for NumericEquals"),
    ({"Statement": [statement(Condition={"DateEquals": {"a:b": "soon"}})]}, "'soon' is no value for DateEquals"),
    ({"Statement": [statement(Condition={"IpAddress": {"a:b": "10.0.0"}})]}, "'10.0.0' is no value for IpAddress"),
    ({"Statement": [statement(Condition={"BinaryEquals": {"a:b": "***"}})]}, "'***' is no value for BinaryEquals"),
]


@pytest.mark.parametrize(("raw", "said"), IDENTITY)
def test_a_malformed_identity_policy_is_refused_and_says_where(raw: Any, said: str) -> None:
    assert said in refusal(raw)


PRINCIPALS: list[tuple[Any, str]] = [
    ("me", 'must be "*" or an object'),
    ({}, 'must be "*" or an object'),
    ({"Aws": "*"}, "unknown kind 'Aws'"),
    ({"AWS": []}, "name at least one principal"),
    ({"AWS": "arn:aws:iam::111122223333:user/*"}, "names no principal"),
    ({"AWS": "arn:aws:sts::111122223333:assumed-role/r/*"}, "names no principal"),
    ({"AWS": "12345"}, "names no principal"),
    ({"AWS": "arn:aws:iam::111122223333:group/g"}, "names no principal"),
    ({"Service": "*"}, "Principal.Service '*' has a wildcard"),
]


@pytest.mark.parametrize(("principal", "said"), PRINCIPALS)
def test_a_malformed_principal_is_refused(principal: Any, said: str) -> None:
    assert said in refusal(document(statement(Principal=principal)), PolicyKind.RESOURCE)


def test_resource_and_trust_policies_need_a_principal_and_a_trust_policy_has_no_resource() -> None:
    assert "neither Principal nor NotPrincipal" in refusal(document(statement()), PolicyKind.RESOURCE)
    assert "neither Principal nor NotPrincipal" in refusal(document(statement(resource=None)), PolicyKind.TRUST)
    assert "its own role" in refusal(document(statement(Principal="*")), PolicyKind.TRUST)


def test_a_variable_stands_in_the_resource_part_only() -> None:
    """IAM: reference_policies_variables.html: "This portion of the ARN appears after the fifth colon"."""
    assert "too early" in refusal(
        document(
            statement(resource="arn:aws:s3:::b", Sid="a"),
            statement(resource="arn:aws:sqs:us-east-1:${aws:PrincipalAccount}:q"),
        )
    )
    identity(statement(resource="arn:aws:sqs:us-east-1:*:${aws:username}-queue"))


def test_what_aws_takes_is_taken() -> None:
    single = parse(json.dumps({"Statement": statement(action="s3:*", Condition={})}), PolicyKind.IDENTITY)
    assert single.version == "2008-10-17"
    assert len(single.statements) == 1
    shared = {
        "Version": "2012-10-17",
        "Id": "x",
        "Statement": [statement(Sid="with a space", Principal={"AWS": "AIDAX"})],
    }
    assert parse(shared, PolicyKind.RESOURCE).statements[0].sid == "with a space"
    identity(statement(resource=["arn:*:iam::*:role/x", "arn:aws:ec2:*"]))


def test_a_policy_in_the_wrong_place_is_refused() -> None:
    with pytest.raises(PolicyError, match=r"parse it as PolicyKind\.TRUST"):
        Policies(resource=resource(statement(Principal="*")), holder=Holder.ROLE)
    with pytest.raises(PolicyError, match="can not be a permissions boundary"):
        Policies(boundary=trust(statement(resource=None, Principal="*")))


def test_a_principal_is_read_from_its_arn() -> None:
    session = Principal.parse(SESSION)
    assert (session.kind, session.account, session.entity_arn) == ("AssumedRole", "111122223333", ROLE)
    assert Principal.parse(SESSION, role_arn="arn:aws:iam::111122223333:role/path/examplerole").chain[1].count("/") == 2
    for wrong in ("*", "arn:aws:iam::1:user/x", "arn:aws:iam::111122223333:group/g", "arn:aws:s3:::b"):
        with pytest.raises(PolicyError, match="principal"):
            Principal.parse(wrong)
