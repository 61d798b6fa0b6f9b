"""Public: AWS refuses a policy that opens a secret to everyone, and every secret has one that is guarded so."""

from __future__ import annotations

from collections.abc import Iterator

from policies import tokens
from policies.baseline import resource_types, setting
from policies.baseline.attached import attached
from policies.baseline.setting import Setting
from policies.intent import Intent
from policies.rule import Finding, ResourceRule, Severity, StackRule, Standard
from policies.tiers import wiring
from policies.view import Resource, Stack

_BLOCK = Setting(
    property="blockPublicPolicy",
    holds=setting.is_true,
    required="true, which is not AWS's default",
    fix="block_public_policy=True,",
)
_CLAUSES = {
    Standard.PCI_DSS: ("7.2.1",),
    Standard.SOC_2: ("CC6.1", "CC6.6"),
    Standard.HIPAA: ("164.312(a)(1)",),
    Standard.ISO_27001: ("A.5.15",),
    Standard.NIST_800_53: ("AC-3",),
}
_FIX = "aws.secretsmanager.SecretPolicy(name, secret_arn=container.arn, block_public_policy=True, policy=…)"


def _blocked(resource: Resource, _intent: Intent) -> Iterator[Finding]:
    if resource.type == resource_types.SECRET_POLICY:
        yield from setting.findings(resource, [_BLOCK])
    elif resource.value("policy"):
        # docs.aws.amazon.com/secretsmanager/latest/apireference/API_PutResourcePolicy.html (BlockPublicPolicy): the
        # provider has the argument in SecretPolicy only.
        yield Finding(
            urn=resource.urn,
            property="policy",
            seen="a policy inside of the secret, which AWS saves even if it is public",
            required="a SecretPolicy with blockPublicPolicy",
        )


def _present(stack: Stack, intent: Intent) -> Iterator[Finding]:
    policies = attached(stack, intent, [tokens.CONTAINER], [resource_types.SECRET_POLICY], "secretArn")
    for placed in wiring.placed(stack, intent):
        own = policies.to(placed.resource)
        if placed.entry is not None and len(own) != 1:
            undecided = not own and bool(policies.loose)
            yield Finding(
                urn=placed.resource.urn,
                property="policy",
                seen=f"{placed.label} with {len(own) or 'no'} policies"
                + (", while a policy's secret is not known yet" if undecided else ""),
                required="one SecretPolicy: a second one would overwrite the first",
                tier=placed.tier,
                undecided=undecided,
            )


RULES = (
    ResourceRule(
        id="tiers/secret-not-public",
        title="AWS refuses a policy that opens a secret to everyone",
        severity=Severity.CRITICAL,
        clauses=_CLAUSES,
        remediation=_FIX,
        types=frozenset({tokens.CONTAINER, resource_types.SECRET_POLICY}),
        check=_blocked,
    ),
    StackRule(
        id="tiers/secret-policy",
        title="A secret has one policy of its own",
        severity=Severity.HIGH,
        clauses=_CLAUSES,
        remediation=_FIX,
        check=_present,
    ),
)
