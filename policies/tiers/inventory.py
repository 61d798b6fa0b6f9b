"""The catalogue and the stack, both ways: every secret of the one is in the other, once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from catalog.model import Secret
from policies import tokens
from policies.intent import Intent
from policies.rule import Finding, ResourceRule, Severity, StackRule, Standard
from policies.tiers import naming, wiring
from policies.view import UNKNOWN, Resource, Stack

_CLAUSES = {
    Standard.ISO_27001: ("A.5.9", "A.8.9"),
    Standard.NIST_800_53: ("CM-3", "CM-6"),
    Standard.SOC_2: ("CC7.1", "CC8.1"),
}


def _declared(resource: Resource, intent: Intent) -> Iterator[Finding]:
    name = resource.text("name")
    # A name of another shape, or one not known, is for the rule on names.
    if isinstance(name, str) and naming.PATTERN.match(name) and intent.entry(name) is None:
        short = name.rsplit("/", 1)[-1]
        if short in intent.catalog.by_name:
            return  # the right secret in the wrong environment: the rule on names speaks
        yield Finding(
            urn=resource.urn,
            property="name",
            seen=f"'{name}', which the catalogue does not have",
            required="a secret that catalog/secrets.yaml declares",
            fix=f"- name: {short}  # under 'secrets' in catalog/secrets.yaml, or delete the resource",
        )


def _present(stack: Stack, intent: Intent) -> Iterator[Finding]:
    placed = wiring.placed(stack, intent)
    count = Counter(each.entry.name for each in placed if isinstance(each.entry, Secret))
    for each in placed:
        if isinstance(each.entry, Secret) and count[each.entry.name] > 1:
            yield Finding(
                urn=each.resource.urn,
                property="name",
                seen=f"{each.label} {count[each.entry.name]} times in the stack",
                required="exactly one secret for each entry of the catalogue",
                fix=f"delete all but one of the resources for '{each.entry.name}'",
                tier=each.tier,
            )
    missing = [secret for secret in intent.catalog.secrets if not count[secret.name]]
    unnamed = sum(each.entry is UNKNOWN for each in placed)
    for secret in missing:
        yield Finding(
            urn=stack.urn,
            property=f"secret '{secret.name}'",
            seen="no secret that is known to have this name" if unnamed else "no such secret in the stack",
            required="exactly one secret for each entry of the catalogue",
            fix=f"ManagedSecret('{secret.name}', …)  # or remove '{secret.name}' from catalog/secrets.yaml",
            tier=secret.tier,
            undecided=unnamed > 0,
        )
    if 0 < unnamed < len(missing):
        yield Finding(
            urn=stack.urn,
            property="secrets",
            seen=f"{unnamed} secrets whose name is not known yet, for {len(missing)} that are missing",
            required="exactly one secret for each entry of the catalogue",
        )


RULES = (
    ResourceRule(
        id="tiers/secret-declared",
        title="A secret of the stack is in the catalogue",
        severity=Severity.HIGH,
        clauses=_CLAUSES,
        remediation="declare it in catalog/secrets.yaml, or delete the resource",
        types=frozenset({tokens.CONTAINER}),
        check=_declared,
    ),
    StackRule(
        id="tiers/secret-present",
        title="A secret of the catalogue is in the stack, once",
        severity=Severity.HIGH,
        clauses=_CLAUSES,
        remediation="build SecretsEnvironment from the whole catalogue",
        check=_present,
    ),
)
