"""Secrets: nobody outside reads one, each has a policy of its own, and says what it is for."""

from __future__ import annotations

from collections.abc import Iterator

from policies import tokens
from policies.baseline import audience, clauses, resource_types, setting
from policies.baseline.attached import attached
from policies.baseline.setting import Setting
from policies.intent import Intent
from policies.rule import Finding, ResourceRule, Severity, StackRule
from policies.tiers import wiring
from policies.view import UNKNOWN, Resource, Stack

_REQUIRED = "callers of this account, and services for this account"


def _closed(resource: Resource, intent: Intent) -> Iterator[Finding]:
    return audience.opened(resource, intent, _REQUIRED, "policy=json.dumps(secret_policy(environment, secret)),")


def _has_policy(stack: Stack, intent: Intent) -> Iterator[Finding]:
    policies = attached(stack, intent, [tokens.CONTAINER], [resource_types.SECRET_POLICY], "secretArn")
    for placed in wiring.placed(stack, intent):
        secret = placed.resource
        if policies.to(secret) or isinstance(secret.value("policy"), str):
            continue
        loose = bool(policies.loose) or (secret.value("policy") is UNKNOWN and bool(secret.edges.get("policy")))
        yield Finding(
            urn=secret.urn,
            property="policy",
            seen="a policy whose secret is not known yet" if loose else "no policy of its own",
            required="a policy that denies whoever is none of its readers and writers",
            tier=placed.tier,
            undecided=loose,
        )


RULES = (
    ResourceRule(
        id="baseline/secret-not-public",
        title="The policy of a secret lets in nobody outside of the account",
        severity=Severity.CRITICAL,
        clauses=clauses.ACCESS,
        remediation="policy=json.dumps(secret_policy(environment, secret)),",
        parity=("PRW:secretsmanager_not_publicly_accessible",),
        types=frozenset({tokens.CONTAINER, resource_types.SECRET_POLICY}),
        check=_closed,
    ),
    # The provider's own default is false, and AWS then saves a policy for everyone without a word.
    setting.rule(
        "secret-public-policy-blocked",
        "AWS refuses a policy that opens a secret to everyone",
        Severity.HIGH,
        clauses.ACCESS,
        ("PRW:secretsmanager_not_publicly_accessible",),
        (resource_types.SECRET_POLICY,),
        Setting(property="blockPublicPolicy", holds=setting.is_true, required="true", fix="block_public_policy=True,"),
    ),
    StackRule(
        id="baseline/secret-has-policy",
        title="A secret has a policy of its own",
        severity=Severity.MEDIUM,
        clauses=clauses.ACCESS,
        remediation="aws.secretsmanager.SecretPolicy(name, secret_arn=container.arn, policy=…)",
        parity=("PRW:secretsmanager_has_restrictive_resource_policy",),
        check=_has_policy,
    ),
    setting.rule(
        "secret-described",
        "A secret says what it is for",
        Severity.LOW,
        clauses.ORDER,
        ("CP:aws-secretsmanager-secret-missing-description",),
        (tokens.CONTAINER,),
        Setting(
            property="description",
            holds=setting.is_set,
            required="what it opens, for whom, in one sentence",
            fix="description=secret.description,",
        ),
    ),
)
