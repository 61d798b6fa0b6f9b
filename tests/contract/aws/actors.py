"""Principals that the contract tests act as: a role's session or an IAM user, with just the policies of the test."""

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

Statement = dict[str, Any]
_REAL_SECONDS = 12  # until IAM's changes are seen everywhere


class Account(Protocol):
    """What an actor needs of the AWS under contract."""

    kind: Any
    endpoint: str | None
    account: str
    region: str
    roles: list[str]
    users: list[str]

    def client(self, service: str, region: str | None = None) -> Any:
        """A client of the administrator."""


@dataclass(frozen=True, kw_only=True)
class Actor:
    """A principal with credentials. `arn` is of the role or user, `name` its name."""

    aws: Account
    arn: str
    name: str
    credentials: Mapping[str, str]

    def client(self, service: str, region: str | None = None, **config: Any) -> Any:
        """A boto3 client that signs as this principal and does not retry."""
        return client_with(self.aws, self.credentials, service, region, **config)

    def assume(self, role: str, **arguments: Any) -> "Actor":
        """This principal in a role's session."""
        return assumed(self.aws, self.client("sts"), role, **arguments)


def client_with(
    aws: Account, credentials: Mapping[str, str], service: str, region: str | None = None, **config: Any
) -> Any:
    """A client with these credentials."""
    create: Any = boto3.client
    settings = Config(retries={"total_max_attempts": 1}, **config)
    return create(service, region_name=region or aws.region, endpoint_url=aws.endpoint, config=settings, **credentials)


def allow(actions: str | Sequence[str], resource: str | Sequence[str] = "*", **conditions: Any) -> Statement:
    """An Allow; a keyword is an operator: `StringEquals={…}`."""
    return _statement("Allow", actions, resource, conditions)


def deny(actions: str | Sequence[str], resource: str | Sequence[str] = "*", **conditions: Any) -> Statement:
    """A Deny; a keyword is an operator."""
    return _statement("Deny", actions, resource, conditions)


def document(*statements: Statement) -> str:
    """A policy document."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def trust(principal: Mapping[str, Any], *actions: str, **conditions: Any) -> Statement:
    """A statement of a trust policy, by default for sts:AssumeRole."""
    statement: Statement = {
        "Effect": "Allow",
        "Principal": dict(principal),
        "Action": list(actions) or ["sts:AssumeRole"],
    }
    return {**statement, "Condition": conditions} if conditions else statement


def make_role(
    aws: Account,
    name: str,
    policy: Sequence[Statement],
    *,
    trusts: Sequence[Statement] | None = None,
    boundary: Sequence[Statement] | None = None,
    **arguments: Any,
) -> str:
    """A role that the account may assume, unless `trusts` says otherwise; its ARN."""
    iam = aws.client("iam")
    if boundary is not None:
        created = iam.create_policy(PolicyName=f"{name}-boundary", PolicyDocument=document(*boundary))
        arguments["PermissionsBoundary"] = created["Policy"]["Arn"]
    everyone = trust({"AWS": f"arn:aws:iam::{aws.account}:root"}, "sts:AssumeRole", "sts:TagSession")
    trusted = document(*(trusts if trusts is not None else [everyone]))
    arn: str = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trusted, **arguments)["Role"]["Arn"]
    aws.roles.append(name)
    if policy:
        iam.put_role_policy(RoleName=name, PolicyName="contract", PolicyDocument=document(*policy))
    settle(aws)
    return arn


def make_user(aws: Account, name: str, policy: Sequence[Statement], **arguments: Any) -> Actor:
    """An IAM user with a key."""
    iam = aws.client("iam")
    arn: str = iam.create_user(UserName=name, **arguments)["User"]["Arn"]
    aws.users.append(name)
    if policy:
        iam.put_user_policy(UserName=name, PolicyName="contract", PolicyDocument=document(*policy))
    key = iam.create_access_key(UserName=name)["AccessKey"]
    settle(aws)
    credentials = {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]}
    return Actor(aws=aws, arn=arn, name=name, credentials=credentials)


def assumed(aws: Account, sts: Any, role: str, **arguments: Any) -> Actor:
    """A session of a role, made with the client `sts`."""
    given = {"RoleSessionName": "contract", **arguments}
    answer = sts.assume_role(RoleArn=role, **given)["Credentials"]
    return Actor(aws=aws, arn=role, name=role.rpartition("/")[2], credentials=as_arguments(answer))


def as_arguments(credentials: Mapping[str, str]) -> dict[str, str]:
    """STS's Credentials as boto3 takes them."""
    return {
        "aws_access_key_id": credentials["AccessKeyId"],
        "aws_secret_access_key": credentials["SecretAccessKey"],
        "aws_session_token": credentials["SessionToken"],
    }


def settle(aws: Account) -> None:
    """Wait until a real account knows what was just made."""
    if aws.kind == "real":
        time.sleep(_REAL_SECONDS)


def refused(call: Any, **arguments: Any) -> tuple[str, str]:
    """Code and message of the error that the call must end with."""
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    return caught.value.response["Error"]["Code"], caught.value.response["Error"]["Message"]


def remove_principals(aws: Account) -> None:
    """Remove what was made, as far as it goes."""
    iam = aws.client("iam")
    for name in aws.roles:
        _each(lambda name=name: iam.delete_role_policy(RoleName=name, PolicyName="contract"))
        _each(lambda name=name: iam.delete_role(RoleName=name))
        arn = f"arn:aws:iam::{aws.account}:policy/{name}-boundary"
        _each(lambda arn=arn: iam.delete_policy(PolicyArn=arn))
    for name in aws.users:
        _each(lambda name=name: iam.delete_user_policy(UserName=name, PolicyName="contract"))
        keys: list[Any] = []
        _each(lambda name=name, keys=keys: keys.extend(iam.list_access_keys(UserName=name)["AccessKeyMetadata"]))
        for key in keys:
            _each(lambda name=name, key=key: iam.delete_access_key(UserName=name, AccessKeyId=key["AccessKeyId"]))
        _each(lambda name=name: iam.delete_user(UserName=name))


def _each(remove: Any) -> None:
    try:
        remove()
    except ClientError:
        return


def _statement(
    effect: str, actions: str | Sequence[str], resource: str | Sequence[str], conditions: Mapping[str, Any]
) -> Statement:
    listed = [actions] if isinstance(actions, str) else list(actions)
    statement: Statement = {
        "Effect": effect,
        "Action": listed,
        "Resource": resource if isinstance(resource, str) else list(resource),
    }
    # ForAnyValue:StringEquals can be no keyword: written with two underscores.
    named = {operator.replace("__", ":"): keys for operator, keys in conditions.items()}
    return {**statement, "Condition": named} if named else statement
