"""Policies of buckets: no outsider, and nothing without TLS."""

from __future__ import annotations

from collections.abc import Iterator

from iam.document import Effect, Statement
from policies.baseline import audience, clauses, document, resource_types
from policies.baseline.bucket_setting import Place, missing, of_place
from policies.intent import Intent
from policies.rule import Finding, ResourceRule, Severity, StackRule
from policies.view import Resource, Stack, Value

_PLACE = Place(types=resource_types.BUCKET_POLICY, inline=("policy",))
_TYPES = frozenset({*resource_types.BUCKET, *resource_types.BUCKET_POLICY})
_TLS = "aws:securetransport"
_REQUIRED = "a Deny of s3:* for everyone, on bucket and objects, where aws:SecureTransport is false"
_FIX = "policy=json.dumps(bucket_policy(environment, what, …)),"


def _closed(resource: Resource, intent: Intent) -> Iterator[Finding]:
    return audience.opened(resource, intent, "callers of this account, and services for this account", _FIX)


def _by_tls(resource: Resource, _intent: Intent) -> Iterator[Finding]:
    policy = resource.value("policy")
    if not isinstance(policy, str) or not policy:
        return  # whether there is one at all, and what is not known yet, is for rules on the stack
    covered = [part for _, each in document.statements(resource) for part in _refused(each)]
    if not {"bucket", "objects"} <= set(covered):
        yield Finding(urn=resource.urn, property="policy", seen="no such Deny", required=_REQUIRED)


def _refused(statement: Statement) -> Iterator[str]:
    """Of what a statement refuses everything that comes without TLS."""
    everyone = statement.principals is not None and "*" in statement.principals.aws and not statement.except_principals
    everything = not statement.except_actions and any(each.lower() in ("*", "s3:*") for each in statement.actions)
    # One more condition would let through what does not fulfil it.
    without_tls = len(statement.comparisons) == 1 and (
        statement.comparisons[0].operator == "Bool"
        and statement.comparisons[0].key.lower() == _TLS
        and set(statement.comparisons[0].values) == {"false"}
    )
    if statement.effect is Effect.DENY and everyone and everything and without_tls and not statement.except_resources:
        for resource in statement.resources:
            if resource == "*" or "/" not in resource:
                yield "bucket"
            if resource == "*" or resource.endswith("/*") or (resource.endswith("*") and "/" not in resource):
                yield "objects"


def _present(stack: Stack, intent: Intent) -> Iterator[Finding]:
    for settings in of_place(stack, intent, _PLACE):
        if not settings.found:
            yield missing(settings, "policy", _REQUIRED, _FIX)
        for found in settings.found:
            value: Value = found.resource.value("policy")
            if value in (None, ""):
                yield missing(settings, "policy", _REQUIRED, _FIX)


RULES = (
    ResourceRule(
        id="baseline/bucket-policy-closed",
        title="The policy of a bucket lets in nobody outside of the account",
        severity=Severity.CRITICAL,
        clauses=clauses.ACCESS,
        remediation=_FIX,
        parity=("CKV_AWS_70", "PRW:s3_bucket_policy_public_write_access", "PRW:s3_bucket_cross_account_access"),
        types=_TYPES,
        check=_closed,
    ),
    ResourceRule(
        id="baseline/bucket-tls-only",
        title="A bucket answers over TLS only",
        severity=Severity.HIGH,
        clauses=clauses.TRANSMISSION,
        remediation=_FIX,
        parity=(
            "SH:S3.5",
            "CIS-1.4:2.1.2",
            "CIS-3.0:2.1.1",
            "PB:s3-bucket-ssl-enforcement-required",
            "PRW:s3_bucket_secure_transport_policy",
        ),
        types=_TYPES,
        check=_by_tls,
    ),
    StackRule(
        id="baseline/bucket-has-policy",
        title="A bucket has a policy, which the rules on policies read",
        severity=Severity.HIGH,
        clauses=clauses.TRANSMISSION,
        remediation=_FIX,
        parity=("SH:S3.5",),
        check=_present,
    ),
)
