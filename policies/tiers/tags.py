"""Tags of secrets: the rotation function obeys them and reports count by them, so they say what the catalogue says."""

from __future__ import annotations

from collections.abc import Iterator

from catalog import derive
from catalog.kind import Kind
from catalog.model import Secret
from policies import tokens
from policies.intent import Intent
from policies.rule import Finding, ResourceRule, Severity, Standard
from policies.tiers import wiring
from policies.view import UNKNOWN, Resource, Value


def _check(resource: Resource, intent: Intent) -> Iterator[Finding]:
    entry = wiring.entry_of(resource, intent)
    tier = wiring.tier_of(entry)
    if isinstance(entry, Secret):
        expected = derive.secret_tags(intent.environment, intent.catalog, entry)
    else:  # its name is refused or undecided by another rule; these tags do not depend on it
        expected = derive.environment_tags(intent.environment)
    tags = resource.mapping("tags")
    if tags is UNKNOWN:
        yield Finding(
            urn=resource.urn,
            property="tags",
            seen="tags that are not known yet",
            required=", ".join(f"{key}={value}" for key, value in expected.items()),
            tier=tier,
            undecided=True,
        )
        return
    for key, value in expected.items():
        seen = tags.get(key) if tags else None
        if seen != value:
            yield Finding(
                urn=resource.urn,
                property=f"tags.{key}",
                seen=_described(seen, intent),
                required=f"'{value}', as the catalogue and the stack say",
                fix=f'"{key}": "{value}",  # or tags=derive.secret_tags(environment, catalog, secret)',
                tier=tier,
                undecided=seen is UNKNOWN,
            )


def _described(seen: Value, intent: Intent) -> str:
    if seen is UNKNOWN:
        return "a value that is not known yet"
    if seen is None:
        return "no such tag"
    # Values reach a policy decrypted, so only what the catalogue's vocabulary has is shown.
    vocabulary = {str(kind) for kind in Kind} | {str(tier.number) for tier in intent.catalog.tiers}
    vocabulary |= {secret.owner for secret in intent.catalog.secrets} | {"staging", "prod"}
    return f"'{seen}'" if seen in vocabulary else "another value"


RULES = (
    ResourceRule(
        id="tiers/secret-tags",
        title="A secret's tags agree with the catalogue and the stack",
        severity=Severity.MEDIUM,
        clauses={
            Standard.ISO_27001: ("A.5.9", "A.8.9"),
            Standard.NIST_800_53: ("CM-6",),
            Standard.SOC_2: ("CC7.1",),
        },
        remediation="tags=derive.secret_tags(environment, catalog, secret),",
        types=frozenset({tokens.CONTAINER}),
        check=_check,
    ),
)
