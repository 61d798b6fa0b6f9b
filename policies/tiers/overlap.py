"""Overlap: an old credential works until no consumer has it in its cache any more, with as much time again."""

from __future__ import annotations

from collections.abc import Iterator

from catalog.model import Secret
from policies import tokens
from policies.baseline import setting
from policies.intent import Intent
from policies.rule import Finding, ResourceRule, Severity, Standard
from policies.tiers import wiring
from policies.view import UNKNOWN, Resource

_TAG = "tags.OverlapSeconds"
"""The rotation function reads the tag, so what counts is in the stack and not in the catalogue alone."""


def _long_enough(resource: Resource, intent: Intent) -> Iterator[Finding]:
    entry = wiring.entry_of(resource, intent)
    if entry is None or (isinstance(entry, Secret) and not entry.spec.overlaps):
        return  # nothing of the old credential is left after a rotation, or another rule refuses the secret
    caches = {consumer.name: consumer.cache_seconds for consumer in intent.catalog.consumers}
    readers = entry.consumers if isinstance(entry, Secret) else tuple(caches)
    needed = 2 * max((caches[name] for name in readers), default=0)
    seen = resource.value(_TAG)
    if isinstance(seen, str) and seen.isascii() and seen.isdecimal() and int(seen) >= needed:
        return
    undecided = seen is UNKNOWN or entry is UNKNOWN
    yield Finding(
        urn=resource.urn,
        property=_TAG,
        seen=setting.NOT_KNOWN if seen is UNKNOWN else "a shorter one" if seen else "no overlap",
        required=f"at least {needed} seconds, twice the longest cache of its consumers",
        fix=f"overlap_seconds: {needed}  # under 'rotation' of the secret in catalog/secrets.yaml",
        tier=wiring.tier_of(entry),
        undecided=undecided,
    )


RULES = (
    ResourceRule(
        id="tiers/overlap-outlives-caches",
        title="An old credential works for twice as long as any consumer keeps it",
        severity=Severity.HIGH,
        clauses={
            Standard.PCI_DSS: ("8.6.3",),
            Standard.GDPR: ("Art.32(1)(b)",),
            Standard.ISO_27001: ("A.5.17",),
            Standard.NIST_800_53: ("IA-5",),
        },
        remediation="tags=derive.secret_tags(environment, catalog, secret),",
        types=frozenset({tokens.CONTAINER}),
        check=_long_enough,
    ),
)
