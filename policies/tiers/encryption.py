"""Encryption: a secret is encrypted with the key of its tier, never with a key that AWS manages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from catalog import derive
from catalog.model import Secret
from policies import edge, tokens
from policies.intent import Intent
from policies.rule import Finding, ResourceRule, Severity, StackRule, Standard
from policies.tiers import keys, wiring
from policies.tiers.wiring import Placed
from policies.view import UNKNOWN, Resource, Stack, Unknown, Value

_CLAUSES = {
    Standard.PCI_DSS: ("3.6.1", "8.3.2"),
    Standard.SOC_2: ("CC6.1",),
    Standard.HIPAA: ("164.312(a)(2)(iv)",),
    Standard.GDPR: ("Art.32(1)(a)",),
    Standard.ISO_27001: ("A.8.24",),
    Standard.NIST_800_53: ("SC-12", "SC-28(1)"),
}
_MANAGED_BY_AWS = "alias/aws/"


def _own_key(resource: Resource, intent: Intent) -> Iterator[Finding]:
    entry = wiring.entry_of(resource, intent)
    purpose = derive.key_purpose(entry) if isinstance(entry, Secret) else "tier-…"
    replicas = resource.items("replicas")
    places: dict[str, Value] = {"kmsKeyId": resource.value("kmsKeyId")}
    for index, replica in enumerate(replicas if isinstance(replicas, tuple) else ()):
        places[f"replicas[{index}].kmsKeyId"] = replica.get("kmsKeyId") if isinstance(replica, Mapping) else replica
    for name, value in places.items():
        # A key of this account is not known before it exists; what it leads to is for the stack rule.
        if value is UNKNOWN or (value and isinstance(value, str) and not _managed_by_aws(value)):
            continue
        yield Finding(
            urn=resource.urn,
            property=name,
            seen="a key that AWS manages" if value else "no key, which means the one that AWS manages",
            required=f"the key for {purpose} of this environment",
            fix=f"kms_key_id=keys['{purpose}'].arn,",
            tier=wiring.tier_of(entry),
        )
    if replicas is UNKNOWN or UNKNOWN in (replicas or ()):
        yield Finding(
            urn=resource.urn,
            property="replicas",
            seen="replicas that are not known yet",
            required="a key of its own for every replica",
            fix="replicas=[aws.secretsmanager.SecretReplicaArgs(region=…, kms_key_id=…)],",
            tier=wiring.tier_of(entry),
            undecided=True,
        )


def _tier_key(stack: Stack, intent: Intent) -> Iterator[Finding]:
    by_purpose = keys.by_purpose(stack, intent)
    purposes = {key.urn: purpose for purpose, key in by_purpose.items() if isinstance(key, Resource)}
    for placed in wiring.placed(stack, intent):
        value = placed.resource.value("kmsKeyId")
        if not value or (isinstance(value, str) and _managed_by_aws(value)):
            continue  # the rule on the resource refuses it
        if placed.entry is not None:
            yield from _of_secret(placed, _reached(stack, intent, placed.resource), by_purpose, purposes)


def _of_secret(
    placed: Placed,
    reached: frozenset[str] | Unknown,
    by_purpose: Mapping[str, Resource | Unknown | None],
    purposes: Mapping[str, str],
) -> Iterator[Finding]:
    entry = placed.entry
    purpose = derive.key_purpose(entry) if isinstance(entry, Secret) else None
    expected = by_purpose[purpose] if purpose else UNKNOWN
    if isinstance(expected, Resource) and reached == frozenset({expected.urn}):
        return
    if expected is None:
        return  # the rule on keys refuses the stack for the lack of it
    tiers = {urn for urn, each in purposes.items() if each.startswith("tier-")}
    seen, undecided = "a key that is not in this stack", False
    if reached is UNKNOWN:
        seen, undecided = "a key that is not known yet", True
    elif expected is UNKNOWN and (purpose or reached <= tiers) and reached:
        # The name of the secret or of the alias is not known; a key of no tier would be wrong in any case.
        seen, undecided = "a key of which it is not known yet whether it is the right one", True
    elif reached:
        seen = f"the key for {', '.join(sorted(purposes.get(urn, 'something else') for urn in reached))}"
    yield Finding(
        urn=placed.resource.urn,
        property="kmsKeyId",
        seen=f"{seen} for {placed.label}",
        required=f"the key for {purpose or 'its tier'} of this stack",
        fix=f"kms_key_id=keys['{purpose or 'tier-…'}'].arn,",
        tier=placed.tier,
        undecided=undecided,
    )


def _reached(stack: Stack, intent: Intent, secret: Resource) -> frozenset[str] | Unknown:
    """The URNs of the keys that a secret's `kmsKeyId` leads to, straight or by an alias."""
    found = edge.reached(stack, intent, secret, "kmsKeyId", tokens.KEY)
    aliases = edge.reached(stack, intent, secret, "kmsKeyId", tokens.ALIAS)
    if found is UNKNOWN and aliases is UNKNOWN:
        return UNKNOWN
    urns = set() if found is UNKNOWN else {key.urn for key in found}
    for alias in () if aliases is UNKNOWN else aliases:
        behind = edge.reached(stack, intent, alias, "targetKeyId", tokens.KEY)
        if behind is UNKNOWN:
            return UNKNOWN
        urns |= {key.urn for key in behind}
    return frozenset(urns)


def _managed_by_aws(value: str) -> bool:
    return _MANAGED_BY_AWS in value or value.startswith("aws/")


RULES = (
    ResourceRule(
        id="tiers/secret-customer-key",
        title="A secret is encrypted with a key of this account",
        severity=Severity.HIGH,
        clauses=_CLAUSES,
        remediation="kms_key_id=keys[derive.key_purpose(secret)].arn,",
        types=frozenset({tokens.CONTAINER}),
        check=_own_key,
    ),
    StackRule(
        id="tiers/secret-tier-key",
        title="A secret is encrypted with the key of its tier",
        severity=Severity.HIGH,
        clauses=_CLAUSES,
        remediation="kms_key_id=keys[derive.key_purpose(secret)].arn,",
        check=_tier_key,
    ),
)
