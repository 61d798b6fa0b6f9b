"""Plaintext: no value passes through Pulumi, so that none is in its state."""

from __future__ import annotations

from collections.abc import Iterator

from policies import tokens
from policies.intent import Intent
from policies.rule import STRICTEST_TIER, Finding, ResourceRule, Severity, StackRule, Standard
from policies.tiers import wiring
from policies.view import UNKNOWN, Resource, Stack

_STORED = ("secretString", "secretBinary")
_WRITE_ONLY = "secretStringWo"
_CLAUSES = {
    Standard.PCI_DSS: ("8.6.2",),
    Standard.SOC_2: ("CC6.1",),
    Standard.ISO_27001: ("A.5.17",),
    Standard.NIST_800_53: ("IA-5(7)",),
}
_FIX = "secret_string_wo=json.dumps(derive.marker(environment, secret)), secret_string_wo_version=1,"


def _write_only(resource: Resource, _intent: Intent) -> Iterator[Finding]:
    for name in _STORED:
        if value := resource.value(name):  # whether it is set is known even where the value is not
            yield Finding(
                urn=resource.urn,
                property=name,
                seen="set, to a value that is not known yet" if value is UNKNOWN else "set",
                required=f"not set: it would be in the state; only {_WRITE_ONLY} is not",
            )
    # A state that is judged later need not have the argument, but keeps its number.
    if not resource.value(_WRITE_ONLY) and not resource.value("secretStringWoVersion"):
        yield Finding(
            urn=resource.urn, property=_WRITE_ONLY, seen="not set", required="the marker of the first version"
        )


def _not_generated(stack: Stack, intent: Intent) -> Iterator[Finding]:
    versions = wiring.owned(stack, intent, tokens.VERSION)
    owners = {version.urn: placed for placed in wiring.placed(stack, intent) for version in versions.of(placed)}
    for version in stack.of(tokens.VERSION):
        for name in (*_STORED, _WRITE_ONLY):
            sources = [end for urn in version.edges.get(name, ()) if (end := stack.by_urn.get(urn))]
            if any(end.type.startswith("random:") for end in sources):
                placed = owners.get(version.urn)
                yield Finding(
                    urn=version.urn,
                    property=name,
                    seen="a value that comes from a resource of pulumi-random, whose result is in the state",
                    required="the marker; the rotation function makes the value",
                    tier=placed.tier if placed else STRICTEST_TIER,
                )


RULES = (
    ResourceRule(
        id="tiers/no-plaintext",
        title="A secret's value is not in the program or its state",
        severity=Severity.CRITICAL,
        clauses=_CLAUSES,
        remediation=_FIX,
        types=frozenset({tokens.VERSION}),
        check=_write_only,
    ),
    StackRule(
        id="tiers/no-generated-value",
        title="A rotated secret's value is not made by Pulumi",
        severity=Severity.CRITICAL,
        clauses=_CLAUSES,
        remediation=_FIX,
        check=_not_generated,
    ),
)
