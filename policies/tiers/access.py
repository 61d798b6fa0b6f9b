"""Access: by the stack's documents, principals can do with secrets what the catalogue means, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator

from policies.access import proof, sentence
from policies.access import stack as stacks
from policies.access.proof import Kind
from policies.intent import Intent
from policies.rule import STRICTEST_TIER, Finding, Severity, StackRule, Standard
from policies.view import Stack

_FIX = {
    Kind.MAY: "policy=json.dumps(role.policy),  # of catalog.access.roles, and secret_policy, key_policy likewise",
    Kind.MAY_NOT: "policy=json.dumps(role.policy),  # of catalog.access.roles, and secret_policy, key_policy likewise",
    Kind.UNDECIDED: "policy=json.dumps(role.policy),  # built from names, not from outputs",
}


def _proof(stack: Stack, intent: Intent) -> Iterator[Finding]:
    report = proof.of(stacks.documents(stack, intent), intent)
    for group in sentence.groups(report.disagreements):
        first = group.first
        yield Finding(
            urn=first.party.urn or first.target.urn or stack.urn,
            property="policy",
            seen=group.seen,
            required=group.required,
            fix=_FIX[first.kind],
            tier=group.tier,
            undecided=first.kind is Kind.UNDECIDED,
        )
    for name in report.missing:
        yield Finding(
            urn=stack.urn,
            property=f"role '{name}'",
            seen="no role that is known yet to have this name" if report.unnamed else "no such role in the stack",
            required="every role that the catalogue means to have access",
            fix="BoundedRole(…)  # from catalog.access.roles",
            tier=STRICTEST_TIER,
            undecided=bool(report.unnamed),
        )


RULES = (
    StackRule(
        id="tiers/access-proof",
        title="Who may do what with a secret is what the catalogue means",
        severity=Severity.CRITICAL,
        clauses={
            Standard.PCI_DSS: ("7.2.1", "7.2.2"),
            Standard.SOC_2: ("CC6.1", "CC6.3"),
            Standard.HIPAA: ("164.312(a)(1)",),
            Standard.GDPR: ("Art.32(1)(b)",),
            Standard.ISO_27001: ("A.5.3", "A.5.15", "A.5.18"),
            Standard.NIST_800_53: ("AC-3", "AC-5", "AC-6"),
        },
        remediation="python -m policies.access <file of pulumi stack export> --env <environment>",
        check=_proof,
    ),
)
