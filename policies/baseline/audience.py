"""Whom a statement of a resource's policy or of a trust policy lets in: everyone, another account, or a service.

Scanners pass a statement with any condition. Here a condition counts only if a request without the key fails it
(no IfExists), and if its values name this account: docs.aws.amazon.com/IAM/latest/UserGuide/
reference_policies_elements_condition_operators.html#Conditions_IfExists
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from iam.condition import Comparison, SetOperator
from iam.document import Statement
from policies.baseline import document
from policies.intent import Intent
from policies.rule import Finding
from policies.view import Resource

_ACCOUNT_KEYS = frozenset({"aws:principalaccount", "aws:sourceaccount", "aws:sourceowner", "kms:calleraccount"})
_ARN_KEYS = frozenset({"aws:principalarn", "aws:sourcearn"})
# CloudWatch Logs and CloudTrail say in the encryption context whose log or trail it is, and Logs sends no source:
# docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
_CONTEXT_KEYS = frozenset({"kms:encryptioncontext:aws:logs:arn", "kms:encryptioncontext:aws:cloudtrail:arn"})
_SERVICE_KEYS = frozenset({"aws:sourceaccount", "aws:sourceowner", "aws:sourcearn"}) | _CONTEXT_KEYS
_POSITIVE = frozenset({"StringEquals", "StringEqualsIgnoreCase", "StringLike", "ArnEquals", "ArnLike"})
_ACCOUNT = re.compile(r"\d{12}")
_ARN_OF_ACCOUNT = re.compile(r"arn:[a-z-]+:(?:iam|sts)::(\d{12}):.+")
_ARN_PARTS = 6


def faults(statement: Statement, intent: Intent) -> Iterator[str]:
    """Who can come in by an Allow who should not, in words without any name of the document."""
    account, principals = intent.environment.account, statement.principals
    if statement.except_principals:
        yield "everyone but those that NotPrincipal names"
        return
    if principals is None:
        return
    if "*" in principals.aws and not names_account(statement, account):
        yield "everyone, without a condition that names this account"
    if any(_foreign(name, account) for name in principals.aws):
        yield "another account"
    if principals.canonical:
        yield "a canonical user, which is another account"


def names_account(statement: Statement, account: str) -> bool:
    """Whether a condition lets only callers of `account` through."""
    return any(
        _strict(each)
        and (
            (each.key.lower() in _ACCOUNT_KEYS and set(each.values) == {account})
            or (each.key.lower() in _ARN_KEYS and all(_of(value, account) for value in each.values))
        )
        for each in statement.comparisons
    )


def names_source(statement: Statement, account: str) -> bool:
    """Whether a condition binds the service that calls to what it calls for: a resource of `account`."""
    return any(
        _strict(each)
        and each.key.lower() in _SERVICE_KEYS
        and all(value == account or _of(value, account) for value in each.values)
        for each in statement.comparisons
    )


def opened(
    resource: Resource, intent: Intent, required: str, fix: str, sourceless: frozenset[str] = frozenset()
) -> Iterator[Finding]:
    """A finding for each statement of a resource's policy that lets in who should not, or a service for anybody.

    `sourceless` services do not say for whom they act, so AWS has them let in without a condition.
    """
    account = intent.environment.account
    for name, statement in document.allowing(resource):
        seen = [*faults(statement, intent)]
        services = set(statement.principals.services if statement.principals else ())
        if services - sourceless and not names_source(statement, account):
            seen.append("a service that may act for any account: no aws:SourceAccount or aws:SourceArn of this one")
        for each in seen:
            yield Finding(
                urn=resource.urn,
                property=name,
                seen=f"{document.called(statement)} lets in {each}",
                required=required,
                fix=fix,
            )


def _strict(comparison: Comparison) -> bool:
    positive = comparison.operator in _POSITIVE and comparison.set_operator is not SetOperator.ALL
    return positive and not comparison.if_exists


def _of(arn: str, account: str) -> bool:
    parts = arn.split(":", _ARN_PARTS - 1)
    return len(parts) == _ARN_PARTS and parts[4] == account


def _foreign(name: str, account: str) -> bool:
    if _ACCOUNT.fullmatch(name):
        return name != account
    found = _ARN_OF_ACCOUNT.fullmatch(name)
    return found is not None and found[1] != account
